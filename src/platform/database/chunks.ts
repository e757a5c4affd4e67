/**
 * `items` in parts of at most `max`, in their order. A statement takes at most 65,535 parameters, and a long one holds
 * up the others of its connection.
 */
export function* chunksOf<Item>(items: readonly Item[], max: number): Generator<Item[]> {
  if (!Number.isInteger(max) || max < 1) throw new RangeError('max must be a whole number of at least 1');
  for (let from = 0; from < items.length; from += max) yield items.slice(from, from + max);
}
