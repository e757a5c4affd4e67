import { join } from 'node:path';
import t, { type Test } from 'tap';
import { MINUTE_MS, systemClock } from '../../../../src/core/clock.ts';
import type { JournalReader } from '../../../../src/core/journal-reader.ts';
import type { DecodedBatch, Lane } from '../../../../src/core/types.ts';
import { DuplicateIndex } from '../../../../src/ingest/duplicates/index.ts';
import type { Journal } from '../../../../src/ingest/journal/journal.ts';
import { FEED_LIMITS, JournalFeed, UNGUARDED as UNGUARDED_FEED } from '../../../../src/ingest/readers/journal-feed.ts';
import { UNGUARDED as UNGUARDED_READER } from '../../../../src/ingest/readers/reader.ts';
import { Readers } from '../../../../src/ingest/readers/readers.ts';
import { TallyReader, tallied } from '../../../fixtures/readers/tally/tally.ts';
import { freeze } from '../../../support/blobs/blob-worlds.ts';
import { AT_MS, batch, decoded, reading } from '../../../support/ingest/batches.ts';
import {
  keepAlive,
  kioskMessage,
  openJournal,
  quietObserver,
  temporaryDirectory,
} from '../../../support/ingest/journal.ts';
import { kioskKinds } from '../../../support/ingest/kiosk-kind.ts';
import { until } from '../../../support/time/until.ts';

/** Both lanes of a journal, as a gateway has them. */
async function openLanes(t: Test) {
  const directory = await temporaryDirectory(t);
  const openLane = async (lane: Lane) => {
    const journal = await openJournal({ directory: join(directory, lane), lane, options: { groupDelayMs: 0 } });
    t.teardown(() => journal.close());
    const duplicates = new DuplicateIndex(join(directory, `${lane}-duplicates`));
    await duplicates.open(journal.head);
    t.teardown(() => duplicates.close());
    return { journal, duplicates };
  };
  return { live: await openLane('live'), bulk: await openLane('bulk') };
}

const say = (journal: Journal, packetId: number) => {
  const ts = AT_MS - packetId * MINUTE_MS;
  const raw = Buffer.from(JSON.stringify({ ts, values: { fill_pct: 1 } }));
  return journal.append(kioskMessage({ packetId, raw }));
};

/** A neighbour with a bug. */
const BROKEN: JournalReader = {
  name: 'broken',
  lanes: ['live'],
  restMs: 0,
  load: async () => {
    throw new TypeError('a bug');
  },
  saved: () => 0,
  handle: async () => {},
};

t.test('it is read for beside the others, in both lanes, and goes on where it saved', async (t) => {
  keepAlive(t);
  const lanes = await openLanes(t);
  const path = join(await temporaryDirectory(t), 'tally');
  const released: Record<Lane, number> = { live: 0, bulk: 0 };
  const watched = (lane: Lane) => ({
    get head() {
      return lanes[lane].journal.head;
    },
    tail: 0,
    release: (offset: number): void => {
      released[lane] = offset;
    },
  });
  const laneOf = (lane: Lane) => ({ journal: watched(lane), duplicates: { savedHighWater: Number.POSITIVE_INFINITY } });
  const life = (others: JournalReader[]) => {
    const observer = quietObserver();
    const readers = new Readers({
      readers: [...others, new TallyReader(path)],
      lanes: { live: laneOf('live'), bulk: laneOf('bulk') },
      feed: new JournalFeed({ limits: FEED_LIMITS, guard: UNGUARDED_FEED, lanes, kinds: kioskKinds, observer }),
      guard: { reader: () => UNGUARDED_READER },
      lease: { held: () => true },
      clock: systemClock,
      observer,
    });
    readers.start();
    t.teardown(() => readers.stop());
    return readers;
  };
  const counts = (count: number) =>
    until(`${count} are counted`, async () => (await tallied(path))['kiosk-1'] === count);

  await say(lanes.live.journal, 1);
  await say(lanes.bulk.journal, 2);
  const first = life([BROKEN]);
  await counts(2);
  t.match(
    first.list().filter(({ name }) => name === 'tally'),
    [{ lane: 'live' }, { lane: 'bulk' }],
    'health knows it',
  );
  t.equal(released.live, 0, 'the journal keeps what another has not read');
  await first.stop();

  await say(lanes.live.journal, 3);
  const second = life([]);
  await counts(3);
  await until('all of both lanes may go', () =>
    (['live', 'bulk'] as const).every((lane) => released[lane] === lanes[lane].journal.head),
  );
  await second.stop();
  t.same(await tallied(path), { 'kiosk-1': 3 }, 'none twice');
});

t.test('killed at any step of a save it counts nothing twice and forgets nothing', async (t) => {
  const MORE_STEPS_THAN_A_SAVE = 30;
  const directory = await temporaryDirectory(t);
  const at = (index: number): DecodedBatch =>
    batch([decoded([reading({ fill_pct: index })], { id: 'kiosk-1', offset: index * 100 })]);
  for (let step = 1; ; step += 1) {
    const path = join(directory, `tally-${step}`);
    const killed = new TallyReader(path);
    await killed.load('live');
    await killed.handle(at(0));
    const wasCut = await freeze(directory, step, () => killed.handle(at(1)));
    const next = new TallyReader(path);
    const from = await next.load('live');
    for (const each of [at(0), at(1), at(2)]) if (each.from >= from) await next.handle(each);
    t.same(await tallied(path), { 'kiosk-1': 3 }, `before step ${step}`);
    if (!wasCut) break;
    t.ok(step < MORE_STEPS_THAN_A_SAVE);
  }
});
