import { CitywatchError } from '../../core/errors.ts';
import type { IncarnationOf } from '../../core/receipt.ts';
import type { DecodedBatch, Lane } from '../../core/types.ts';
import type { Tables } from '../../platform/database/database.ts';
import type { IngestTables } from '../ledger/tables.ts';

/** The readers that keep a cursor here, and the lanes in which each has something to read. */
export const READERS = [
  { reader: 'telemetry', lanes: ['live', 'bulk'] },
  { reader: 'rollups', lanes: ['live', 'bulk'] },
  { reader: 'completeness', lanes: ['live', 'bulk'] },
  { reader: 'commands', lanes: ['live'] },
] as const satisfies readonly { reader: string; lanes: readonly Lane[] }[];

export type ReaderName = (typeof READERS)[number]['reader'];

/** The reader whose cursor says up to where the ledger is written. */
export const LEDGER_READER: ReaderName = 'telemetry';

/** Where `reader` stands in `lane`; it begins at 0. */
export async function loadCursor(tables: Tables, reader: ReaderName, lane: Lane): Promise<number> {
  const row = await tables
    .tables<IngestTables>()
    .selectFrom('ingest_cursor')
    .select('journal_offset')
    .where('reader', '=', reader)
    .where('lane', '=', lane)
    .executeTakeFirst();
  return row?.journal_offset ?? 0;
}

/** Writes down where a reader begins that has no cursor in `lane`; one that has stays where it is. */
export async function beginCursor(
  tables: Tables,
  at: { reader: ReaderName; lane: Lane; offset: number; incarnation: string },
  atMs: number,
): Promise<void> {
  const { offset, ...rest } = at;
  await tables
    .tables<IngestTables>()
    .insertInto('ingest_cursor')
    .values({ ...rest, journal_offset: offset, updated_at_ms: atMs })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

export interface CursorMove {
  reader: ReaderName;
  batch: DecodedBatch;
  incarnationOf: IncarnationOf;
  atMs: number;
}

/**
 * Moves a cursor from the start to the end of a batch, within the transaction that holds what the reader did with it.
 * Returns false when the batch was committed before (an answer may get lost on its way), so that nothing counts twice.
 * Throws `conflict.state` when the cursor stands anywhere else: somebody else writes it.
 */
export async function moveCursor(tx: Tables, { reader, batch, incarnationOf, atMs }: CursorMove): Promise<boolean> {
  const db = tx.tables<IngestTables>();
  const { lane, from, to } = batch;
  const incarnation = incarnationOf({ lane, offset: to });
  await beginCursor(tx, { reader, lane, offset: 0, incarnation }, atMs);
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
    .set({ journal_offset: to, incarnation, updated_at_ms: atMs })
    .where('reader', '=', reader)
    .where('lane', '=', lane)
    .execute();
  return true;
}
