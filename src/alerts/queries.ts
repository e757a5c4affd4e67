import { CitywatchError } from '../core/errors.ts';
import type { Caller } from '../core/types.ts';
import { type Database, sql, withinJurisdiction } from '../platform/database.ts';
import { type AlertView, showAlert } from './alert.ts';
import type { LogEntry } from './log.ts';
import type { AlertRow, AlertTables } from './tables.ts';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** Text that is no id of ours names nothing: the same answer as for an id that is not there. */
export function requireUuid(id: string): string {
  if (!UUID.test(id)) throw new CitywatchError('not-found');
  return id;
}

/** Longer than the journal keeps messages: a finding that is judged again must meet the row that says it was. */
const FINDINGS_KEEP_MS = 30 * 24 * 3_600_000;
/** Who was told what can be looked up this long; the log of alerts itself is kept. */
const DELIVERIES_KEEP_MS = 30 * 24 * 3_600_000;
const PRUNE_ROWS_MAX = 10_000;

export interface AlertFilter {
  handling?: AlertRow['handling'];
  condition?: AlertRow['condition'];
  severity?: string;
  rule?: string;
  device?: string;
  limit: number;
  /** Where the previous page ended. */
  after?: { firstAtMs: number; id: string };
}

export interface LogCursor {
  epoch: string;
  seq: number;
}

/** Reads of alerts and their log; every one is limited to the caller's jurisdiction. */
export class AlertQueries {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async get(caller: Caller, id: string): Promise<AlertView> {
    return showAlert(await this.row(caller, id));
  }

  async row(caller: Caller, id: string): Promise<AlertRow> {
    const query = this.#alerts().selectAll().where('id', '=', requireUuid(id));
    const row = await withinJurisdiction(query, 'jurisdiction', caller.jurisdiction).executeTakeFirst();
    if (!row) throw new CitywatchError('not-found');
    return row;
  }

  /** Newest first. */
  async list(caller: Caller, filter: AlertFilter): Promise<{ items: AlertView[]; next: AlertFilter['after'] | null }> {
    let query = withinJurisdiction(this.#alerts().selectAll(), 'jurisdiction', caller.jurisdiction);
    if (filter.handling) query = query.where('handling', '=', filter.handling);
    if (filter.condition) query = query.where('condition', '=', filter.condition);
    if (filter.severity) query = query.where('severity', '=', filter.severity);
    if (filter.rule) query = query.where('rule', '=', filter.rule);
    if (filter.device) query = query.where('device', '=', filter.device);
    if (filter.after) {
      const { firstAtMs, id } = filter.after;
      query = query.where(sql<boolean>`(first_at_ms, id) < (${firstAtMs}::bigint, ${id}::uuid)`);
    }
    const rows = await query
      .orderBy('first_at_ms', 'desc')
      .orderBy('id', 'desc')
      .limit(filter.limit + 1)
      .execute();
    const items = rows.slice(0, filter.limit);
    const last = items.at(-1);
    const next = rows.length > filter.limit && last ? { firstAtMs: last.first_at_ms, id: last.id } : null;
    return { items: items.map(showAlert), next };
  }

  /** How many alerts are not closed, by severity. */
  async openCounts(caller: Caller): Promise<Record<string, number>> {
    const query = this.#alerts()
      .select(['severity', sql<number>`count(*)`.as('count')])
      .where('handling', '!=', 'closed')
      .groupBy('severity');
    const rows = await withinJurisdiction(query, 'jurisdiction', caller.jurisdiction).execute();
    return Object.fromEntries(rows.map(({ severity, count }) => [severity, count]));
  }

  async head(): Promise<LogCursor> {
    return await this.#database
      .tables<AlertTables>()
      .selectFrom('alert_log_head')
      .select(['epoch', 'seq'])
      .executeTakeFirstOrThrow();
  }

  /** Log entries after `seq` in commit order, only the caller's, and where to go on: also past entries of others. */
  async events(caller: Caller, seq: number, limit: number): Promise<{ entries: LogEntry[]; seq: number }> {
    const query = this.#database
      .tables<AlertTables>()
      .selectFrom('alert_event')
      .selectAll()
      .where('seq', '>', seq)
      .orderBy('seq')
      .limit(limit);
    const head = await this.head();
    const rows = await withinJurisdiction(query, 'jurisdiction', caller.jurisdiction).execute();
    const entries = rows.map(toEntry);
    const last = entries.at(-1)?.seq ?? seq;
    return { entries, seq: entries.length < limit ? Math.max(last, head.seq) : last };
  }

  /** Removes findings that became part of an alert long ago; the alert and its log keep what they said. */
  async pruneFindings(nowMs: number): Promise<void> {
    const old = this.#database
      .tables<AlertTables>()
      .selectFrom('finding')
      .select('id')
      .where('handled_at_ms', '<', nowMs - FINDINGS_KEEP_MS)
      .limit(PRUNE_ROWS_MAX);
    await this.#database.tables<AlertTables>().deleteFrom('finding').where('id', 'in', old).execute();
  }

  /** Removes deliveries that were made or withheld long ago, 10,000 at most; dead letters and what waits stay. */
  async pruneDeliveries(nowMs: number): Promise<void> {
    const old = this.#database
      .tables<AlertTables>()
      .selectFrom('delivery')
      .select('webhook_id')
      .where('state', 'in', ['delivered', 'withheld'])
      .where('settled_at_ms', '<', nowMs - DELIVERIES_KEEP_MS)
      .limit(PRUNE_ROWS_MAX);
    await this.#database.tables<AlertTables>().deleteFrom('delivery').where('webhook_id', 'in', old).execute();
  }

  #alerts() {
    return this.#database.tables<AlertTables>().selectFrom('alert');
  }
}

type EventRow = {
  seq: number;
  id: string;
  alert_id: string;
  type: string;
  at_ms: number;
  actor: string;
  jurisdiction: string;
  severity: string;
  body: Record<string, unknown>;
};

export function toEntry(row: EventRow): LogEntry {
  const { alert_id: alertId, at_ms: atMs, type, ...rest } = row;
  return { ...rest, alertId, atMs, type: type as LogEntry['type'] };
}
