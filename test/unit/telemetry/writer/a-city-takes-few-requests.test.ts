import t from 'tap';
import type { DecodedBatch } from '../../../../src/core/types.ts';
import { runReader, UNGUARDED } from '../../../../src/ingest/readers/reader.ts';
import type { Store } from '../../../../src/telemetry/stores/store.ts';
import { TelemetryReader } from '../../../../src/telemetry/writer/telemetry-reader.ts';
import { TelemetryWriter, UNLIMITED_SERIES, WRITER_LIMITS } from '../../../../src/telemetry/writer/writer.ts';
import { AT_MS, decoded, reading } from '../../../support/ingest/batches.ts';
import { quietObserver } from '../../../support/ingest/journal.ts';
import { ManualClock } from '../../../support/time/clock.ts';

const PER_S = 450;
const SECONDS = 10;
const VALUES = { fill_pct: 82.5, weight_kg: 17.25, temp_c: 21.5, smoke: false, battery_pct: 97 };

/** What a reader would be handed of messages that come evenly from now on. */
function feedOf(clock: ManualClock) {
  const startMs = clock.monotonicMs();
  const head = (): number => Math.floor(((clock.monotonicMs() - startMs) * PER_S) / 1_000);
  const messageAt = (offset: number) =>
    decoded([reading(VALUES, { atMs: AT_MS + offset, timeNs: `${AT_MS + offset}000001` })], {
      id: `kiosk-${offset % 1_000}`,
      offset,
      endOffset: offset + 1,
    });
  const beyond = async ({ offset }: { offset: number }, signal: AbortSignal): Promise<void> => {
    while (head() <= offset && !signal.aborted) await clock.sleep(1, signal);
  };
  return {
    beyond,
    read: async ({ offset }: { offset: number }, signal: AbortSignal): Promise<DecodedBatch> => {
      await beyond({ offset }, signal);
      const messages = Array.from({ length: head() - offset }, (_, index) => messageAt(offset + index));
      return { lane: 'live', from: offset, to: head(), messages };
    },
  };
}

t.test('at 450 messages/s InfluxDB and the ledger are asked five times a second, in few bytes', async (t) => {
  const clock = new ManualClock();
  const observer = quietObserver();
  const sent = { requests: 0, lines: 0, bytes: 0, commits: 0 };
  const store: Pick<Store, 'ensure' | 'write'> = {
    ensure: async () => {},
    write: async (lines) => {
      sent.requests += 1;
      sent.lines += lines.length;
      sent.bytes += Buffer.byteLength(lines.join('\n'));
      return { rejected: [] };
    },
  };
  const stop = new AbortController();
  const feed = feedOf(clock);
  const writer = new TelemetryWriter(
    { store: store as Store, series: UNLIMITED_SERIES, clock, observer },
    WRITER_LIMITS,
  );
  const reader = new TelemetryReader({
    writer,
    books: {
      load: async () => 0,
      saved: () => 0,
      commit: async () => {
        sent.commits += 1;
      },
    },
    passages: { take: async () => null },
    pace: { run: (_, work) => work() },
  });
  const worker = runReader({
    name: reader.name,
    lane: 'live',
    feed,
    cursor: { load: async () => 0 },
    handle: (batch, signal) => reader.handle(batch, signal),
    restMs: reader.restMs,
    guard: UNGUARDED,
    clock,
    observer,
  });
  const ended = worker(stop.signal, () => {});
  for (let passedMs = 0; passedMs < SECONDS * 1_000; passedMs += 1) await clock.advance(1);
  stop.abort();
  await ended;
  t.ok(sent.lines > PER_S * (SECONDS - 1), `${sent.lines} of ${PER_S * SECONDS} are stored`);
  t.ok(sent.requests <= 5 * SECONDS, `${sent.requests} requests in ${SECONDS} s`);
  t.equal(sent.commits, sent.requests);
  const bytes = sent.bytes / sent.lines;
  t.ok(bytes <= 135, `${bytes} bytes for a message`);
});
