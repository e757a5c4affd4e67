import { CitywatchError } from '../../core/errors.ts';
import type { FieldSpec } from '../../core/types.ts';
import type { Reduction } from './buckets.ts';

/** Points or buckets of one answer. */
export const POINTS_MAX = 10_000;
export const HISTORY_FIELDS_MAX = 50;

interface Range {
  fromMs: number;
  toMs: number;
  everyMs?: number;
  limit?: number;
}

/** The last millisecond that fits into signed nanoseconds, year 2262. */
const TIME_MS_MAX = 9_223_372_036_854;

export function checkRange({ fromMs, toMs, limit }: Range): void {
  for (const [path, value] of [
    ['from', fromMs],
    ['to', toMs],
  ] as const) {
    if (!Number.isSafeInteger(value) || value < 0 || value > TIME_MS_MAX) {
      throw invalid(path, 'must be a time between 1970 and 2262');
    }
  }
  if (fromMs >= toMs) throw invalid('to', 'must be later than from');
  if (limit !== undefined && (!Number.isSafeInteger(limit) || limit < 1 || limit > POINTS_MAX)) {
    throw invalid('limit', `must be a whole number from 1 to ${POINTS_MAX}`);
  }
}

export function checkBuckets({ fromMs, toMs, everyMs }: Range): void {
  if (everyMs === undefined) return;
  if (!Number.isSafeInteger(everyMs) || everyMs < 1) throw invalid('every', 'must be at least one millisecond');
  if (Math.ceil((toMs - fromMs) / everyMs) > POINTS_MAX) throw tooMany('every');
}

export function checkAggregate(fn: Reduction, specs: ReadonlyMap<string, FieldSpec>): void {
  if (fn === 'last' || fn === 'count') return;
  for (const [field, { type }] of specs) {
    if (type === 'number' || type === 'integer') continue;
    throw invalid('fn', `${fn} needs numbers and "${field}" is ${type}; ask for last or count`);
  }
}

export function tooMany(path: 'to' | 'every'): CitywatchError {
  const remedy =
    path === 'every' ? 'make every longer, or from and to closer' : 'bring from and to closer, or set every';
  return invalid(path, `more than ${POINTS_MAX} points; ${remedy}`);
}

export function invalid(path: string, message: string): CitywatchError {
  return new CitywatchError('request.invalid', { issues: [{ path, message }] });
}
