import t from 'tap';
import { CitywatchError } from '../../../../src/core/errors.ts';
import type { DecodedBatch, DecodedMessage } from '../../../../src/core/types.ts';
import { type BatchHandler, ReadersOfLane, runReader, UNGUARDED } from '../../../../src/ingest/readers/reader.ts';
import { quietObserver } from '../../../support/ingest/journal.ts';
import { storedMessage } from '../../../support/ingest/kiosk-kind.ts';
import { ManualClock } from '../../../support/time/clock.ts';

const messages: DecodedMessage[] = Array.from({ length: 100 }, (_, at) => ({
  message: storedMessage('{}', { offset: at * 10, endOffset: at * 10 + 10 }),
  records: [],
  refusals: [],
}));

/** Runs a reader over 100 messages in one batch and returns what its handler accepted. */
async function run(t: Tap, handle: (batch: DecodedBatch) => void, advanceMs = 1000) {
  const clock = new ManualClock();
  const stop = new AbortController();
  const done: DecodedBatch[] = [];
  const accepting: BatchHandler = async (batch) => {
    handle(batch);
    done.push(batch);
  };
  const feed = {
    beyond: async (): Promise<void> => {},
    read: async ({ offset }: { offset: number }, signal: AbortSignal): Promise<DecodedBatch> => {
      const rest = messages.filter(({ message }) => message.offset >= offset);
      if (rest.length === 0) await new Promise((resolve) => signal.addEventListener('abort', resolve));
      return { lane: 'live', from: offset, to: 1000, messages: rest };
    },
  };
  const worker = runReader({
    guard: UNGUARDED,
    restMs: 0,
    name: 'test',
    lane: 'live',
    feed,
    cursor: { load: async () => 0 },
    handle: accepting,
    clock,
    observer: quietObserver(),
  });
  const ended = worker(stop.signal, () => {});
  t.teardown(() => stop.abort());
  await Promise.race([clock.advance(advanceMs), ended.catch(() => {})]);
  stop.abort();
  return { done, ended };
}
type Tap = { teardown(run: () => unknown): void };

t.test('one poison message among a hundred is put aside, all others are handled, without gaps', async (t) => {
  let tries = 0;
  const { done, ended } = await run(t, (batch) => {
    const poison = batch.messages.find(({ message, refusals }) => message.offset === 370 && refusals.length === 0);
    if (poison && batch.messages.length === 1) tries += 1;
    if (poison) throw new TypeError('cannot handle it');
  });
  await ended;
  t.equal(tries, 3);
  let at = 0;
  for (const { from, to } of done) {
    t.equal(from, at);
    at = to;
  }
  t.equal(at, 1000);
  const handled = done.flatMap((batch) => batch.messages);
  t.same(
    handled.map(({ message }) => message.offset),
    messages.map(({ message }) => message.offset),
  );
  t.match(
    handled.filter(({ refusals }) => refusals.length > 0),
    [{ message: { offset: 370 }, refusals: [{ reason: 'poison' }] }],
  );
});

t.test('an error that may pass is waited out with the whole batch, however long', async (t) => {
  let calls = 0;
  const { done, ended } = await run(
    t,
    () => {
      calls += 1;
      if (calls < 20) throw new CitywatchError('store.unavailable');
    },
    300_000,
  );
  await ended;
  t.equal(calls, 20);
  t.equal(done.length, 1);
});

t.test('where another node has taken over the worker ends at once: no message is at fault', async (t) => {
  let calls = 0;
  const { done, ended } = await run(t, () => {
    calls += 1;
    throw new CitywatchError('lease.lost');
  });
  await t.rejects(ended, { code: 'lease.lost' });
  t.equal(calls, 1);
  t.equal(done.length, 0, 'and nothing is put aside');
});

t.test('when not even the empty message can be handled the worker ends with the reason', async (t) => {
  const { ended } = await run(t, () => {
    throw new TypeError('nothing works');
  });
  await t.rejects(ended, /nothing works/);
});

t.test('the journal may let go only of what every reader is done with', async (t) => {
  const released: number[] = [];
  const readers = new ReadersOfLane({ release: (offset) => released.push(offset) }, ['telemetry', 'rules']);
  readers.done('telemetry', 500);
  readers.done('rules', 200);
  readers.done('rules', 900);
  t.same(released, [0, 200, 500]);
  t.throws(() => readers.done('nobody', 1), /not a reader/);
});

t.test('after a small batch it rests, so that the next is larger; after a large one it goes on at once', async (t) => {
  const clock = new ManualClock();
  const stop = new AbortController();
  t.teardown(() => stop.abort());
  const [one] = messages;
  const sizes = [3, 1_300, 2, 1];
  const read: number[] = [];
  const feed = {
    beyond: async (): Promise<void> => {},
    read: async ({ offset }: { offset: number }, signal: AbortSignal): Promise<DecodedBatch> => {
      const size = sizes[offset];
      if (size === undefined || !one) await new Promise((resolve) => signal.addEventListener('abort', resolve));
      read.push(clock.monotonicMs());
      return { lane: 'live', from: offset, to: offset + 1, messages: Array.from({ length: size ?? 0 }, () => one!) };
    },
  };
  const worker = runReader({
    guard: UNGUARDED,
    name: 'test',
    lane: 'live',
    feed,
    cursor: { load: async () => 0 },
    handle: async () => {},
    restMs: 25,
    clock,
    observer: quietObserver(),
  });
  const ended = worker(stop.signal, () => {});
  await clock.advance(1_000);
  t.same(read, [0, 25, 25, 50]);
  stop.abort();
  await ended;
});

t.test('it does not sleep for what comes late enough by itself', async (t) => {
  const clock = new ManualClock();
  const stop = new AbortController();
  t.teardown(() => stop.abort());
  const [one] = messages;
  const read: number[] = [];
  const slept: number[] = [];
  const comesAtMs = [0, 40, 50, 120];
  const feed = {
    beyond: ({ offset }: { offset: number }, signal: AbortSignal): Promise<void> =>
      clock.sleep((comesAtMs[offset] ?? 1_000_000) - clock.monotonicMs(), signal),
    read: async ({ offset }: { offset: number }): Promise<DecodedBatch> => {
      read.push(clock.monotonicMs());
      return { lane: 'live', from: offset, to: offset + 1, messages: [one!] };
    },
  };
  const sleep = (ms: number, signal?: AbortSignal): Promise<void> => {
    slept.push(ms);
    return clock.sleep(ms, signal);
  };
  const worker = runReader({
    guard: UNGUARDED,
    name: 'test',
    lane: 'live',
    feed,
    cursor: { load: async () => 0 },
    handle: async () => {},
    restMs: 25,
    clock: Object.create(clock, {
      sleep: { value: sleep },
      monotonicMs: { value: () => clock.monotonicMs() },
    }),
    observer: quietObserver(),
  });
  const ended = worker(stop.signal, () => {});
  await clock.advance(1_000);
  t.same(read, [0, 40, 65, 120]);
  t.same(slept, [15], 'only for what came too soon');
  stop.abort();
  await ended;
});
