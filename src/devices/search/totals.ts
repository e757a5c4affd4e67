/** Values of one facet at most, those of which there are most. */
const VALUES_MAX = 200;

/** How many devices have a value. */
export interface FacetCount {
  value: string;
  count: number;
}

/** The values of groups with how many devices have each, those with most first. */
export function totals<Row extends { count: number }>(
  rows: readonly Row[],
  valuesOf: (row: Row) => readonly string[],
): FacetCount[] {
  const counts = new Map<string, number>();
  for (const row of rows) for (const value of valuesOf(row)) counts.set(value, (counts.get(value) ?? 0) + row.count);
  const ordered = [...counts].sort(([a, one], [b, other]) => other - one || (a < b ? -1 : 1));
  return ordered.slice(0, VALUES_MAX).map(([value, count]) => ({ value, count }));
}
