import type { Caller } from '../../core/types.ts';
import { type Selectable, sql, type Tables } from '../../platform/database/database.ts';
import type { CopyState, ViewingCopy } from './viewing-copy.ts';

export interface CopyTables {
  viewing_copy: {
    id: string;
    export: string;
    by_type: string;
    by_id: string;
    by_name: string;
    unit: string;
    asked_at_ms: number;
    state: string;
    detail: string | null;
    files: number;
    files_done: number;
    bytes: number;
  };
}

const LISTED_MAX = 100;

export async function addCopy(tx: Tables, copy: ViewingCopy): Promise<void> {
  const { id, by, unit, state, detail, files, filesDone, bytes } = copy;
  await tx
    .tables<CopyTables>()
    .insertInto('viewing_copy')
    .values({
      id,
      export: copy.export,
      by_type: by.type,
      by_id: by.id,
      by_name: by.name,
      unit,
      asked_at_ms: copy.askedAtMs,
      state,
      detail,
      files,
      files_done: filesDone,
      bytes,
    })
    .execute();
}

export async function copyOf(database: Tables, id: string): Promise<ViewingCopy | null> {
  const query = database.tables<CopyTables>().selectFrom('viewing_copy').selectAll().where('id', '=', id);
  const row = await query.executeTakeFirst();
  return row ? shown(row) : null;
}

/** Of an export, the newest first. */
export async function copiesOf(database: Tables, made: string): Promise<ViewingCopy[]> {
  const query = database.tables<CopyTables>().selectFrom('viewing_copy').selectAll().where('export', '=', made);
  return (await query.orderBy('asked_at_ms', 'desc').limit(LISTED_MAX).execute()).map(shown);
}

export async function countMaking(tx: Tables): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    select count(*)::int as count from viewing_copy where state = 'making'`.execute(tx.tables());
  return rows[0]!.count;
}

/** What changes of a copy. */
export interface CopyChange {
  state?: CopyState;
  detail?: string;
  filesDone?: number;
  bytes?: number;
}

/** False where it was in another state than `from` by now: then it stays as it is. */
export async function changeCopy(
  tx: Tables,
  id: string,
  from: readonly CopyState[],
  { state, detail, filesDone, bytes }: CopyChange,
): Promise<boolean> {
  const changed = await tx
    .tables<CopyTables>()
    .updateTable('viewing_copy')
    .set({
      ...(state === undefined ? {} : { state }),
      ...(detail === undefined ? {} : { detail }),
      ...(filesDone === undefined ? {} : { files_done: filesDone }),
      ...(bytes === undefined ? {} : { bytes }),
    })
    .where('id', '=', id)
    .where('state', 'in', [...from])
    .returning('id')
    .executeTakeFirst();
  return changed !== undefined;
}

function shown(row: Selectable<CopyTables['viewing_copy']>): ViewingCopy {
  return {
    id: row.id,
    export: row.export,
    by: { type: row.by_type as Caller['type'], id: row.by_id, name: row.by_name },
    unit: row.unit,
    askedAtMs: Number(row.asked_at_ms),
    state: row.state as CopyState,
    detail: row.detail,
    files: row.files,
    filesDone: row.files_done,
    bytes: Number(row.bytes),
  };
}
