import { DAY_MS, HOUR_MS } from '../../core/clock.ts';
import { daysOf, type RetentionDays, type Tier } from '../stores/store.ts';

/** A part of a range and the tier that answers for it. */
export interface Segment extends TimeRange {
  tier: Tier;
}

export interface PlannedRange {
  fromMs: number;
  toMs: number;
  /** Null: one bucket over the whole range. */
  everyMs: number | null;
  /** Between two points of the device, as its kind says. */
  periodMs: number;
  /** Whether roll-ups keep all that is asked for. */
  isRolledUp: boolean;
}

export interface TierState {
  nowMs: number;
  retention: RetentionDays;
  /** Windows from here on have a roll-up if they have a point … */
  completeFromMs: number;
  /** … up to here; what is newer is still to be rolled up … */
  completeToMs: number;
  /** … and so are these windows, which got late points. */
  pending: readonly TimeRange[];
}

export interface TimeRange {
  fromMs: number;
  toMs: number;
}

export const FIVE_MINUTES_MS = 300_000;

/** So many points of one device InfluxDB puts together in some tens of milliseconds. */
const RAW_POINTS_CHEAP = 20_000;

/**
 * Says which tier answers for which part of a range: raw points as long as they are few, else roll-ups, with raw points
 * at the ends that are no whole window, or are not rolled up yet. Where raw points are gone the ends are widened to
 * whole windows. Parts are in order, do not overlap, and each roll-up part holds whole windows.
 */
export function planTiers(range: PlannedRange, state: TierState): Segment[] {
  const { fromMs, toMs, everyMs } = range;
  const rawFromMs = oldestMs(state, 'raw');
  const whole: Segment = { tier: 'raw', fromMs, toMs };
  if (!range.isRolledUp || (everyMs !== null && everyMs % FIVE_MINUTES_MS !== 0)) return [whole];
  if (fromMs >= rawFromMs && (toMs - fromMs) / range.periodMs <= RAW_POINTS_CHEAP) return [whole];
  const tier = rollupTier(range, state);
  const gridMs = tier === '5m' ? FIVE_MINUTES_MS : HOUR_MS;
  // What is gone from the raw tier is in the roll-ups or nowhere.
  const rawStartMs = ceil(Math.max(fromMs, rawFromMs), gridMs);
  const beginMs = fromMs >= rawFromMs ? rawStartMs : floor(fromMs, gridMs);
  const endMs =
    toMs > rawFromMs ? Math.max(rawStartMs, floor(Math.min(toMs, state.completeToMs), gridMs)) : ceil(toMs, gridMs);
  const trustMs = Math.min(endMs, Math.max(rawStartMs, ceil(state.completeFromMs, gridMs)));
  const parts: Segment[] = [
    { tier: 'raw', fromMs, toMs: Math.min(beginMs, toMs) },
    { tier, fromMs: beginMs, toMs: Math.min(rawStartMs, endMs) },
    { tier: 'raw', fromMs: Math.max(beginMs, rawStartMs), toMs: Math.min(trustMs, toMs) },
    { tier, fromMs: Math.max(trustMs, beginMs), toMs: endMs },
    { tier: 'raw', fromMs: Math.max(endMs, beginMs), toMs },
  ];
  const cut = parts.flatMap((part) => (part.tier === 'raw' ? [part] : withoutPending(part, state.pending, gridMs)));
  return joined(cut.filter((part) => part.fromMs < part.toMs));
}

/** More queries than this would cost more than the raw points between them. */
const HOLES_MAX = 8;

/** Readings answer for the windows of a part that are to be made again. */
function withoutPending(part: Segment, pending: readonly TimeRange[], gridMs: number): Segment[] {
  const inside = pending
    .map(({ fromMs, toMs }) => ({ fromMs: floor(fromMs, gridMs), toMs: ceil(toMs, gridMs) }))
    .filter(({ fromMs, toMs }) => toMs > part.fromMs && fromMs < part.toMs)
    .sort((a, b) => a.fromMs - b.fromMs);
  const holes = inside.length <= HOLES_MAX ? inside : [{ fromMs: inside[0]!.fromMs, toMs: inside.at(-1)!.toMs }];
  const result: Segment[] = [];
  let atMs = part.fromMs;
  for (const hole of holes) {
    const fromMs = Math.max(hole.fromMs, atMs);
    const toMs = Math.min(Math.max(hole.toMs, atMs), part.toMs);
    result.push({ ...part, fromMs: atMs, toMs: fromMs }, { tier: 'raw', fromMs, toMs });
    atMs = toMs;
  }
  return [...result, { ...part, fromMs: atMs }];
}

/** The oldest moment that a tier is sure to hold. */
export function oldestMs({ nowMs, retention }: TierState, tier: Tier): number {
  return nowMs - daysOf(retention, tier) * DAY_MS;
}

/** Hours where they fit the buckets; for one bucket over all, where five-minute windows would be many or gone. */
function rollupTier({ fromMs, toMs, everyMs }: PlannedRange, state: TierState): '5m' | '1h' {
  if (everyMs !== null) return everyMs % HOUR_MS === 0 ? '1h' : '5m';
  return toMs - fromMs > DAY_MS || fromMs < oldestMs(state, '5m') ? '1h' : '5m';
}

function joined(parts: readonly Segment[]): Segment[] {
  const result: Segment[] = [];
  for (const part of parts) {
    const before = result.at(-1);
    if (before?.tier === part.tier && before.toMs === part.fromMs) before.toMs = part.toMs;
    else result.push({ ...part });
  }
  return result;
}

function floor(ms: number, gridMs: number): number {
  return Math.floor(ms / gridMs) * gridMs;
}

function ceil(ms: number, gridMs: number): number {
  return Math.ceil(ms / gridMs) * gridMs;
}
