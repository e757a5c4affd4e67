import t from 'tap';
import { CitywatchError } from '../../../../src/core/errors.ts';
import type { JournalReader } from '../../../../src/core/journal-reader.ts';
import type { DecodedBatch, JournalPosition, Lane } from '../../../../src/core/types.ts';
import { Readers } from '../../../../src/ingest/readers/readers.ts';
import { quietObserver } from '../../../support/ingest/journal.ts';
import { storedMessage } from '../../../support/ingest/kiosk-kind.ts';
import { ManualClock } from '../../../support/time/clock.ts';
import { until } from '../../../support/time/until.ts';

const HEAD = 1_000;
const messages = Array.from({ length: 10 }, (_, at) => ({
  message: storedMessage('{}', { offset: at * 100, endOffset: at * 100 + 100 }),
  records: [],
  refusals: [],
}));

/** A reader in memory; `handle` says what goes wrong with it. */
class TestReader implements JournalReader {
  readonly name: string;
  readonly lanes: readonly Lane[] = ['live'];
  readonly restMs = 0;
  readonly #handle: (batch: DecodedBatch, signal: AbortSignal) => Promise<void>;
  loads = 0;
  at = 0;
  kept = 0;

  constructor(name: string, handle: (batch: DecodedBatch, signal: AbortSignal) => Promise<void>) {
    this.name = name;
    this.#handle = handle;
  }

  async load(): Promise<number> {
    this.loads += 1;
    return this.at;
  }

  saved(): number {
    return this.kept;
  }

  async handle(batch: DecodedBatch, signal: AbortSignal): Promise<void> {
    await this.#handle(batch, signal);
    this.at = batch.to;
  }
}

const aborted = (signal: AbortSignal) =>
  new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));

interface World {
  lease: { held(): boolean };
  duplicates: { savedHighWater: number; entered: number };
}

const WELL: World = { lease: { held: () => true }, duplicates: { savedHighWater: HEAD, entered: HEAD } };

function start(t: { teardown(run: () => unknown): void }, readers: TestReader[], world: Partial<World> = {}) {
  const { lease, duplicates } = { ...WELL, ...world };
  const clock = new ManualClock();
  const released: number[] = [];
  const journal = { head: HEAD, tail: 0, release: (offset: number) => void released.push(offset) };
  const feed = {
    beyond: async (): Promise<void> => {},
    read: async ({ lane, offset }: JournalPosition, signal: AbortSignal): Promise<DecodedBatch> => {
      if (offset >= HEAD || lane === 'bulk') await aborted(signal);
      return { lane, from: offset, to: HEAD, messages: messages.filter(({ message }) => message.offset >= offset) };
    },
    saveIndex: async (): Promise<void> => {
      duplicates.savedHighWater = duplicates.entered;
    },
  };
  const guard = { reader: () => ({ steps: (batch: DecodedBatch) => [batch], enter: async () => () => {} }) };
  const running = new Readers({
    readers,
    feed,
    guard,
    lease,
    clock,
    observer: quietObserver(),
    lanes: { live: { journal, duplicates }, bulk: { journal: { ...journal, release: () => {} }, duplicates } },
  });
  running.start();
  t.teardown(async () => {
    const stopped = running.stop();
    await clock.advance(60_000);
    await stopped;
  });
  return { clock, running, released };
}

t.test('what throws, ends, waits for its service or hangs holds up no other, and is read again', async (t) => {
  const well = new TestReader('well', async () => {});
  const away = new TestReader('away', async () => {
    throw new CitywatchError('store.unavailable', { detail: 'away' });
  });
  const broken = new TestReader('broken', async () => {
    throw new TypeError('a bug');
  });
  const hangs = new TestReader('hangs', (_, signal) => aborted(signal));
  const { clock, running, released } = start(t, [broken, away, hangs, well]);
  await until('the well one has read all', async () => {
    await clock.advance(1_000);
    return well.at === HEAD;
  });
  await until('the broken one began anew', async () => {
    await clock.advance(10_000);
    return broken.loads > 1;
  });
  await clock.advance(60_000);
  const stuck = running.list().filter(({ lane, stuckMs }) => lane === 'live' && stuckMs !== null);
  t.strictSame(stuck.map(({ name }) => name).sort(), ['away', 'broken', 'hangs']);
  t.ok(released.length > 0 && released.every((offset) => offset === 0), 'the journal keeps what they have not read');
});

t.test('the journal keeps what is read and not saved', async (t) => {
  const quick = new TestReader('quick', async () => {});
  const lazy = new TestReader('lazy', async () => {});
  quick.kept = HEAD;
  lazy.kept = 300;
  const { clock, released } = start(t, [quick, lazy]);
  await until('both have read all', async () => {
    await clock.advance(100);
    return quick.at === HEAD && lazy.at === HEAD;
  });
  await clock.advance(100);
  t.equal(Math.max(...released), 300);
});

t.test('the journal keeps what the index of duplicates would have to enter again after a crash', async (t) => {
  const quick = new TestReader('quick', async () => {});
  quick.kept = HEAD;
  const { clock, released } = start(t, [quick], { duplicates: { savedHighWater: 200, entered: HEAD } });
  await until('all is read', async () => {
    await clock.advance(100);
    return quick.at === HEAD;
  });
  await clock.advance(100);
  t.equal(Math.max(...released), 200);
  await clock.advance(10_000);
  await until('it is saved and let go though no message comes any more', () => Math.max(...released) === HEAD);
});

t.test('without the lease nothing is handled', async (t) => {
  const lease = { isHeld: false };
  const reader = new TestReader('reader', async () => {});
  const { clock } = start(t, [reader], { lease: { held: () => lease.isHeld } });
  await clock.advance(30_000);
  t.equal(reader.at, 0);
  lease.isHeld = true;
  await until('it reads', async () => {
    await clock.advance(10_000);
    return reader.at === HEAD;
  });
});
