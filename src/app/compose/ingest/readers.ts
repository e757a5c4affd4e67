import type { RulesReader } from '../../../alerts/rules/rules-reader.ts';
import type { Clock } from '../../../core/clock.ts';
import { CitywatchError } from '../../../core/errors.ts';
import type { Lifecycle } from '../../../core/mechanisms/lifecycle.ts';
import { supervise, type Worker } from '../../../core/mechanisms/supervise.ts';
import type { Observer } from '../../../core/observe.ts';
import type { DecodedBatch, Lane } from '../../../core/types.ts';
import type { Journal } from '../../../ingest/journal/journal.ts';
import type { Ledger } from '../../../ingest/ledger/ledger.ts';
import type { CrashGuard } from '../../../ingest/poison/crash-guard.ts';
import { ReaderBoard } from '../../../ingest/readers/board.ts';
import { BulkPace, oldestDayFirst } from '../../../ingest/readers/bulk-pace.ts';
import type { Feed } from '../../../ingest/readers/feed.ts';
import { ReadersOfLane, runReader } from '../../../ingest/readers/reader.ts';
import type { HeldLease } from '../../../ingest/uplinks/common/intake.ts';
import type { Passages } from '../../../passages/passages.ts';
import type { Twin } from '../../../telemetry/twin/twin.ts';
import type { TelemetryWriter } from '../../../telemetry/writer/writer.ts';

export interface ReadersInput {
  journals: Record<Lane, Journal>;
  feed: Feed;
  guard: CrashGuard;
  ledger: Ledger;
  writer: TelemetryWriter;
  passages: Passages;
  rules: RulesReader;
  twin: Twin;
  clock: Clock;
  observer: Observer;
  lifecycle: Lifecycle;
  lease: HeldLease;
}

/** One reader as it runs in each lane, with a cursor of its own there. */
export interface LaneReader {
  /** Where there is something to read for it; absent: in both. */
  lanes?: readonly Lane[];
  load(lane: Lane): Promise<number>;
  handle(batch: DecodedBatch, signal: AbortSignal): Promise<void>;
  /** Up to where its work survives a crash; absent where `handle` resolves only then. */
  saved?(lane: Lane): number;
  /** Pause after a small batch. */
  restMs: number;
}

/**
 * What waits for a reader is seen that much later; how many batches there are while little is sent is what a quiet city
 * costs. A batch of telemetry is a request to InfluxDB and a transaction.
 */
const REST_MS = { telemetry: 25, rules: 5, twin: 5 };

/** Where the telemetry reader stands: everything of the lane before it is stored or explained. */
export type StoredUpTo = (lane: Lane) => number;

/** What runs. */
export interface RunningReaders {
  storedUpTo: StoredUpTo;
  board: ReaderBoard;
}

/** Starts every reader in both lanes, each supervised. `more` are read beside the three of the design. */
export function startReaders(input: ReadersInput, more: Record<string, LaneReader> = {}): RunningReaders {
  const { journals, ledger, writer, passages, rules, twin, clock, lifecycle } = input;
  const stored: Record<Lane, number> = { live: journals.live.tail, bulk: journals.bulk.tail };
  const pace = new BulkPace({ clock, liveBacklogBytes: () => journals.live.head - stored.live });
  const store = async (batch: DecodedBatch, signal: AbortSignal): Promise<void> => {
    const rejected = await writer.write(oldestDayFirst(batch), signal);
    await ledger.commit(batch, rejected, await passages.take(batch, rejected));
  };
  const readers: Record<string, LaneReader> = {
    telemetry: {
      load: (lane) => ledger.cursor(lane).load(),
      handle: (batch, signal) =>
        batch.lane === 'live' ? store(batch, signal) : pace.run(signal, () => store(batch, signal)),
      restMs: REST_MS.telemetry,
    },
    rules: {
      load: (lane) => rules.load(lane),
      handle: (batch) => rules.handle(batch),
      saved: (lane) => rules.saved(lane),
      restMs: REST_MS.rules,
    },
    twin: {
      load: async (lane) => twin.cursor(lane),
      handle: async (batch) => twin.handle(batch),
      saved: (lane) => twin.durableCursor(lane),
      restMs: REST_MS.twin,
    },
    ...more,
  };
  lifecycle.onStop('rules', () => rules.stop());
  const board = new ReaderBoard({ clock, head: (lane) => journals[lane].head });
  board.start();
  lifecycle.onStop('reader board', () => board.stop());
  for (const lane of ['live', 'bulk'] as const) {
    const here = Object.entries(readers).filter(([, { lanes }]) => lanes?.includes(lane) ?? true);
    const places = new ReadersOfLane(
      journals[lane],
      here.map(([name]) => name),
    );
    for (const [name, reader] of here) {
      const stands = board.add(name, lane, journals[lane].tail);
      const onDone = (offset: number): void => {
        stands(offset);
        if (name === 'telemetry') stored[lane] = offset;
        // What is read but not saved is still needed: a crash reads it again.
        places.done(name, Math.min(offset, reader.saved?.(lane) ?? offset));
      };
      startReader(name, lane, reader, { ...input, onDone });
    }
  }
  rules.start();
  return { storedUpTo: (lane) => stored[lane], board };
}

function startReader(
  name: string,
  lane: Lane,
  { load, restMs, ...reader }: LaneReader,
  { feed, guard, lease, clock, observer, lifecycle, onDone }: ReadersInput & { onDone(offset: number): void },
): void {
  const cursor = { load: () => load(lane) };
  // Whoever may have taken the lease judges by a state of its own.
  const handle: LaneReader['handle'] = async (batch, signal) => {
    if (!lease.held()) throw new CitywatchError('store.unavailable', { detail: 'The lease is not confirmed.' });
    await reader.handle(batch, signal);
  };
  const worker: Worker = runReader({
    ...{ name, lane, feed, cursor, handle, clock, observer, onDone, restMs },
    guard: guard.reader(name, lane),
  });
  const onEnd = (reason: unknown): void => {
    observer.log.error({ part: `reader ${name}`, lane, err: reason }, 'a reader ended and starts again');
  };
  const running = supervise(worker, { name: `${name} ${lane}`, clock, maxBackoffMs: 5_000, onEnd });
  lifecycle.onStop(`reader ${name} ${lane}`, () => running.stop());
}
