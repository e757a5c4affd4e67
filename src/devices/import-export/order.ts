import { columnNamed, ID } from './columns.ts';
import type { SheetRow } from './sheet.ts';

/** Columns whose cells name other devices. */
const NAMING = ['parent', 'cameras'].map((name) => columnNamed(name)!);

/** The ids of devices that a row names, or stands behind. */
function namedBy({ cells, behind = [] }: SheetRow): string[] {
  const named = NAMING.flatMap(({ name, type }) => {
    const read = type.read(cells[name] ?? '');
    return Array.isArray(read) ? (read as string[]) : typeof read === 'string' && read !== '' ? [read] : [];
  });
  return [...named, ...behind];
}

/** Rows in the order of the file, but each behind those it names: a parent is there before its children. */
export function inOrderOfNaming(rows: readonly SheetRow[]): SheetRow[] {
  const byId = new Map(rows.map((row) => [row.cells[ID.name], row]));
  const placed = new Set<SheetRow>();
  for (const first of rows) {
    // A chain may be as long as the file, so no call stands within another. `path` also ends circles.
    const path = new Set<SheetRow>();
    for (let next: SheetRow | undefined = first; next !== undefined; ) {
      path.add(next);
      const waiting: SheetRow | undefined = namedBy(next)
        .map((id) => byId.get(id))
        .find((row) => row !== undefined && !placed.has(row) && !path.has(row));
      if (waiting === undefined) {
        placed.add(next);
        path.delete(next);
      }
      next = waiting ?? [...path].at(-1);
    }
  }
  return [...placed];
}

/** What rows of a file name, and what those name in turn, without the rows themselves; in the order of the file. */
export function namedAbove(some: readonly SheetRow[], all: readonly SheetRow[]): SheetRow[] {
  const byId = new Map(all.map((row) => [row.cells[ID.name], row]));
  const seen = new Set(some);
  const open = [...some];
  for (let row = open.pop(); row !== undefined; row = open.pop()) {
    for (const id of namedBy(row)) {
      const named = byId.get(id);
      if (named === undefined || seen.has(named)) continue;
      seen.add(named);
      open.push(named);
    }
  }
  const own = new Set(some);
  return all.filter((row) => seen.has(row) && !own.has(row));
}
