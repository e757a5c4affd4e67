import { type Clock, DAY_MS } from '../../../core/clock.ts';
import type { DeviceId } from '../../../core/types.ts';
import { sql, type Tables } from '../../../platform/database/database.ts';
import { enqueueWork } from '../../../platform/work/work.ts';
import type { EventType } from '../../desk/alert.ts';
import { STAGE_QUEUE } from '../../desk/queues.ts';
import type { AlertRow, AlertTables, Visibility } from '../../desk/tables.ts';
import { isWatchlistHit } from '../../rules/conditions/event.ts';
import { deviceIn } from '../../rules/conditions/subject.ts';
import type { Change, Stage } from './stage.ts';

/** What the stage asks of the registry. */
export interface Maintained {
  /** The device that is in maintenance: this one, or the nearest above it; null where there is none. From memory. */
  above(device: DeviceId): DeviceId | null;
}

interface Known {
  /** Subjects whose alerts are held back, among those of the changes. */
  held: ReadonlySet<string>;
  /** Alerts that are held back and need not be any more. */
  free: readonly AlertRow[];
  /** Whether some stay held back, or could not be let go at once. */
  left: 'none' | 'held' | 'free';
}

const NAME = 'maintenance';
/** From one look at what is held back to the next: finds what ended without a word, as by hand in the database. */
const LOOK_MS = 10_000;
/** Alerts that are let go with one transaction. */
const FREE_AT_ONCE = 200;
/** No maintenance lasts longer: what is held back and ended before that needs no look. */
const LONGEST_MS = 8 * DAY_MS;

/**
 * Holds back what is told of a device in maintenance, or of one below it: alerts that open or fire again become
 * `silenced`, which the fan-out counts as withheld. Extreme ones and hits on a watchlist are told all the same. When
 * the maintenance is over, what still fires is told as an update, and so is how an alert stands that was known before.
 */
export function maintenance(maintained: Maintained): Stage<Known> {
  return {
    name: NAME,
    needed: false,
    locks: false,
    read: async (tx, changes, due) => {
      const subjects = new Set(changes.map(({ alert }) => alert.device));
      const held = new Set([...subjects].filter((subject) => isHeld(maintained, subject)));
      if (due.length === 0) return { held, free: [], left: 'none' };
      return { held, ...(await looked(tx, maintained, changes.length === 0)) };
    },
    run: (changes, { known, nowMs }) => {
      const told = shown(changes, known.held);
      const isHolding = known.left === 'held' || told.some(({ alert }) => alert.visibility === 'silenced');
      return {
        changes: [...told, ...known.free.map((alert) => released(alert, nowMs))],
        timers: [...(isHolding ? [lookAt(nowMs + LOOK_MS)] : []), ...(known.left === 'free' ? [lookAt(nowMs)] : [])],
      };
    },
  };
}

/** Has what is held back looked at again, once the transaction is committed. */
export async function lookAtWithheld(tx: Tables, clock: Clock): Promise<void> {
  await enqueueWork(tx, clock, [{ queue: STAGE_QUEUE, key: `${NAME} now` }]);
}

/** How many alerts of these devices are held back that fired since then. */
export async function countWithheld(tx: Tables, devices: readonly DeviceId[], sinceMs: number): Promise<number> {
  const row = await tx
    .tables<AlertTables>()
    .selectFrom('alert')
    .select(sql<number>`count(*)`.as('count'))
    .where('visibility', '=', 'silenced')
    .where(sql<boolean>`device = any (${devices}::text[])`)
    .where('last_at_ms', '>=', sinceMs)
    .executeTakeFirstOrThrow();
  return Number(row.count);
}

/** One key for each stretch of time: a timer that is being run cannot be set anew. */
function lookAt(atMs: number): { key: string; atMs: number } {
  const stretch = Math.ceil(atMs / LOOK_MS);
  return { key: `look ${stretch}`, atMs };
}

function isHeld(maintained: Maintained, subject: string): boolean {
  const device = deviceIn(subject);
  return device !== null && maintained.above(device) !== null;
}

/** The changes with the visibility that their alerts have after them. */
function shown(changes: readonly Change[], held: ReadonlySet<string>): Change[] {
  const now = new Map<string, Visibility>();
  return changes.map((change) => {
    const { alert, type } = change;
    let visibility = now.get(alert.id) ?? alert.visibility;
    // What people do and how it ends is told wherever the alert was.
    if (type === 'alert.opened' || type === 'alert.updated') {
      const isQuiet = held.has(alert.device) && alert.severity !== 'extreme' && !isWatchlistHit(alert.data);
      if (isQuiet) visibility = 'silenced';
      else if (visibility === 'silenced') visibility = 'normal';
    }
    now.set(alert.id, visibility);
    return visibility === alert.visibility ? change : { ...change, alert: { ...alert, visibility } };
  });
}

const TOLD_AS: Record<AlertRow['condition'], EventType> = {
  active: 'alert.updated',
  recovering: 'alert.updated',
  cleared: 'alert.cleared',
  stale: 'alert.stale',
};

function released(alert: AlertRow, nowMs: number): Change {
  const now = { ...alert, visibility: 'normal', version: alert.version + 1 } as const;
  return { place: null, type: TOLD_AS[alert.condition], alert: now, actor: 'citywatch', atMs: nowMs, deliveries: [] };
}

/** What is held back and whose maintenance is over; locked, because it will be changed. */
async function looked(tx: Tables, maintained: Maintained, mayLock: boolean): Promise<Pick<Known, 'free' | 'left'>> {
  const db = tx.tables<AlertTables>();
  const since = sql<number>`(extract(epoch from clock_timestamp()) * 1000)::bigint - ${LONGEST_MS}::bigint`;
  const held = await db
    .selectFrom('alert')
    .select(['id', 'device'])
    .where('visibility', '=', 'silenced')
    .where('handling', '!=', 'closed')
    .where((where) =>
      where.or([
        where('condition', 'in', ['active', 'recovering']),
        // It ended, and was told of before it was held back.
        where.and([
          where('last_at_ms', '>=', since),
          sql<boolean>`exists (select from alert_event where alert_id = alert.id
            and body -> 'alert' ->> 'visibility' = 'normal')`,
        ]),
      ]),
    )
    .orderBy('id')
    .execute();
  const over = held.filter(({ device }) => !isHeld(maintained, device)).map(({ id }) => id);
  const some = mayLock ? over.slice(0, FREE_AT_ONCE) : [];
  const free = some.length > 0 ? await locked(tx, some) : [];
  if (over.length > some.length) return { free, left: 'free' };
  return { free, left: held.length > over.length ? 'held' : 'none' };
}

function locked(tx: Tables, ids: readonly string[]): Promise<AlertRow[]> {
  return tx
    .tables<AlertTables>()
    .selectFrom('alert')
    .selectAll()
    .where('id', 'in', ids)
    .where('visibility', '=', 'silenced')
    .where('handling', '!=', 'closed')
    .orderBy('id')
    .forUpdate()
    .execute();
}
