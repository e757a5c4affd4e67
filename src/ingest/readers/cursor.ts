import { CitywatchError } from '../../core/errors.ts';
import type { IncarnationOf } from '../../core/receipt.ts';
import type { Owner } from '../../core/slots.ts';
import type { DecodedBatch, Lane } from '../../core/types.ts';
import { sql, type Tables } from '../../platform/database/database.ts';
import type { NamedStatement, Ownership } from '../../platform/database/ownership.ts';
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
  by: Owner & { atMs: number },
): Promise<void> {
  const { offset, ...rest } = at;
  const { node, epoch, atMs } = by;
  await tables
    .tables<IngestTables>()
    .insertInto('ingest_cursor')
    .values({ ...rest, journal_offset: offset, node, epoch, updated_at_ms: atMs })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

export interface CursorMove {
  reader: ReaderName;
  batch: DecodedBatch;
  incarnationOf: IncarnationOf;
  /** Whose reader it is. */
  ownership: Pick<Ownership, 'self' | 'write' | 'refused'>;
  atMs: number;
}

/**
 * Moves a cursor from the start to the end of a batch, within the transaction that holds what the reader did with it.
 * Returns false when the batch was committed before (an answer may get lost on its way), so that nothing counts twice.
 * Throws `lease.lost` where another node has taken over, whether it has moved the cursor or not, and `conflict.state`
 * when the cursor stands anywhere else.
 */
export async function moveCursor(tx: Tables, move: CursorMove): Promise<boolean> {
  return (await movePlainly(tx, move)) || (await moveFrom(tx, move));
}

/**
 * The same in one statement, which is all that nearly every batch needs, together with `also`, which sees the row that
 * was moved as `moved`. Returns false, with nothing done, where the cursor does not stand at the start of the batch.
 */
export async function movePlainly(
  tables: Tables,
  { reader, batch, incarnationOf, ownership, atMs }: CursorMove,
  also: readonly NamedStatement[] = [],
): Promise<boolean> {
  const { lane, from, to } = batch;
  const incarnation = incarnationOf({ lane, offset: to });
  const update = sql`
    update ingest_cursor set journal_offset = ${to}, incarnation = ${incarnation}, node = ${ownership.self.node},
      epoch = owner.epoch, updated_at_ms = ${atMs}
    from owner
    where reader = ${reader} and lane = ${lane} and journal_offset = ${from} and ingest_cursor.epoch <= owner.epoch
    returning lane`;
  const what = `the cursor of ${reader} in the lane ${lane}`;
  const along = [{ name: 'moved', body: update }, ...also];
  return from < to && (await ownership.write(tables, { what, along, body: sql`select lane from moved` })).length === 1;
}

/** A first cursor, or one that does not stand where the batch begins. */
async function moveFrom(tx: Tables, move: CursorMove): Promise<boolean> {
  const { reader, batch, incarnationOf, ownership, atMs } = move;
  const db = tx.tables<IngestTables>();
  const { lane, from, to } = batch;
  const incarnation = incarnationOf({ lane, offset: to });
  const { self } = ownership;
  const what = `the cursor of ${reader} in the lane ${lane}`;
  await beginCursor(tx, { reader, lane, offset: 0, incarnation }, { ...self, atMs });
  const row = await db
    .selectFrom('ingest_cursor')
    .select(['journal_offset', 'epoch'])
    .where('reader', '=', reader)
    .where('lane', '=', lane)
    .forUpdate()
    .executeTakeFirstOrThrow();
  if (row.epoch > self.epoch) throw ownership.refused(what);
  if (row.journal_offset >= to) return false;
  if (row.journal_offset !== from) {
    throw new CitywatchError('conflict.state', {
      detail:
        `Reader ${reader} of lane ${lane} stands at ${row.journal_offset}, not ${from}: ` +
        'something else than this gateway has moved it.',
    });
  }
  return await movePlainly(tx, move);
}
