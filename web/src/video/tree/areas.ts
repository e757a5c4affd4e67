import type { Area } from '../../types.ts';

export interface AreaNode {
  area: Area;
  below: readonly AreaNode[];
}

/** Areas as a tree, in order of code, without those in which nothing stands. What lacks its parent is a root. */
export function treeOf(areas: readonly Area[]): AreaNode[] {
  const stand = areas.filter(({ positions }) => positions > 0);
  const codes = new Set(stand.map(({ code }) => code));
  const below = new Map<string | null, Area[]>();
  for (const area of stand.toSorted((a, b) => (a.code < b.code ? -1 : 1))) {
    const parent = area.parent !== null && codes.has(area.parent) && area.parent !== area.code ? area.parent : null;
    below.set(parent, [...(below.get(parent) ?? []), area]);
  }
  const nodesOf = (parent: string | null, above: ReadonlySet<string>): AreaNode[] =>
    (below.get(parent) ?? [])
      .filter(({ code }) => !above.has(code))
      .map((area) => ({ area, below: nodesOf(area.code, new Set([...above, area.code])) }));
  return nodesOf(null, new Set());
}
