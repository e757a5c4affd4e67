import { CitywatchError } from '../../../core/errors.ts';
import { ownArea } from '../../../core/jurisdiction.ts';
import type { Caller } from '../../../core/types.ts';
import { sql, type Tables, withinJurisdiction } from '../../../platform/database/database.ts';
import { newestFirst } from '../../../platform/database/newest-first.ts';
import type { RowVerdict } from '../apply.ts';
import type { Batch, ImportMode, ImportTables } from './import-table.ts';

/** Rows by what became of them. */
export type Counts = Record<RowVerdict['verdict'], number>;

/** An import as it is shown. */
export interface ImportStatus {
  id: string;
  by: string;
  fileName: string | null;
  /** Filter and change, where the rows come from a list and not from a file. */
  change: Record<string, unknown> | null;
  mode: ImportMode;
  state: Batch['state'];
  rows: number;
  /** Rows that are behind it: applied, or undone. */
  done: number;
  unknownColumns: string[];
  counts: Counts;
  /** Rows that undoing it brought back, and that it could not. */
  undone: number;
  conflicts: number;
  /** New devices whose secrets wait to be taken away. */
  secretsWaiting: number;
  secretsTakenAtMs: number | null;
  createdAtMs: number;
  endedAtMs: number | null;
}

export interface ImportRow extends RowVerdict {
  undone: 'undone' | 'conflict' | null;
  why: string | null;
}

/** The batch, where the caller may see it. Errors: `not-found`, also for one of somebody who may see more. */
export async function batchOf(tables: Tables, caller: Caller, id: string, lock?: 'for update'): Promise<Batch> {
  const all = tables.tables<ImportTables>().selectFrom('import_batch').selectAll().where('id', '=', id);
  const query = withinJurisdiction(all, 'jurisdiction', ownArea(caller));
  const found = await (lock ? query.forUpdate() : query).executeTakeFirst();
  if (!found) throw new CitywatchError('not-found');
  return found;
}

/** Imports that are under way or over, each for those who may see all that whoever sent it may see. */
export class ImportList {
  readonly #database: Tables;

  constructor(database: Tables) {
    this.#database = database;
  }

  /** Errors: `not-found`. */
  async get(caller: Caller, id: string): Promise<ImportStatus> {
    const [status] = await this.#statuses([await batchOf(this.#database, caller, id)]);
    return status!;
  }

  /** Newest first. */
  async newest(
    caller: Caller,
    { limit, after }: { limit: number; after?: string },
  ): Promise<{ items: ImportStatus[]; next: string | null }> {
    const last = after === undefined ? null : await batchOf(this.#database, caller, after);
    const all = this.#database
      .tables<ImportTables>()
      .selectFrom('import_batch')
      .selectAll()
      .where('state', '!=', 'planned');
    const seen = withinJurisdiction(all, 'jurisdiction', ownArea(caller));
    const { rows, next } = await newestFirst(seen, { limit, last });
    return { items: await this.#statuses(rows), next };
  }

  /** Rows in the order of the file, of one verdict, or those whose undoing met a conflict. Errors: `not-found`. */
  async rows(
    caller: Caller,
    id: string,
    { verdict, limit, after = '0' }: { verdict?: RowVerdict['verdict'] | 'conflict'; limit: number; after?: string },
  ): Promise<{ items: ImportRow[]; next: string | null }> {
    await batchOf(this.#database, caller, id);
    let query = this.#database.tables<ImportTables>().selectFrom('import_row').selectAll().where('batch', '=', id);
    query = query.where('line', '>', Number(after)).where('verdict', 'is not', null);
    if (verdict === 'conflict') query = query.where('undone', '=', 'conflict');
    else if (verdict) query = query.where('verdict', '=', verdict);
    const found = await query
      .orderBy('line')
      .limit(limit + 1)
      .execute();
    const items = found.slice(0, limit).map(({ line, device, verdict, fields, faults, undone, undone_why }) => {
      return { line, id: device, verdict: verdict!, fields, faults, undone, why: undone_why };
    });
    return { items, next: found.length > limit ? String(items.at(-1)!.line) : null };
  }

  async #statuses(batches: readonly Batch[]): Promise<ImportStatus[]> {
    const { rows } = await sql<Counted>`
      select batch, verdict, undone, count(*)::int as count, count(secret)::int as secrets
      from import_row where batch = any(${batches.map(({ id }) => id)}::text[]) and verdict is not null
      group by batch, verdict, undone`.execute(this.#database.tables());
    return batches.map((batch) => {
      const own = rows.filter((row) => row.batch === batch.id);
      return statusOf(batch, own);
    });
  }
}

interface Counted {
  batch: string;
  verdict: RowVerdict['verdict'];
  undone: ImportRow['undone'];
  count: number;
  secrets: number;
}

function statusOf(batch: Batch, rows: readonly Counted[]): ImportStatus {
  const sum = (of: readonly Counted[]): number => of.reduce((total, { count }) => total + count, 0);
  const counts = { create: 0, change: 0, same: 0, error: 0 };
  for (const { verdict, count } of rows) counts[verdict] += count;
  const { state, row_count: all, next_row: next } = batch;
  return {
    id: batch.id,
    by: batch.caller.name,
    fileName: batch.file_name,
    change: batch.change as ImportStatus['change'],
    mode: batch.mode,
    state,
    rows: all,
    done: state === 'undoing' || state === 'undone' ? all - next : next,
    unknownColumns: batch.unknown_columns,
    counts,
    undone: sum(rows.filter(({ undone }) => undone === 'undone')),
    conflicts: sum(rows.filter(({ undone }) => undone === 'conflict')),
    secretsWaiting: rows.reduce((total, { secrets }) => total + secrets, 0),
    secretsTakenAtMs: batch.secrets_taken_at_ms,
    createdAtMs: batch.created_at_ms,
    endedAtMs: batch.ended_at_ms,
  };
}
