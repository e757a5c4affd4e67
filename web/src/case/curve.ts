import type { Readings } from '../types.ts';

/** A curve in a box of {@link WIDTH} by {@link HEIGHT}. */
export interface Curve {
  name: string;
  /** Points of each stretch without a hole, as SVG writes them. */
  stretches: string[];
  min: number;
  max: number;
  last: number;
  /** Where a value lies, from the top; null outside of the box. */
  yOf(value: number): number | null;
}

export const WIDTH = 600;
export const HEIGHT = 120;
/** Room above and below, as a share of what is drawn. */
const ROOM = 0.1;

export interface CurveRange {
  fromMs: number;
  toMs: number;
  /** Between two points, ms; after three of them without a value there is a hole. */
  everyMs: number;
}

/** Where a time lies from the left, in a box of {@link WIDTH}. */
export function xOf({ fromMs, toMs }: CurveRange, atMs: number): number {
  return ((atMs - fromMs) / (toMs - fromMs)) * WIDTH;
}

/** The range from where there are readings, five minutes at least: a device may be new. */
export function startingAt(points: Readings['points'], range: CurveRange): CurveRange {
  const firstMs = points[0] ? Date.parse(points[0].at) : range.fromMs;
  return { ...range, fromMs: Math.max(range.fromMs, Math.min(firstMs, range.toMs - SHORTEST_MS)) };
}

/** The curve of one value; `limits` are drawn in the same box. Null without two values. */
export function curveOf(
  name: string,
  points: Readings['points'],
  { range, limits }: { range: CurveRange; limits: readonly number[] },
): Curve | null {
  const values = points.flatMap(({ at, values: all }) => {
    const value = all[name];
    return typeof value === 'number' ? [{ atMs: Date.parse(at), value }] : [];
  });
  const last = values.at(-1);
  if (values.length < 2 || !last) return null;
  const seen = values.map(({ value }) => value);
  const [min, max] = [Math.min(...seen), Math.max(...seen)];
  const [low, high] = [Math.min(min, ...limits), Math.max(max, ...limits)];
  const room = (high - low || Math.abs(high) || 1) * ROOM;
  const [bottom, top] = [low - room, high + room];
  const y = (value: number) => ((top - value) / (top - bottom)) * HEIGHT;
  const stretches: string[][] = [];
  let beforeMs = Number.NEGATIVE_INFINITY;
  for (const { atMs, value } of values) {
    if (atMs - beforeMs > 3 * range.everyMs) stretches.push([]);
    stretches.at(-1)?.push(`${xOf(range, atMs).toFixed(1)},${y(value).toFixed(1)}`);
    beforeMs = atMs;
  }
  const inBox = (value: number) => (value >= bottom && value <= top ? y(value) : null);
  return { name, stretches: stretches.map((one) => one.join(' ')), min, max, last: last.value, yOf: inBox };
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const BEFORE_MS = 3 * HOUR_MS;
const SHORTEST_MS = 5 * MINUTE_MS;
const AFTER_MS = HOUR_MS;
const LONGEST_MS = 7 * 24 * HOUR_MS;
const POINTS = 240;
/** What the gateway is asked for a point: s. */
const STEPS_S = [10, 60, 300, 900, 3_600];

/** From three hours before an alert until an hour after it was reported last, no further than now, a week at most. */
export function rangeOf({ firstAt, lastAt }: { firstAt: string; lastAt: string }, nowMs: number): CurveRange {
  // Whole minutes, so that the same is asked for again and not something new each second.
  const end = Math.ceil(Math.min(nowMs, Date.parse(lastAt) + AFTER_MS) / MINUTE_MS) * MINUTE_MS;
  const fromMs = Math.max(Date.parse(firstAt) - BEFORE_MS, end - LONGEST_MS);
  const toMs = Math.max(end, fromMs + MINUTE_MS);
  const steps = STEPS_S.map((s) => s * 1_000);
  const everyMs = steps.find((step) => (toMs - fromMs) / step <= POINTS) ?? steps.at(-1) ?? HOUR_MS;
  return { fromMs, toMs, everyMs };
}
