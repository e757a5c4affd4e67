import { type Scope, significantDigits } from '../../core/jurisdiction.ts';
import type { Caller } from '../../core/types.ts';
import { type Database, type Selectable, type Tables, withinJurisdiction } from '../../platform/database/database.ts';
import type { Wall, WallLayout } from './wall.ts';

interface WallTables {
  camera_wall: {
    id: string;
    name: string;
    layout: number;
    cameras: string[];
    is_shared: boolean;
    jurisdiction: string;
    owner_type: string;
    owner_id: string;
    owner_name: string;
    created_at_ms: number;
    updated_at_ms: number;
    version: number;
  };
}

const LIST_MAX = 500;

type Owner = Pick<Caller, 'type' | 'id'>;

/** Walls of an owner, by name. */
export async function wallsOf(tables: Tables, { type, id }: Owner): Promise<Wall[]> {
  const rows = await walls(tables).where('owner_type', '=', type).where('owner_id', '=', id).execute();
  return rows.map(wallOf);
}

/** Shared walls of areas within a scope, and of these areas exactly; 500 of each at most, by name. */
export async function sharedWalls(database: Database, scope: Scope, areas: readonly string[]): Promise<Wall[]> {
  const shared = walls(database).where('is_shared', '=', true).limit(LIST_MAX);
  const within = await withinJurisdiction(shared, 'jurisdiction', scope).execute();
  const above = areas.length === 0 ? [] : await shared.where('jurisdiction', 'in', areas).execute();
  return [...new Map([...within, ...above].map((row) => [row.id, row])).values()].map(wallOf);
}

/** How many are shared in an area. */
export async function countShared(tables: Tables, jurisdiction: string): Promise<number> {
  const { count } = await tables
    .tables<WallTables>()
    .selectFrom('camera_wall')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .where('is_shared', '=', true)
    .where('jurisdiction', '=', jurisdiction)
    .executeTakeFirstOrThrow();
  return Number(count);
}

export async function findWall(tables: Tables, id: string): Promise<Wall | null> {
  const row = await walls(tables).where('id', '=', id).executeTakeFirst();
  return row ? wallOf(row) : null;
}

/** As {@link findWall}; nobody else changes it before the transaction ends. */
export async function holdWall(tx: Tables, id: string): Promise<Wall | null> {
  const row = await walls(tx).where('id', '=', id).forUpdate().executeTakeFirst();
  return row ? wallOf(row) : null;
}

/** Keeps a wall as it is given, a new one or another version of one that is there. */
export async function keepWall(tx: Tables, wall: Wall): Promise<void> {
  const said = {
    name: wall.name,
    layout: wall.layout,
    cameras: wall.cameras,
    is_shared: wall.shared,
    owner_name: wall.owner.name,
    updated_at_ms: wall.updatedAtMs,
    version: wall.version,
  };
  await tx
    .tables<WallTables>()
    .insertInto('camera_wall')
    .values({
      ...said,
      id: wall.id,
      jurisdiction: wall.jurisdiction,
      owner_type: wall.owner.type,
      owner_id: wall.owner.id,
      created_at_ms: wall.updatedAtMs,
    })
    .onConflict((conflict) => conflict.column('id').doUpdateSet(said))
    .execute();
}

export async function dropWall(tx: Tables, id: string): Promise<void> {
  await tx.tables<WallTables>().deleteFrom('camera_wall').where('id', '=', id).execute();
}

/** Codes of the areas that `code` lies in, itself among them: all to whom a wall of theirs is shown. */
export function areasAround(code: string): string[] {
  const digits = significantDigits(code.includes('z') ? code.slice(0, code.indexOf('z')).padEnd(6, '0') : code);
  const above = [0, 2, 4, 6, 9, 12].flatMap((length) => {
    return length <= digits.length ? [digits.slice(0, length).padEnd(6, '0')] : [];
  });
  return [...new Set([...above, code])];
}

function walls(tables: Tables) {
  return tables.tables<WallTables>().selectFrom('camera_wall').selectAll().orderBy('name').orderBy('id');
}

function wallOf(row: Selectable<WallTables['camera_wall']>): Wall {
  return {
    id: row.id,
    name: row.name,
    layout: row.layout as WallLayout,
    cameras: row.cameras,
    shared: row.is_shared,
    jurisdiction: row.jurisdiction,
    owner: { type: row.owner_type as Caller['type'], id: row.owner_id, name: row.owner_name },
    updatedAtMs: Number(row.updated_at_ms),
    version: row.version,
  };
}
