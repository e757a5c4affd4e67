import { systemCaller } from '../../core/callers/system-caller.ts';
import { DAY_MS, toRfc3339 } from '../../core/clock.ts';
import { NATIONWIDE } from '../../core/jurisdiction.ts';
import type { Caller } from '../../core/types.ts';
import { BlobRefusal, type Blobs } from '../../platform/blobs/blobs.ts';
import { type Database, sql, type Tables } from '../../platform/database/database.ts';
import type { Ownership } from '../../platform/database/ownership.ts';
import { recordAudit } from '../../platform/records/audit.ts';
import { raiseFloor } from '../desk/log/floor.ts';
import type { AlertRow } from '../desk/tables.ts';
import { forgetPins } from '../evidence/bundles/pins.ts';
import { pictureKey } from '../evidence/picture-key.ts';
import { type AlertClass, CLASSES } from '../rules/classes.ts';
import { type GoneEntry, hashOfGone } from './removal.ts';
import type { KeepingTables } from './tables.ts';

export interface AlertKeepingDeps {
  database: Database;
  ownership: Pick<Ownership, 'transaction'>;
  /** Where the pictures of alerts are. */
  pictures: Pick<Blobs, 'delete'>;
  /** How long closed alerts of each class are kept, in days. */
  keepDays: Readonly<Record<AlertClass, number>>;
  /** Told behind the commit: entries of the log up to this one may be missing. */
  forgotten(seq: number): void;
}

/** Alerts of one transaction: their ids have to fit into a row of the audit trail. */
const ALERTS_AT_ONCE = 200;
/** Transactions of one call and class: a stop waits for them. */
const BATCHES_MAX = 25;
const ROWS_AT_ONCE = 5_000;
const PICTURES_AT_ONCE = 500;
/** How what was done with many alerts at once came out. */
const BULKS_KEEP_MS = 30 * DAY_MS;

const ITSELF: Caller = systemCaller({ id: 'alerts', name: 'housekeeping', role: 'administrator' });

/**
 * Removes closed alerts that were kept as long as their class asks for, with their log, deliveries and pictures. What
 * goes is in the audit trail: which alerts, how many, and a hash of all of it. An alert stays as long as its incident
 * is open, something was said of it within that time, a receiver that was not removed waits for it, or a bundle of it
 * is being made or kept. Rows go in one
 * transaction with their proof; files go behind it, and who is killed in between finds by `alert_gone_picture` which
 * are left.
 */
export class AlertKeeping {
  readonly #deps: AlertKeepingDeps;

  constructor(deps: AlertKeepingDeps) {
    this.#deps = deps;
  }

  /** What goes is gone, so `nowMs` is the time that is believed (`core/mechanisms/believed-time.ts`). */
  async prune(nowMs: number): Promise<void> {
    const { keepDays } = this.#deps;
    for (const of of CLASSES) {
      const keptFromMs = nowMs - keepDays[of] * DAY_MS;
      for (let batch = 0; batch < BATCHES_MAX; batch += 1) {
        if ((await this.#some(of, { keptFromMs, nowMs })) < ALERTS_AT_ONCE) break;
      }
    }
    const longestMs = nowMs - Math.max(...Object.values(keepDays)) * DAY_MS;
    await this.#beside({ longestMs, nowMs });
    await this.#deps.ownership.transaction(this.#deps.database, 'that old pins are gone', (tx) =>
      forgetPins(tx, nowMs),
    );
    await this.#pictures();
  }

  /** Removes some of a class; resolves with how many. */
  async #some(of: AlertClass, { keptFromMs, nowMs }: { keptFromMs: number; nowMs: number }): Promise<number> {
    const { database, ownership, forgotten } = this.#deps;
    const { count, seq } = await ownership.transaction(database, 'that old alerts are gone', async (tx) => {
      const alerts = await old(tx, of, { keptFromMs, nowMs });
      if (alerts.length === 0) return { count: 0, seq: 0 };
      const ids = alerts.map(({ id }) => id);
      const entries = await entriesOf(tx, ids);
      await remove(tx, alerts);
      const last = entries.reduce((most, { seq }) => Math.max(most, seq), 0);
      await raiseFloor(tx, last);
      await recordAudit(tx, {
        caller: ITSELF,
        action: 'alerts.prune',
        subject: `alerts/${of}`,
        jurisdiction: NATIONWIDE,
        after: {
          class: of,
          keptFrom: toRfc3339(keptFromMs),
          alerts: ids.length,
          entries: entries.length,
          sha256: hashOfGone(alerts, entries),
          list: ids,
        },
        atMs: nowMs,
      });
      return { count: ids.length, seq: last };
    });
    if (count > 0) forgotten(seq);
    return count;
  }

  /** What is of no use without alerts of its time: closed incidents, silences that ended, and what was done at once. */
  async #beside({ longestMs, nowMs }: { longestMs: number; nowMs: number }): Promise<void> {
    const { database, ownership } = this.#deps;
    await ownership.transaction(database, 'that old incidents and silences are gone', async (tx) => {
      const tables = tx.tables<KeepingTables>();
      const empty = await sql<{ id: string }>`select id from incident where state = 'closed'
        and closed_at_ms < ${longestMs} and not exists (select from alert where incident = incident.id)
        order by closed_at_ms limit ${ROWS_AT_ONCE}`.execute(tables);
      const incidents = empty.rows.map(({ id }) => id);
      await sql`delete from incident_entry where incident_id = any (${incidents}::uuid[])`.execute(tables);
      await sql`delete from incident where id = any (${incidents}::uuid[])`.execute(tables);
      await sql`delete from silence where id in (select id from silence where state = 'ended'
        and ended_at_ms < ${longestMs} limit ${ROWS_AT_ONCE})`.execute(tables);
      await sql`delete from alert_bulk where id in (select id from alert_bulk where state = 'done'
        and ended_at_ms < ${nowMs - BULKS_KEEP_MS} limit ${ROWS_AT_ONCE})`.execute(tables);
    });
  }

  /** Files of alerts that are gone; where their disk is away they wait for the next call. */
  async #pictures(): Promise<void> {
    const { database, ownership, pictures } = this.#deps;
    const gone = database
      .tables<KeepingTables>()
      .selectFrom('alert_gone_picture')
      .select('key')
      .limit(PICTURES_AT_ONCE);
    for (let left = PICTURES_AT_ONCE; left === PICTURES_AT_ONCE; ) {
      const keys = (await gone.execute()).map(({ key }) => key);
      left = keys.length;
      if (left === 0) return;
      try {
        for (const key of keys) await pictures.delete(key);
      } catch (error) {
        if (error instanceof BlobRefusal) return;
        throw error;
      }
      await ownership.transaction(database, 'that pictures are gone', (tx) =>
        tx.tables<KeepingTables>().deleteFrom('alert_gone_picture').where('key', 'in', keys).execute(),
      );
    }
  }
}

/** The oldest closed alerts of a class that nobody needs any more. */
async function old(
  tx: Tables,
  of: AlertClass,
  { keptFromMs, nowMs }: { keptFromMs: number; nowMs: number },
): Promise<AlertRow[]> {
  const { rows } = await sql<AlertRow>`
    select alert.* from alert where handling = 'closed' and class = ${of} and closed_at_ms < ${keptFromMs}
      and not exists (select from alert_event said where said.alert_id = alert.id and said.at_ms >= ${keptFromMs})
      and not exists (select from incident where incident.id = alert.incident and incident.state = 'open')
      and not exists (select from delivery join subscription on subscription.id = delivery.subscription_id
        where delivery.alert_id = alert.id and delivery.state = 'waiting' and subscription.state <> 'removed')
      and not exists (select from alert_pin pin where pin.alert_id = alert.id and pin.until_ms >= ${Math.floor(nowMs)})
    order by closed_at_ms limit ${ALERTS_AT_ONCE} for update of alert`.execute(tx.tables());
  return rows;
}

async function entriesOf(tx: Tables, ids: readonly string[]): Promise<(GoneEntry & { seq: number })[]> {
  const { rows } = await sql<GoneEntry & { seq: number }>`select alert_id, seq, body from alert_event
    where alert_id = any (${[...ids]}::uuid[]) order by seq`.execute(tx.tables());
  return rows;
}

/** The alert goes first: the log lets go of entries only that have none any more. */
async function remove(tx: Tables, alerts: readonly AlertRow[]): Promise<void> {
  const tables = tx.tables<KeepingTables>();
  const ids = alerts.map(({ id }) => id);
  const keys = alerts.flatMap(({ id, evidence }) =>
    evidence.filter(({ type }) => type === 'picture').map((picture) => pictureKey(id, picture.id)),
  );
  if (keys.length > 0) {
    const rows = keys.map((key) => ({ key }));
    await tables.insertInto('alert_gone_picture').values(rows).execute();
  }
  await sql`delete from alert where id = any (${ids}::uuid[])`.execute(tables);
  await sql`delete from alert_event where alert_id = any (${ids}::uuid[])`.execute(tables);
  await sql`delete from delivery where alert_id = any (${ids}::uuid[])`.execute(tables);
  await sql`delete from alert_sent where alert_id = any (${ids}::uuid[])`.execute(tables);
}
