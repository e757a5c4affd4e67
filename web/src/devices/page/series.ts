import type { Readings } from '../../types.ts';

/** A stretch of time that curves are drawn of. */
export interface Span {
  name: '1h' | '6h' | '24h' | '7d';
  ms: number;
  /** Between two points; a multiple of a second. */
  everyMs: number;
}

const HOUR_MS = 3_600_000;

/** Each has some 240 points. */
export const SPANS: readonly Span[] = [
  { name: '1h', ms: HOUR_MS, everyMs: 15_000 },
  { name: '6h', ms: 6 * HOUR_MS, everyMs: 90_000 },
  { name: '24h', ms: 24 * HOUR_MS, everyMs: 360_000 },
  { name: '7d', ms: 168 * HOUR_MS, everyMs: 2_520_000 },
];

/** What an address names; six hours where it names none. */
export function spanOf(name: string | null): Span {
  return SPANS.find((one) => one.name === name) ?? SPANS[1]!;
}

/** A curve as it is drawn: seconds and values side by side; null where there is a hole. */
export interface Series {
  atS: number[];
  values: (number | null)[];
  min: number;
  max: number;
  last: number;
}

/** After so many points without a value there is a hole in the curve. */
const HOLE = 3;

/** The curve of one value; null without any. */
export function seriesOf(points: Readings['points'], name: string, everyMs: number): Series | null {
  const atS: number[] = [];
  const values: (number | null)[] = [];
  let [min, max, last] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN];
  for (const { at, values: all } of points) {
    const value = all[name];
    if (typeof value !== 'number') continue;
    const second = Date.parse(at) / 1_000;
    const before = atS.at(-1);
    if (before !== undefined && second - before > (HOLE * everyMs) / 1_000) {
      atS.push((before + second) / 2);
      values.push(null);
    }
    atS.push(second);
    values.push(value);
    [min, max, last] = [Math.min(min, value), Math.max(max, value), value];
  }
  return atS.length === 0 ? null : { atS, values, min, max, last };
}
