import t from 'tap';
import { CitywatchError } from '../../../../src/core/errors.ts';
import { type RejectedLine, type Store, StoreDiskFull } from '../../../../src/telemetry/stores/store.ts';
import {
  TelemetryWriter,
  UNLIMITED_SERIES,
  WRITER_LIMITS,
  type WriterLimits,
} from '../../../../src/telemetry/writer/writer.ts';
import { batch, decoded, reading } from '../../../support/ingest/batches.ts';
import { quietObserver } from '../../../support/services/services.ts';
import { ManualClock } from '../../../support/time/clock.ts';

type Write = (lines: readonly string[], signal: AbortSignal) => Promise<{ rejected: RejectedLine[] }>;

function writerOn(
  write: Write,
  options?: Partial<WriterLimits>,
  ensure: Store['ensure'] = async () => {},
  restartStore = async () => {},
) {
  const clock = new ManualClock();
  const store: Store = {
    ensure,
    write,
    ping: async () => ({ version: '1' }),
    points: async () => [],
    buckets: async () => [],
  };
  const writer = new TelemetryWriter(
    { series: UNLIMITED_SERIES, store, clock, observer: quietObserver(), restartStore, random: () => 1 },
    { ...WRITER_LIMITS, ...options },
  );
  return { clock, writer };
}

const never = new AbortController().signal;
const unavailable = (retryAfterS?: number) =>
  new CitywatchError('store.unavailable', retryAfterS === undefined ? {} : { retryAfterS });
const stored: Write = async () => ({ rejected: [] });

/** One message of `count` readings. */
function some(count: number, values = { fill_pct: 1 }) {
  return batch([decoded(Array.from({ length: count }, (_, index) => reading(values, { index })))]);
}

t.test('requests are bounded in lines, in characters and in number', async (t) => {
  let now = 0;
  let most = 0;
  const sizes: number[] = [];
  const slow: Write = async (lines) => {
    now += 1;
    most = Math.max(most, now);
    sizes.push(lines.length);
    await new Promise((resolve) => setImmediate(resolve));
    now -= 1;
    return { rejected: [] };
  };
  const { writer } = writerOn(slow, { linesMax: 10 });
  await Promise.all([writer.write(some(95), never), writer.write(some(42), never)]);
  t.equal(most, 2, 'over all calls together');
  t.equal(Math.max(...sizes), 10);
  t.equal(
    sizes.reduce((a, b) => a + b),
    137,
  );

  sizes.length = 0;
  const long = writerOn(slow, { charactersMax: 300 }).writer;
  await long.write(
    batch([decoded([reading({ s: 'x'.repeat(500) }), reading({ s: 'y' }), reading({ s: 'z' })])]),
    never,
  );
  t.strictSame(sizes, [1, 2], 'one line longer than a request goes alone');
});

t.test('waits longer from try to try, up to ten seconds, and as long as it is told to', async (t) => {
  let tries = 0;
  const answers = [unavailable(), unavailable(), unavailable(30), ...Array(6).fill(unavailable())];
  const { writer, clock } = writerOn(async () => {
    const error = answers[tries];
    tries += 1;
    if (error) throw error;
    return { rejected: [] };
  });
  const write = writer.write(some(1), never);
  for (const ms of [200, 400, 30_000, 1_600, 3_200, 6_400, 10_000, 10_000, 10_000]) {
    const before = tries;
    await clock.advance(ms - 1);
    t.equal(tries, before === 0 ? 1 : before);
    t.equal(writer.status().ok, false);
    await clock.advance(1);
  }
  await write;
  t.equal(tries, 10);
  t.strictSame(writer.status(), { ok: true, reason: null });
});

t.test('a store that refuses us is prepared again before each slow try', async (t) => {
  let ensured = 0;
  let tries = 0;
  const write: Write = async () => {
    tries += 1;
    if (tries < 3) throw new CitywatchError('store.refused', { detail: 'no such database' });
    return { rejected: [] };
  };
  const { writer, clock } = writerOn(write, {}, async () => {
    ensured += 1;
  });
  const done = writer.write(some(1), never);
  await clock.advance(14_999);
  t.match(writer.status(), { ok: false, reason: 'no such database' });
  t.equal(tries, 1);
  await clock.advance(1);
  await clock.advance(15_000);
  await done;
  t.equal(ensured, 3);
});

t.test('a store whose disk was full is restarted, because it would not notice the room', async (t) => {
  let restarts = 0;
  const full = new CitywatchError('store.unavailable', { cause: new StoreDiskFull() });
  const write: Write = async () => {
    if (restarts < 2) throw full;
    return { rejected: [] };
  };
  const restart = async () => {
    restarts += 1;
    if (restarts === 1) throw new Error('it did not come back');
  };
  const { writer, clock } = writerOn(write, {}, undefined, restart);
  const done = writer.write(some(1), never);
  await clock.advance(19_000);
  t.equal(restarts, 0, 'not at once: room may be made in a moment');
  await clock.advance(60_000);
  t.strictSame(await done, []);
  t.equal(restarts, 2);
});

t.test('a store that is away at start is prepared when it is there', async (t) => {
  let away = true;
  const { writer, clock } = writerOn(stored, {}, async () => {
    if (away) throw unavailable();
  });
  const done = writer.write(some(1), never);
  await clock.advance(60_000);
  away = false;
  await clock.advance(10_000);
  t.strictSame(await done, []);
});

t.test('an error that is no answer of a store is not tried again', async (t) => {
  let tries = 0;
  const { writer } = writerOn(
    async () => {
      tries += 1;
      throw new TypeError('a mistake of ours');
    },
    { linesMax: 1 },
  );
  await t.rejects(writer.write(some(20), never), TypeError);
  t.ok(tries < 10, 'and the rest of the batch is left');
});

t.test('an aborted signal ends the wait and leaves no timer', async (t) => {
  const { writer, clock } = writerOn(async () => {
    throw unavailable();
  });
  const controller = new AbortController();
  const write = writer.write(some(1), controller.signal);
  await clock.advance(1_000);
  controller.abort(new Error('stopping'));
  await t.rejects(write, { message: 'stopping' });
  t.equal(clock.waiting, 0);
  await t.rejects(writer.write(some(1), controller.signal), { message: 'stopping' });
});

t.test('rejected lines are given back as records, in order of the journal', async (t) => {
  const { writer } = writerOn(
    async (lines) => ({
      rejected: lines.flatMap((line, at) =>
        line.includes('bad=') ? [{ line: at, reason: 'store.rejected' as const, detail: 'why' }] : [],
      ),
    }),
    { linesMax: 2 },
  );
  const one = decoded([reading({ ok: 1 }), reading({ bad: 1 }, { index: 1 })], { offset: 100 });
  const two = decoded([reading({ bad: 1 }), reading({ ok: 1, dev: 2 }, { index: 1 })], { offset: 200 });
  const three = decoded([reading({ bad: 1 }, { index: 5 })], { offset: 300 });
  t.strictSame(await writer.write(batch([one, two, three]), never), [
    { offset: 100, index: 1, reason: 'store.rejected', detail: 'why' },
    { offset: 200, index: 0, reason: 'store.rejected', detail: 'why' },
    { offset: 200, index: 1, reason: 'line.name', detail: 'dev' },
    { offset: 300, index: 5, reason: 'store.rejected', detail: 'why' },
  ]);
  t.strictSame(await writer.write(batch([]), never), []);
});
