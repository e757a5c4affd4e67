import type { Area } from '../../../core/jurisdiction.ts';
import { type Tables, withinJurisdiction } from '../../../platform/database/database.ts';
import type { AlertRow, AlertTables, Visibility } from '../../desk/tables.ts';
import type { Ladder } from '../../ladder/ladder.ts';
import { TOP } from '../../ladder/levels.ts';
import type { Change, Stage, StageTimer } from './stage.ts';

/** Who is there to take alerts. From memory. */
export interface Manned {
  /** Whether those who have duty at this level for such a place have nobody there; false where nobody has duty. */
  isUnmanned(alert: Pick<AlertRow, 'jurisdiction' | 'police'>, level: number): boolean;
  /** Every desk that has duty and nobody there now. */
  unmanned(): readonly UnmannedDesk[];
}

export interface UnmannedDesk {
  jurisdiction: string;
  police: string | null;
  level: number;
  area: Area;
}

/** Somebody is always there. */
export const ALWAYS_MANNED: Manned = { isUnmanned: () => false, unmanned: () => [] };

/** Begins the key of a timer that is of no time: somebody left a desk. */
export const UNMANNED = 'unmanned';

/** Drills are marked, and told as what is real. */
const TOLD: readonly Visibility[] = ['normal', 'test'];

interface Known {
  /** Alerts that nobody took in time. */
  waited: readonly AlertRow[];
  /** Alerts whose desk was left. */
  left: readonly AlertRow[];
  /** Whether there are more of them than can be told with one transaction. */
  isMore: boolean;
}

/** How an alert stands on the ladder. */
type Rungs = Pick<AlertRow, 'level' | 'climbs_at_ms'>;

const NAME = 'climb';
/**
 * Alerts that come due within it have one timer, ms. Short: 200 alerts a second that nobody takes are some 50 at a
 * time, where those of five seconds held up what opened meanwhile for two seconds.
 */
const STRETCH_MS = 250;
/** Alerts that climb with one transaction; what opens meanwhile waits for it. */
const AT_ONCE = 50;

/**
 * Has the next level told of alerts of the police desk that nobody takes: when the time of the ladder is over, and at
 * once where nobody is on duty. Whoever takes one stops it; where that runs out it waits anew and climbs on from where
 * it is. What is over, held back or hidden does not climb; a drill does, so that this is rehearsed too. The level never
 * falls: who was told once hears how it ends.
 */
export function climb(ladder: Ladder, manned: Manned): Stage<Known> {
  return {
    name: NAME,
    needed: false,
    locks: false,
    read: async (tx, changes, due) => {
      // Others hold the alerts of changes.
      if (due.length === 0 || changes.length > 0) return { waited: [], left: [], isMore: due.length > 0 };
      if (due.some((key) => key.startsWith(UNMANNED))) return await ofLeftDesks(tx, manned);
      return await dueBy(tx, Math.max(...due.map(stretchOf)));
    },
    run: (changes, { nowMs, due, known: { waited, left, isMore } }) => {
      const climbing = { ladder, manned, nowMs };
      const above = ({ severity, level }: AlertRow) => ladder.next(severity, level)?.level ?? Math.min(level + 1, TOP);
      const stood = standing(changes, (alert, was) => rungsOf(alert, was, climbing));
      const told = [
        // Also where the ladder has become shorter since the time was set.
        ...waited.map((alert) => escalated(alert, above(alert), climbing)),
        ...left.map((alert) => escalated(alert, alert.level + 1, climbing)),
      ];
      const moved = [...stood.filter((change, at) => isMoved(change.alert, changes[at]!.alert)), ...told];
      const timers = moved.flatMap(({ alert }) => (alert.climbs_at_ms === null ? [] : [timerAt(alert.climbs_at_ms)]));
      // A timer that is being run cannot be set anew.
      if (isMore) timers.push({ key: again(due), atMs: nowMs });
      return { changes: [...stood, ...told], timers: [...new Map(timers.map((one) => [one.key, one])).values()] };
    },
  };
}

interface Climbing {
  ladder: Ladder;
  manned: Manned;
  nowMs: number;
}

/** Each change with how its alert stands then; what stands as before stays the same. */
function standing(changes: readonly Change[], after: (alert: AlertRow, was: Rungs) => Rungs): Change[] {
  const now = new Map<string, Rungs>();
  return changes.map((change) => {
    const { alert } = change;
    const is = after(alert, now.get(alert.id) ?? alert);
    now.set(alert.id, is);
    return isMoved(is, alert) ? { ...change, alert: { ...alert, ...is } } : change;
  });
}

function isMoved(is: Rungs, was: Rungs): boolean {
  return is.level !== was.level || is.climbs_at_ms !== was.climbs_at_ms;
}

function rungsOf(alert: AlertRow, was: Rungs, climbing: Climbing): Rungs {
  if (!isWaiting(alert)) return { level: was.level, climbs_at_ms: null };
  const { ladder, nowMs } = climbing;
  const level = upFrom(alert, was.level, climbing);
  const next = ladder.next(alert.severity, level);
  if (!next) return { level, climbs_at_ms: null };
  const atMs = nowMs + next.afterMs;
  // One that became graver may be due sooner; that it fires again gives nobody more time.
  const isOnWay = level === was.level && was.climbs_at_ms !== null;
  return { level, climbs_at_ms: isOnWay ? Math.min(was.climbs_at_ms!, atMs) : atMs };
}

/** The level that is told at once: where the ladder asks for no wait, or where nobody is there below. */
function upFrom(alert: AlertRow, from: number, { ladder, manned }: Climbing): number {
  let level = from;
  for (;;) {
    const next = ladder.next(alert.severity, level);
    if (next?.afterMs === 0) level = next.level;
    else if (level < TOP && manned.isUnmanned(alert, level)) level += 1;
    else return level;
  }
}

/** Told to this level, or to a higher one that is told with it. */
function escalated(alert: AlertRow, to: number, climbing: Climbing): Change {
  const { ladder, nowMs } = climbing;
  const up = upFrom(alert, to, climbing);
  const further = ladder.next(alert.severity, up);
  const climbs_at_ms = further ? nowMs + further.afterMs : null;
  const after = { ...alert, level: up, climbs_at_ms, version: alert.version + 1 };
  return { place: null, type: 'alert.escalated', alert: after, actor: 'citywatch', atMs: nowMs, deliveries: [] };
}

/** Whether somebody is to take it and nobody has. */
function isWaiting({ desk, handling, visibility, condition, seen_by }: AlertRow): boolean {
  const isOpen = handling === 'new' && TOLD.includes(visibility) && condition !== 'cleared';
  // Uncertain reads, and what only some may know of, have ways of their own.
  return isOpen && desk === 'police' && seen_by === null;
}

function timerAt(atMs: number): StageTimer {
  const stretch = Math.ceil(atMs / STRETCH_MS) * STRETCH_MS;
  return { key: `${stretch} 0`, atMs: stretch };
}

function stretchOf(key: string): number {
  return Number(key.split(' ')[0]);
}

/** The key of the next round of a timer that is too much for one. */
function again([key = '']: readonly string[]): string {
  const [of, round] = key.split(' ');
  return `${of} ${Number(round) + 1}`;
}

/** Alerts of desks that were left, at the level of each; another desk of that level may be there for some of them. */
async function ofLeftDesks(tx: Tables, manned: Manned): Promise<Known> {
  const ids: string[] = [];
  let isMore = false;
  for (const { level, area } of manned.unmanned().filter((desk) => desk.level < TOP)) {
    const ofDesk = withinJurisdiction(waiting(tx).where('level', '=', level), 'jurisdiction', area, 'police');
    const rows = await ofDesk.select(['id', 'jurisdiction', 'police']).orderBy('id').limit(AT_ONCE).execute();
    const own = rows.filter((alert) => manned.isUnmanned(alert, level));
    ids.push(...own.map(({ id }) => id));
    isMore ||= rows.length === AT_ONCE && own.length > 0;
  }
  if (ids.length === 0) return { waited: [], left: [], isMore: false };
  const left = await waiting(tx).selectAll().where('id', 'in', ids).orderBy('id').forUpdate().execute();
  const still = left.filter((alert) => manned.isUnmanned(alert, alert.level));
  return { waited: [], left: still, isMore: isMore || still.length < ids.length };
}

/** Those that are due by then and {@link isWaiting}. Locked by id, as all do who write several. */
async function dueBy(tx: Tables, atMs: number): Promise<Known> {
  const due = waiting(tx).where('climbs_at_ms', '<=', atMs);
  const some = await due.select('id').orderBy('climbs_at_ms').limit(AT_ONCE).execute();
  if (some.length === 0) return { waited: [], left: [], isMore: false };
  const ids = some.map(({ id }) => id);
  // Asked once more of what is locked: another timer may have had it climb meanwhile; behind it there may be others.
  const waited = await due.selectAll().where('id', 'in', ids).orderBy('id').forUpdate().execute();
  return { waited, left: [], isMore: ids.length === AT_ONCE || waited.length < ids.length };
}

function waiting(tx: Tables) {
  return tx
    .tables<AlertTables>()
    .selectFrom('alert')
    .where('desk', '=', 'police')
    .where('handling', '=', 'new')
    .where('visibility', 'in', TOLD)
    .where('condition', '!=', 'cleared')
    .where('seen_by', 'is', null);
}
