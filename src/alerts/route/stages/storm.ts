import { MINUTE_MS } from '../../../core/clock.ts';
import { sql, type Tables } from '../../../platform/database/database.ts';
import type { AlertRow, AlertTables } from '../../desk/tables.ts';
import { isWatchlistHit } from '../../rules/conditions/event.ts';
import type { Change, Stage, StageTimer } from './stage.ts';
import { endTimer, overAmong } from './storm-end.ts';

/** So many alerts that are alike ({@link keyOf}) are told one by one within {@link WINDOW_MS}. */
export const ONE_BY_ONE = 10;
const WINDOW_MS = MINUTE_MS;
/** From one count of a storm that is told to the next. */
const TELL_MS = 30_000;
/** Kinds of alike alerts that are counted; where there are more, those that were quiet longest are forgotten. */
const COUNTED_MAX = 10_000;

interface Storm {
  /** How many more may be told one by one. */
  left: number;
  /** Id of the open alert that stands for the others; null where there is none yet. */
  leader: string | null;
}

interface Known {
  /** Of those of which something opens now, by {@link keyOf}. */
  storms: ReadonlyMap<string, Storm>;
  /** Those whose count has changed since it was told, with how many they stand for by now. */
  grown: readonly { alert: AlertRow; count: number }[];
  /** Keys of pictures that came now of which a storm is under way. */
  raging: ReadonlySet<string>;
  /** Alerts that stand no longer for what was made a part of them while they were ended. */
  over: readonly string[];
}

/** Of each {@link keyOf} the keys of alerts that opened last, and when; as many as are told one by one. */
type Openings = Map<string, Map<string, number>>;

const NAME = 'storm';

/**
 * Where alerts of one rule open in one area faster than anybody reads, the next one stands for all that follow:
 * those are shown and counted as parts of it (`storm`), and nobody is told of each. How many they are is told with the
 * one that stands for them. Severe and extreme alerts, and hits of watchlists, are always told; so is a part that
 * becomes grave. Pictures of those that were told before it are not told while it lasts. What other stages let go and
 * nobody was told of counts as opened then. One that is hidden, by whomever, stands for nobody: its storm is over.
 */
export function storm(): Stage<Known> {
  const openings: Openings = new Map();
  return {
    name: NAME,
    needed: false,
    locks: false,
    read: async (tx, changes, due) => {
      const storms = new Map<string, Storm>();
      for (const [key, opening] of openingsOf(changes)) {
        const left = slotsOf(openings, key, { opening, nowMs: Math.max(...changes.map(({ atMs }) => atMs)) });
        storms.set(key, { left, leader: left < opening.length ? await leaderOf(tx, key) : null });
      }
      // Others hold the alerts of changes.
      const raging = await ragingAmong(tx, changes, openings);
      if (changes.length > 0 || due.length === 0) return { storms, grown: [], raging, over: [] };
      const leaders = due.map(leaderOfTimer);
      return { storms, grown: await grownOf(tx, leaders), raging, over: await overAmong(tx, leaders) };
    },
    run: (changes, { nowMs, known: { storms, grown, raging, over } }) => {
      const stood = parted(changes, storms).map((change) => (isPictureIn(raging, change) ? quiet(change) : change));
      const parts = stood.flatMap(({ alert }, at) =>
        alert.storm !== changes[at]!.alert.storm ? (alert.storm ?? []) : [],
      );
      const told = grown.map(({ alert, count }) => counted(alert, count, nowMs));
      const timers = [...new Set(parts)].map((leader) => timerOf(leader, nowMs));
      const left = changes.filter(({ alert }) => isHiddenLeader(alert)).map(({ alert }) => alert.id);
      const ends = [...new Set([...over, ...left])].map((leader) => endTimer(leader, nowMs));
      return { changes: [...stood, ...told], timers: [...timers, ...ends] };
    },
  };
}

/** Keys of alerts that open and may be parts of a storm, by {@link keyOf}. */
function openingsOf(changes: readonly Change[]): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const change of changes) {
    const { alert } = change;
    if (!isNews(change)) continue;
    found.set(keyOf(alert), [...(found.get(keyOf(alert)) ?? []), alert.dedup_key]);
  }
  return found;
}

/** By {@link keyOf}, of which pictures came; what has opened lately is known without asking. */
async function ragingAmong(tx: Tables, changes: readonly Change[], openings: Openings): Promise<ReadonlySet<string>> {
  const pictures = changes.filter(({ type, alert }) => type === 'alert.evidence' && mayBePart(alert));
  const keys = new Set(pictures.map(({ alert }) => keyOf(alert)));
  const raging = new Set<string>();
  for (const key of keys) {
    if ((openings.get(key)?.size ?? 0) >= ONE_BY_ONE && (await leaderOf(tx, key)) !== null) raging.add(key);
  }
  return raging;
}

function isPictureIn(raging: ReadonlySet<string>, { type, alert }: Change): boolean {
  return type === 'alert.evidence' && mayBePart(alert) && raging.has(keyOf(alert));
}

function quiet(change: Change): Change {
  return { ...change, isQuiet: true };
}

/**
 * How many of these may be told one by one. They are counted by their keys: where what was read has changed they come
 * once more, and are still the same.
 */
function slotsOf(openings: Openings, key: string, { opening, nowMs }: { opening: readonly string[]; nowMs: number }) {
  const before = [...(openings.get(key) ?? [])].filter(([, atMs]) => nowMs - atMs < WINDOW_MS && atMs <= nowMs);
  const others = before.filter(([one]) => !opening.includes(one));
  const all = [...others, ...opening.map((one) => [one, nowMs] as const)];
  openings.delete(key);
  openings.set(key, new Map(all.slice(-ONE_BY_ONE)));
  const [oldest] = openings.keys();
  if (openings.size > COUNTED_MAX && oldest !== undefined) openings.delete(oldest);
  return Math.max(0, ONE_BY_ONE - others.length);
}

/** Each change with what its alert is a part of. */
function parted(changes: readonly Change[], storms: ReadonlyMap<string, Storm>): Change[] {
  const now = new Map([...storms].map(([key, one]) => [key, { ...one }]));
  const parts = new Map<string, Pick<AlertRow, 'storm' | 'storm_count' | 'visibility'>>();
  return changes.map((change) => {
    const { alert } = change;
    const known = parts.get(alert.id);
    const is = known ?? (isNews(change) ? placeIn(now.get(keyOf(alert)), alert.id) : null);
    const after = alone(withGrave(is ? { ...alert, ...is } : alert));
    if (after === alert) return change;
    const { storm: leader, storm_count, visibility } = after;
    parts.set(alert.id, { storm: leader, storm_count, visibility });
    return { ...change, alert: after };
  });
}

/** Told by itself, the one that stands for the others, or a part. */
function placeIn(of: Storm | undefined, id: string): Pick<AlertRow, 'storm' | 'storm_count' | 'visibility'> | null {
  if (!of) return null;
  if (of.left > 0) {
    of.left -= 1;
    return null;
  }
  if (of.leader !== null) return { storm: of.leader, storm_count: 0, visibility: 'inhibited' };
  of.leader = id;
  return { storm: null, storm_count: 1, visibility: 'normal' };
}

/** A part that became grave is told like any other. */
function withGrave(alert: AlertRow): AlertRow {
  if (alert.storm == null || !isGrave(alert)) return alert;
  return { ...alert, storm: null, visibility: alert.visibility === 'inhibited' ? 'normal' : alert.visibility };
}

/** Nobody would find those behind one that is hidden. */
function alone(alert: AlertRow): AlertRow {
  return isHiddenLeader(alert) ? { ...alert, storm_count: 0 } : alert;
}

function isHiddenLeader({ storm_count, visibility }: AlertRow): boolean {
  return storm_count > 0 && visibility !== 'normal';
}

/** Whether it would be the first that anybody hears of an alert which may be a part, and which nobody has taken. */
function isNews({ type, alert, isFirst }: Change): boolean {
  return (type === 'alert.opened' || (isFirst === true && alert.handling === 'new')) && mayBePart(alert);
}

function mayBePart(alert: AlertRow): boolean {
  return alert.visibility === 'normal' && alert.seen_by == null && !isGrave(alert);
}

function isGrave({ severity, data }: AlertRow): boolean {
  return severity === 'extreme' || severity === 'severe' || isWatchlistHit(data);
}

/**
 * Whoever is told of one of these is told of all: by its area, agency, departments and severity. Else somebody would
 * hear neither of a part, which is theirs, nor of the one that stands for it, which is not.
 */
function keyOf({ rule, severity, jurisdiction, police, departments }: AlertRow): string {
  return JSON.stringify([rule, severity, jurisdiction, police, departments ?? []]);
}

/** One timer for each stretch of time: one that is being run cannot be set anew. */
function timerOf(leader: string, nowMs: number): StageTimer {
  const stretch = Math.floor(nowMs / TELL_MS + 1) * TELL_MS;
  return { key: `${leader} ${stretch}`, atMs: stretch };
}

function leaderOfTimer(key: string): string {
  return key.split(' ')[0]!;
}

type StormKey = [rule: string, severity: string, jurisdiction: string, police: string | null, departments: string[]];

/** The open alert that stands for others like these. */
async function leaderOf(tx: Tables, key: string): Promise<string | null> {
  const [rule, severity, jurisdiction, police, departments] = JSON.parse(key) as StormKey;
  const row = await tx
    .tables<AlertTables>()
    .selectFrom('alert')
    .select('id')
    .where('rule', '=', rule)
    .where('severity', '=', severity)
    .where('jurisdiction', '=', jurisdiction)
    .where('police', 'is not distinct from', police)
    .where(sql<boolean>`coalesce(departments, '{}') = ${departments}::text[]`)
    .where('storm_count', '>', 0)
    .where('handling', '!=', 'closed')
    // Behind one that somebody hides nobody would hear of more.
    .where('visibility', '=', 'normal')
    .orderBy('first_at_ms', 'desc')
    .limit(1)
    .executeTakeFirst();
  return row?.id ?? null;
}

/** How many each of these stands for by now, where it stands for more than was told; locked, because it changes. */
async function grownOf(tx: Tables, leaders: readonly string[]): Promise<Known['grown']> {
  if (leaders.length === 0) return [];
  const db = tx.tables<AlertTables>();
  const rows = await db
    .selectFrom('alert')
    .selectAll()
    .where('id', 'in', [...new Set(leaders)])
    .where('handling', '!=', 'closed')
    .where('storm_count', '>', 0)
    .orderBy('id')
    .forUpdate()
    .execute();
  const counts = await db
    .selectFrom('alert')
    .select(['storm', sql<number>`count(*)`.as('count')])
    .where('storm', 'in', leaders)
    .groupBy('storm')
    .execute();
  return rows.flatMap((alert) => {
    const count = 1 + (counts.find(({ storm: leader }) => leader === alert.id)?.count ?? 0);
    return count > alert.storm_count ? [{ alert, count }] : [];
  });
}

function counted(alert: AlertRow, count: number, nowMs: number): Change {
  const after = { ...alert, storm_count: count, version: alert.version + 1 };
  return { place: null, type: 'alert.updated', alert: after, actor: 'citywatch', atMs: nowMs, deliveries: [] };
}
