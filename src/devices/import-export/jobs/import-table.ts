import type { Caller } from '../../../core/types.ts';
import { chunksOf } from '../../../platform/database/chunks.ts';
import { type Generated, jsonb, type Selectable, sql, type Tables } from '../../../platform/database/database.ts';
import type { Seal } from '../../../platform/secrets/seal.ts';
import type { Applied, RowVerdict } from '../apply.ts';
import type { Fault, SheetRow } from '../sheet.ts';
import type { WayBack } from '../way-back.ts';

export type ImportMode = 'rows' | 'whole';
export type ImportState = 'planned' | 'waiting' | 'done' | 'refused' | 'undoing' | 'undone';

/** Tables of migration 0198; what each column means stands there. */
export interface ImportTables {
  import_batch: {
    id: string;
    caller: Caller;
    undo_caller: Caller | null;
    jurisdiction: string;
    file_name: string | null;
    file_hash: string;
    /** Of one whose rows come from a list. */
    change: unknown;
    mode: ImportMode;
    state: ImportState;
    row_count: number;
    next_row: Generated<number>;
    unknown_columns: string[];
    created_at_ms: number;
    ended_at_ms: number | null;
    secrets_taken_at_ms: number | null;
    secrets_taken_by: string | null;
  };
  import_row: {
    batch: string;
    number: number;
    line: number;
    device: string | null;
    content: Buffer | null;
    verdict: RowVerdict['verdict'] | null;
    fields: string[];
    faults: Fault[];
    version: number | null;
    before: Buffer | null;
    secret: Buffer | null;
    undone: 'undone' | 'conflict' | null;
    undone_why: string | null;
  };
}

export type Batch = Selectable<ImportTables['import_batch']>;
export type StoredRow = Selectable<ImportTables['import_row']>;

/** A statement takes at most 65,535 parameters, and these are arrays: what bounds them is how long one takes. */
const ROWS_AT_ONCE = 2_000;

/** What each of a row's sealed texts belongs to. */
const ownerOf = (batch: string, number: number, what: 'row' | 'before' | 'secret'): string =>
  `import/${batch}/${number}/${what}`;

/** Notes the rows of a batch, which exists, in the order in which they are to be applied. */
export async function insertRows(tx: Tables, seal: Seal, batch: string, rows: readonly SheetRow[]): Promise<void> {
  const numbered = rows.map((row, number) => ({ row, number }));
  for (const some of chunksOf(numbered, ROWS_AT_ONCE)) {
    const contents = some.map(({ row, number }) =>
      seal.seal(Buffer.from(JSON.stringify(row)), ownerOf(batch, number, 'row')),
    );
    await sql`
      insert into import_row (batch, number, line, device, content)
      select ${batch}, * from unnest(${some.map(({ number }) => number)}::int[],
        ${some.map(({ row }) => row.line)}::int[], ${some.map(({ row }) => row.cells.id ?? null)}::text[],
        ${contents}::bytea[])`.execute(tx.tables());
  }
}

/** The batch, kept from others until the transaction ends; null while another one has it, or there is none. */
export async function lockBatch(tx: Tables, id: string): Promise<Batch | null> {
  const query = tx.tables<ImportTables>().selectFrom('import_batch').selectAll().where('id', '=', id);
  return (await query.forUpdate().skipLocked().executeTakeFirst()) ?? null;
}

/** Rows with these numbers, from the first to before the last, in order. */
export function rowsBetween(
  tx: Tables,
  batch: string,
  { from, to }: { from: number; to: number },
): Promise<StoredRow[]> {
  const query = tx.tables<ImportTables>().selectFrom('import_row').selectAll().where('batch', '=', batch);
  return query.where('number', '>=', from).where('number', '<', to).orderBy('number').execute();
}

/** The rows of a batch as the file had them. */
export function contentsOf(seal: Seal, rows: readonly StoredRow[]): SheetRow[] {
  return rows.map(({ batch, number, content }) => {
    if (content === null) throw new RangeError('this row was applied before');
    return JSON.parse(seal.open(content, ownerOf(batch, number, 'row')).toString('utf8')) as SheetRow;
  });
}

/** The change that undoes an applied row; null for a row that made its device. */
export function beforeOf(seal: Seal, { batch, number, before }: StoredRow): WayBack | null {
  return before && JSON.parse(seal.open(before, ownerOf(batch, number, 'before')).toString('utf8'));
}

export function secretOf(
  seal: Seal,
  { batch, number, secret }: Pick<StoredRow, 'batch' | 'number' | 'secret'>,
): string {
  return seal.open(secret!, ownerOf(batch, number, 'secret')).toString('utf8');
}

/** Notes what became of rows. What the file said of them is not needed any more. */
export async function noteApplied(
  tx: Tables,
  seal: Seal,
  { batch, from, applied }: { batch: string; from: number; applied: readonly Applied[] },
): Promise<void> {
  const of = <Value>(value: (one: Applied, number: number) => Value): Value[] =>
    applied.map((one, index) => value(one, from + index));
  const sealed = (text: string | null, number: number, what: 'before' | 'secret'): Buffer | null =>
    text === null ? null : seal.seal(Buffer.from(text), ownerOf(batch, number, what));
  await sql`
    update import_row as row
    set content = null, verdict = told.verdict, faults = told.faults, version = told.version,
      before = told.before, secret = told.secret,
      fields = array(select jsonb_array_elements_text(told.fields))
    from unnest(${of((_, number) => number)}::int[], ${of(({ verdict }) => verdict)}::text[],
      ${of(({ fields }) => JSON.stringify(fields))}::jsonb[], ${of(({ faults }) => JSON.stringify(faults))}::jsonb[],
      ${of(({ version }) => version)}::bigint[],
      ${of(({ before }, number) => sealed(before && JSON.stringify(before), number, 'before'))}::bytea[],
      ${of(({ secret }, number) => sealed(secret, number, 'secret'))}::bytea[])
      as told (number, verdict, fields, faults, version, before, secret)
    where row.batch = ${batch} and row.number = told.number`.execute(tx.tables());
}

export async function moveBatch(
  tx: Tables,
  id: string,
  change: Partial<Pick<Batch, 'next_row' | 'state' | 'ended_at_ms' | 'secrets_taken_at_ms' | 'secrets_taken_by'>> & {
    undo_caller?: Caller;
  },
): Promise<void> {
  const { undo_caller, ...rest } = change;
  const set = { ...rest, ...(undo_caller ? { undo_caller: jsonb(undo_caller) } : {}) };
  await tx.tables<ImportTables>().updateTable('import_batch').set(set).where('id', '=', id).execute();
}
