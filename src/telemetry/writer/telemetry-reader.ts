import { DAY_MS } from '../../core/clock.ts';
import type { JournalReader, ReaderCursors } from '../../core/journal-reader.ts';
import type { DecodedBatch, DecodedMessage, Lane } from '../../core/types.ts';
import type { Tables } from '../../platform/database/database.ts';
import type { RejectedRecord, TelemetryWriter } from './writer.ts';

/** Writes more in the transaction that moves the cursor; may run again, so it must do nothing else. */
export type Also = (tx: Tables) => Promise<void>;

export interface TelemetryReaderDeps {
  writer: Pick<TelemetryWriter, 'write'>;
  /** Dead letters, counters and cursor, entered in one transaction; a batch that was entered before changes nothing. */
  books: ReaderCursors & {
    commit(batch: DecodedBatch, rejected: readonly RejectedRecord[], also: Also | null): Promise<void>;
  };
  /** Passages of the batch, found by plate. Null where there are none. */
  passages: { take(batch: DecodedBatch, rejected: readonly RejectedRecord[]): Promise<Also | null> };
  /** Holds a backfill back, so that live data does not wait for it. */
  pace: { run<Result>(signal: AbortSignal, work: () => Promise<Result>): Promise<Result> };
}

/**
 * The reader "telemetry", on which it hangs that nothing is lost and nothing stored twice: first the points, then what
 * became of every record, then the cursor, the last two in one transaction. Dying between the two writes the same
 * points again, under the same times.
 */
export class TelemetryReader implements JournalReader {
  readonly name = 'telemetry';
  readonly lanes = ['live', 'bulk'] as const;
  /**
   * A batch is a request to InfluxDB and a transaction, whatever it holds: at 450 messages/s it holds ninety, at the
   * rate of a storm there is no pause.
   */
  readonly restMs = 200;
  readonly #deps: TelemetryReaderDeps;

  constructor(deps: TelemetryReaderDeps) {
    this.#deps = deps;
  }

  load(lane: Lane): Promise<number> {
    return this.#deps.books.load(lane);
  }

  saved(lane: Lane): number {
    return this.#deps.books.saved(lane);
  }

  /** Rejects with what PostgreSQL says, or with the reason of `signal`; the store is waited for. */
  handle(batch: DecodedBatch, signal: AbortSignal): Promise<void> {
    if (batch.lane === 'live') return this.#store(batch, signal);
    return this.#deps.pace.run(signal, () => this.#store(batch, signal));
  }

  async #store(batch: DecodedBatch, signal: AbortSignal): Promise<void> {
    const { writer, books, passages } = this.#deps;
    const rejected = await writer.write(oldestDayFirst(batch), signal);
    await books.commit(batch, rejected, await passages.take(batch, rejected));
  }
}

/**
 * A backfill with the oldest day first: InfluxDB keeps one shard per day or week, and hopping between them makes it
 * compact each over and over. A live batch is returned as it is.
 */
export function oldestDayFirst(batch: DecodedBatch): DecodedBatch {
  if (batch.lane === 'live') return batch;
  const dayOf = ({ records }: DecodedMessage): number => Math.floor((records[0]?.atMs ?? 0) / DAY_MS);
  return { ...batch, messages: batch.messages.toSorted((a, b) => dayOf(a) - dayOf(b)) };
}
