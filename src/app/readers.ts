import type { RulesReader } from '../alerts/rules-reader.ts';
import type { Clock } from '../core/clock.ts';
import type { Lifecycle } from '../core/lifecycle.ts';
import type { Observer } from '../core/observe.ts';
import { supervise, type Worker } from '../core/supervise.ts';
import type { DecodedBatch } from '../core/types.ts';
import type { Feed } from '../ingest/feed.ts';
import type { Journal } from '../ingest/journal/journal.ts';
import type { Ledger } from '../ingest/ledger.ts';
import { ReadersOfLane, runReader } from '../ingest/reader.ts';
import type { Twin } from '../telemetry/twin.ts';
import type { TelemetryWriter } from '../telemetry/writer.ts';

export interface ReadersInput {
  journal: Journal;
  feed: Feed;
  ledger: Ledger;
  writer: TelemetryWriter;
  rules: RulesReader;
  twin: Twin;
  clock: Clock;
  observer: Observer;
  lifecycle: Lifecycle;
}

type Handler = (batch: DecodedBatch, signal: AbortSignal) => Promise<void>;

/** Starts the three readers of the live lane, each under its own supervision and with its own cursor. */
export function startReaders(input: ReadersInput): void {
  const { journal, feed, ledger, writer, rules, twin, clock, observer, lifecycle } = input;
  const places = new ReadersOfLane(journal, ['telemetry', 'rules', 'twin']);
  const reader = (name: string, load: () => Promise<number>, handle: Handler, saved?: () => number): Worker =>
    runReader({
      ...{ name, lane: 'live' as const, feed, cursor: { load }, handle, clock, observer },
      // What is read but not saved is still needed: a crash reads it again.
      onDone: (offset) => places.done(name, Math.min(offset, saved?.() ?? offset)),
    });
  const workers: Record<string, Worker> = {
    telemetry: reader('telemetry', ledger.cursor('live').load, async (batch, signal) => {
      await ledger.commit(batch, await writer.write(batch, signal));
    }),
    rules: reader(
      'rules',
      () => rules.load(),
      (batch) => rules.handle(batch),
      () => rules.saved,
    ),
    twin: reader(
      'twin',
      async () => twin.cursor('live'),
      async (batch) => twin.handle(batch),
      () => twin.durableCursor('live'),
    ),
  };
  lifecycle.onStop('rules', () => rules.stop());
  for (const [name, worker] of Object.entries(workers)) {
    const onEnd = (reason: unknown): void => {
      observer.log.error({ part: `reader ${name}`, err: reason }, 'a reader ended and starts again');
    };
    const running = supervise(worker, { name, clock, maxBackoffMs: 5_000, onEnd });
    lifecycle.onStop(`reader ${name}`, () => running.stop());
  }
  rules.start();
}
