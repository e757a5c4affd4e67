import type { FieldValue } from '../../core/types.ts';
import { summaryName } from '../rollups/columns.ts';
import type { Aggregate } from '../stores/store.ts';

/** How the points of one bucket become one value. `last` is by time of the point. */
export type Reduction = 'min' | 'max' | 'mean' | 'last' | 'count';

/** The summaries that a reduction is made of. */
export function summariesFor(fn: Reduction): readonly Aggregate[] {
  return fn === 'mean' ? ['sum', 'count'] : [fn];
}

type Values = Map<string, FieldValue>;

/** Puts together what several tiers know of the same buckets. */
export class BucketSums {
  readonly #buckets = new Map<number, Values>();

  /** Adds summaries, by {@link summaryName}, to the bucket at `atMs`; later ones must be of later points. */
  add(atMs: number, summaries: ReadonlyMap<string, FieldValue>): void {
    const bucket = this.#buckets.get(atMs);
    if (!bucket) {
      this.#buckets.set(atMs, new Map(summaries));
      return;
    }
    for (const [name, value] of summaries) {
      const before = bucket.get(name);
      bucket.set(name, before === undefined ? value : merged(name, before, value));
    }
  }

  /** One value per field and bucket, oldest first; undefined where a bucket has no point with the field. */
  rows(fields: Iterable<string>, fn: Reduction): { atMs: number; values: Map<string, FieldValue | undefined> }[] {
    const names = [...fields];
    return [...this.#buckets]
      .sort(([a], [b]) => a - b)
      .map(([atMs, bucket]) => ({ atMs, values: new Map(names.map((field) => [field, reduced(bucket, field, fn)])) }));
  }
}

function merged(name: string, before: FieldValue, after: FieldValue): FieldValue {
  const summary = name.slice(name.lastIndexOf('_') + 1);
  if (summary === 'last' || typeof before !== 'number' || typeof after !== 'number') return after;
  if (summary === 'min') return Math.min(before, after);
  return summary === 'max' ? Math.max(before, after) : before + after;
}

function reduced(bucket: Values, field: string, fn: Reduction): FieldValue | undefined {
  if (fn !== 'mean') return bucket.get(summaryName(field, fn));
  const sum = bucket.get(summaryName(field, 'sum'));
  const count = bucket.get(summaryName(field, 'count'));
  return typeof sum === 'number' && typeof count === 'number' && count > 0 ? sum / count : undefined;
}
