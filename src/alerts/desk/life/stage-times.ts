import { toRfc3339 } from '../../../core/clock.ts';
import type { Caller } from '../../../core/types.ts';
import { type Database, sql } from '../../../platform/database/database.ts';
import type { AlertRow } from '../tables.ts';

/** When an alert reached each stage, in order; null for what it has not reached, or nobody could say. */
export interface StageTimes {
  /** By the clock of the device. */
  event: string | null;
  received: string;
  decided: string;
  /** Its opening was written. */
  committed: string;
  /** The first receiver had taken it. */
  sent: string | null;
  acked: string | null;
  dispatched: string | null;
  arrived: string | null;
  closed: string | null;
}

interface Found {
  opened: number | null;
  acked: number | null;
  dispatched: number | null;
  arrived: number | null;
  closed: number | null;
  sent: number | null;
}

/** Entries that may have been the first that anybody was told. */
const FIRST_ENTRIES = 20;

/**
 * When each stage of an alert was reached first, and closed last: by its log, so that an acknowledgement that ran out
 * counts. Errors: `not-found`.
 */
export async function stageTimes(
  { database, queries }: { database: Database; queries: { row(caller: Caller, id: string): Promise<AlertRow> } },
  caller: Caller,
  id: string,
): Promise<StageTimes> {
  const alert = await queries.row(caller, id);
  // The id of a delivery is made of its entry and its subscription: each is one look at the primary key.
  const { rows } = await sql<Found>`
    select min(at_ms) filter (where type = 'alert.opened') as opened,
      min(at_ms) filter (where type = 'alert.acked') as acked,
      min(at_ms) filter (where type = 'alert.dispatched') as dispatched,
      min(at_ms) filter (where type = 'alert.on_scene') as arrived,
      max(at_ms) filter (where type = 'alert.closed') as closed,
      least((select at_ms from alert_sent where alert_id = ${id}::uuid), (
        select min(settled_at_ms) from (
          select id from alert_event where alert_id = ${id}::uuid order by seq limit ${FIRST_ENTRIES}
        ) as first cross join subscription
        join delivery on delivery.id = 'msg_' || first.id || '_' || subscription.id and delivery.state = 'delivered'
      )) as sent
    from alert_event where alert_id = ${id}::uuid`.execute(database.tables());
  const { opened = null, sent = null, acked = null, dispatched = null, arrived = null, closed = null } = rows[0] ?? {};
  return {
    event: time(alert.device_at_ms),
    received: toRfc3339(alert.received_at_ms),
    decided: toRfc3339(alert.decided_at_ms),
    committed: toRfc3339(opened ?? alert.committed_at_ms),
    sent: time(sent),
    acked: time(acked),
    dispatched: time(dispatched),
    arrived: time(arrived),
    closed: alert.handling === 'closed' ? time(closed) : null,
  };
}

function time(atMs: number | null): string | null {
  return atMs === null ? null : toRfc3339(atMs);
}
