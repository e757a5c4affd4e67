import type { Clock } from '../../core/clock.ts';
import { CitywatchError, messageOf } from '../../core/errors.ts';
import { backoffMs, jittered } from '../../core/mechanisms/backoff.ts';
import type { Worker } from '../../core/mechanisms/supervise.ts';
import { counterNamed, gaugeNamed, type Logger, type Observer } from '../../core/observe.ts';
import { type Random, systemRandom } from '../../core/random.ts';
import type { DecodedBatch, DecodedMessage, JournalPosition, Lane } from '../../core/types.ts';
import { refusal } from '../decode/refusals.ts';

export type BatchHandler = (batch: DecodedBatch, signal: AbortSignal) => Promise<void>;

/** Finds out which message ends the whole process; see poison/crash-guard.ts. */
export interface ReaderGuard {
  /** The batch in the steps in which it may be handled, without what this reader died of before. */
  steps(batch: DecodedBatch): DecodedBatch[];
  /** Notes that a step is under way; call what it resolves with when it is over. */
  enter(step: DecodedBatch): Promise<() => void>;
}

/** For tests and benchmarks: a message that kills the process is handled again after each restart. */
export const UNGUARDED: ReaderGuard = { steps: (batch) => [batch], enter: async () => () => {} };

export interface ReaderOptions {
  /** Name in logs and metrics: telemetry, rules, twin. */
  name: string;
  lane: Lane;
  feed: {
    read(position: JournalPosition, signal: AbortSignal, reader: string): Promise<DecodedBatch>;
    /** Resolves when there is something to read from `position` on. */
    beyond(position: JournalPosition, signal: AbortSignal, reader: string): Promise<void>;
  };
  cursor: { load(): Promise<number> };
  /** Does its work and saves the cursor `batch.to`, in one transaction where it can; the same batch may come again. */
  handle: BatchHandler;
  clock: Clock;
  observer: Observer;
  guard: ReaderGuard;
  /**
   * From a small batch to the next, in ms, so that the next is larger: what a batch costs whatever it holds (a request,
   * a transaction) is most of what few messages cost. With 0 the next batch is read at once.
   */
  restMs: number;
  /** {@link systemRandom} unless a test brings its own. */
  random?: Random;
  /** Told where the reader stands after each batch, for deleting what all have read. */
  onDone?(offset: number): void;
}

const RETRY_PAUSES = { minMs: 100, maxMs: 10_000 };
/** A batch of more than this is followed by the next at once: at such a rate the next is large without a pause. */
const SMALL_BATCH = 1_000;
/** A single message that cannot be handled is tried this often before it is put aside. */
const POISON_TRIES = 3;
const POISON_PAUSE_MS = 50;

/**
 * The loop of one reader. An error that may pass is waited out for ever, because the journal keeps everything. Where
 * another node has taken over, the reader ends with that error: no message is at fault. Any other error is traced to
 * its message by halving the batch; after three tries the message is handed over without its records and with the
 * refusal `poison`, so that the next one is handled within a second.
 */
export function runReader(options: ReaderOptions): Worker {
  const loop = new ReaderLoop(options);
  return (signal, healthy) => loop.run(signal, healthy);
}

class ReaderLoop {
  readonly #options: ReaderOptions;
  readonly #log: Logger;
  readonly #metrics: ReturnType<typeof readerMetrics>;

  constructor(options: ReaderOptions) {
    this.#options = options;
    this.#log = options.observer.log.child({ part: `reader ${options.name}` });
    this.#metrics = readerMetrics(options);
  }

  async run(signal: AbortSignal, healthy: () => void): Promise<void> {
    const { name, cursor, lane, feed, onDone, guard } = this.#options;
    let offset = await cursor.load();
    let isSmall = false;
    while (!signal.aborted) {
      onDone?.(offset);
      if (isSmall && this.#options.restMs > 0) await this.#rest(offset, signal);
      const batch = await feed.read({ lane, offset }, signal, name);
      if (signal.aborted) return;
      for (const step of guard.steps(batch)) {
        await this.#guarded(guard, step, signal);
        if (signal.aborted) return;
      }
      offset = batch.to;
      this.#metrics.at(offset);
      healthy();
      isSmall = batch.messages.length <= SMALL_BATCH;
    }
  }

  /** Where what comes next comes late enough it is not slept for: to wake costs more than most batches. */
  async #rest(offset: number, signal: AbortSignal): Promise<void> {
    const { name, lane, feed, clock, restMs } = this.#options;
    const endMs = clock.monotonicMs() + restMs;
    await feed.beyond({ lane, offset }, signal, name);
    const leftMs = endMs - clock.monotonicMs();
    if (leftMs > 0 && !signal.aborted) await clock.sleep(leftMs, signal);
  }

  async #guarded(guard: ReaderGuard, step: DecodedBatch, signal: AbortSignal): Promise<void> {
    const leave = await guard.enter(step);
    try {
      if (!signal.aborted) await this.#handle(step, signal);
    } finally {
      leave();
    }
  }

  async #handle(batch: DecodedBatch, signal: AbortSignal): Promise<void> {
    const error = await this.#attempt(batch, signal);
    if (error === null || signal.aborted) return;
    const { messages } = batch;
    if (messages.length > 1) {
      const middle = messages.length >> 1;
      const border = messages[middle - 1]!.message.endOffset;
      await this.#handle({ ...batch, to: border, messages: messages.slice(0, middle) }, signal);
      if (!signal.aborted) await this.#handle({ ...batch, from: border, messages: messages.slice(middle) }, signal);
      return;
    }
    await this.#single(batch, error, signal);
  }

  async #single(batch: DecodedBatch, first: unknown, signal: AbortSignal): Promise<void> {
    let error = first;
    for (let tries = 1; tries < POISON_TRIES; tries += 1) {
      await this.#options.clock.sleep(POISON_PAUSE_MS, signal);
      if (signal.aborted) return;
      error = await this.#attempt(batch, signal);
      if (error === null) return;
    }
    const offset = batch.messages[0]?.message.offset ?? batch.from;
    this.#log.error({ lane: batch.lane, offset, error: messageOf(error) }, 'a message cannot be handled; put aside');
    this.#metrics.poison();
    const failure = await this.#attempt({ ...batch, messages: batch.messages.map(withoutRecords) }, signal);
    if (failure !== null) throw failure;
  }

  /** Returns null when it is done (or stopped), the error when trying again is no use. Throws `lease.lost`. */
  async #attempt(batch: DecodedBatch, signal: AbortSignal): Promise<unknown> {
    for (let tries = 0; !signal.aborted; tries += 1) {
      try {
        await this.#options.handle(batch, signal);
        return null;
      } catch (error) {
        if (signal.aborted) return null;
        if (error instanceof CitywatchError && error.code === 'lease.lost') throw error;
        if (!(error instanceof CitywatchError && error.retryable)) return error ?? new Error('rejected with nothing');
        this.#log.warn({ lane: batch.lane, from: batch.from, error: error.message }, 'a batch waits to be tried again');
        const pauseMs = jittered(backoffMs(RETRY_PAUSES, tries), this.#options.random ?? systemRandom);
        await this.#options.clock.sleep(pauseMs, signal);
      }
    }
    return null;
  }
}

/** The message with all its records put aside. */
export function withoutRecords({ message }: DecodedMessage): DecodedMessage {
  return { message, records: [], refusals: [refusal(null, 'poison', '', '')] };
}

function readerMetrics({ name, lane, observer: { metrics } }: ReaderOptions) {
  const labels = { reader: name, lane };
  const labelNames = ['reader', 'lane'];
  const offset = gaugeNamed(metrics, {
    name: 'citywatch_reader_offset_bytes',
    help: 'Place in the journal up to which a reader is done',
    labelNames,
  });
  const poison = counterNamed(metrics, {
    name: 'citywatch_reader_poison_total',
    help: 'Messages put aside because handling them failed',
    labelNames,
  });
  return {
    at: (place: number) => offset.set(labels, place),
    poison: () => poison.inc(labels),
  };
}

/** Knows where all readers of a lane stand and tells the journal what none of them needs any more. */
export class ReadersOfLane {
  readonly #places = new Map<string, number>();
  readonly #journal: { release(offset: number): void };

  /** `names` are all readers of the lane; until each has said where it stands, nothing is released. */
  constructor(journal: { release(offset: number): void }, names: string[]) {
    this.#journal = journal;
    for (const name of names) this.#places.set(name, 0);
  }

  done(name: string, offset: number): void {
    if (!this.#places.has(name)) throw new Error(`${name} is not a reader of this lane`);
    this.#places.set(name, offset);
    this.again();
  }

  /** Something else than a reader let go of a part. */
  again(): void {
    this.#journal.release(Math.min(...this.#places.values()));
  }
}
