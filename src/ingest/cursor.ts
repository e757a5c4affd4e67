import { CitywatchError } from '../core/errors.ts';
import type { DecodedBatch, Lane } from '../core/types.ts';
import type { Tables } from '../platform/database.ts';
import type { IngestTables } from './tables.ts';

/** Where `reader` stands in `lane`; it begins at 0. */
export async function loadCursor(tables: Tables, reader: string, lane: Lane): Promise<number> {
  const row = await tables
    .tables<IngestTables>()
    .selectFrom('ingest_cursor')
    .select('journal_offset')
    .where('reader', '=', reader)
    .where('lane', '=', lane)
    .executeTakeFirst();
  return row?.journal_offset ?? 0;
}

export interface CursorMove {
  reader: string;
  batch: DecodedBatch;
  atMs: number;
}

/**
 * Moves a cursor from the start to the end of a batch, within the transaction that holds what the reader did with it.
 * Returns false when the batch was committed before (an answer may get lost on its way), so that nothing counts twice.
 * Throws `conflict.state` when the cursor stands anywhere else: somebody else writes it.
 */
export async function moveCursor(tx: Tables, { reader, batch, atMs }: CursorMove): Promise<boolean> {
  const db = tx.tables<IngestTables>();
  const { lane, from, to } = batch;
  await db
    .insertInto('ingest_cursor')
    .values({ reader, lane, journal_offset: 0, updated_at_ms: atMs })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  const row = await db
    .selectFrom('ingest_cursor')
    .select('journal_offset')
    .where('reader', '=', reader)
    .where('lane', '=', lane)
    .forUpdate()
    .executeTakeFirstOrThrow();
  if (row.journal_offset >= to) return false;
  if (row.journal_offset !== from) {
    throw new CitywatchError('conflict.state', {
      detail:
        `Reader ${reader} of lane ${lane} stands at ${row.journal_offset}, not ${from}: ` +
        'two gateways share this database.',
    });
  }
  await db
    .updateTable('ingest_cursor')
    .set({ journal_offset: to, updated_at_ms: atMs })
    .where('reader', '=', reader)
    .where('lane', '=', lane)
    .execute();
  return true;
}
