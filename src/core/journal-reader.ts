import type { DecodedBatch, Lane } from './types.ts';

/**
 * Where a reader stands in each lane. A cursor is kept with the state it belongs to: in the transaction that holds what
 * the reader did, or in the file that holds what it knows. So it can never be ahead of that state.
 */
export interface ReaderCursors {
  /** Offset at which to read on. A loop that starts anew asks again; memory may be newer than what is saved. */
  load(lane: Lane): Promise<number>;
  /** Everything before this offset survives a crash: the journal may let it go. Never above what is really saved. */
  saved(lane: Lane): number;
}

/** Whoever reads the journal; see `docs/readers.md`; `test/support/ingest/reader-conformance.ts` holds each to it. */
export interface JournalReader extends ReaderCursors {
  /** Name in logs, metrics, health and cursors. It never changes. */
  readonly name: string;
  /** Where there is something to read for it. */
  readonly lanes: readonly Lane[];
  /**
   * Does its work with a batch, in the order of the lane. The same batch, or a part of it, may come again after an
   * error or a crash, and must then change nothing. A retryable error is waited out; any other is traced to a message.
   */
  handle(batch: DecodedBatch, signal: AbortSignal): Promise<void>;
  /**
   * From a small batch to the next, in ms: what waits is seen that much later, and small batches cost that much less.
   * It is asked for after each.
   */
  readonly restMs: number;
}
