import type { FieldSpec } from '../../core/types.ts';
import type { Aggregate, Column, Tier } from '../stores/store.ts';

/**
 * What a roll-up keeps of a field, each as a field of its own: `fill_pct_min`, `fill_pct_sum`, ... The sum stands in
 * place of the mean, because sums of windows add up to that of a longer one and means do not. No summary has an
 * underscore in it, so two fields never share a name.
 */
const OF_NUMBERS: readonly Aggregate[] = ['min', 'max', 'sum', 'count', 'last'];
const OF_STATES: readonly Aggregate[] = ['count', 'last'];
const NONE: readonly Aggregate[] = [];

/** Text is kept raw only: there is no end of different ones, and plates must not outlive their retention. */
export function summariesOf(spec: FieldSpec): readonly Aggregate[] {
  if (spec.tag) return NONE;
  if (spec.type === 'number' || spec.type === 'integer') return OF_NUMBERS;
  return spec.type === 'boolean' || spec.type === 'enum' ? OF_STATES : NONE;
}

/** Name of a summary, as a column everywhere and as a field of the tiers of roll-ups. */
export function summaryName(field: string, summary: Aggregate): string {
  return `${field}_${summary}`;
}

/** The column that makes a summary of a field out of the points of `tier`. */
export function summaryColumn(field: string, summary: Aggregate, tier: Tier): Column {
  const name = summaryName(field, summary);
  if (tier === 'raw') return { name, field, fn: summary };
  return { name, field: name, fn: summary === 'count' ? 'sum' : summary };
}

/** All that roll-ups keep of these fields, made out of the points of `tier`. */
export function summaryColumns(fields: ReadonlyMap<string, FieldSpec>, tier: Tier): Column[] {
  return [...fields].flatMap(([field, spec]) => {
    return summariesOf(spec).map((summary) => summaryColumn(field, summary, tier));
  });
}
