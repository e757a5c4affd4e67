import { join } from 'node:path';
import t, { type Test } from 'tap';
import { DuplicateIndex } from '../../../../src/ingest/duplicates/index.ts';
import { FEED_LIMITS, type FeedJournal, JournalFeed, UNGUARDED } from '../../../../src/ingest/readers/journal-feed.ts';
import {
  keepAlive,
  kioskMessage,
  openJournal,
  quietObserver,
  temporaryDirectory,
} from '../../../support/ingest/journal.ts';
import { kioskKinds } from '../../../support/ingest/kiosk-kind.ts';

/** A feed of messages in stretches of two; `read` are the places from which the journal was read. */
async function feedOf(t: Test, { messages, cacheMessages }: { messages: number; cacheMessages: number }) {
  keepAlive(t);
  const directory = await temporaryDirectory(t);
  const journal = await openJournal({ directory, options: { groupDelayMs: 0 } });
  t.teardown(() => journal.close());
  const duplicates = new DuplicateIndex(join(directory, 'duplicates'));
  await duplicates.open(journal.head);
  t.teardown(() => duplicates.close());
  const more = async (count: number) => {
    for (let number = 0; number < count; number += 1) await journal.append(kioskMessage({ packetId: number + 1 }));
  };
  await more(messages);
  const read: number[] = [];
  const counted: FeedJournal = {
    get head() {
      return journal.head;
    },
    read: (offset, limits) => {
      read.push(offset);
      return journal.read(offset, limits);
    },
    waitBeyond: (offset, signal) => journal.waitBeyond(offset, signal),
  };
  const feed = new JournalFeed({
    guard: UNGUARDED,
    lanes: { live: { journal: counted, duplicates } },
    kinds: kioskKinds,
    observer: quietObserver(),
    limits: { ...FEED_LIMITS, live: { ...FEED_LIMITS.live, batchMessages: 2, cacheMessages } },
  });
  const { signal } = new AbortController();
  const next = async (reader: string | undefined, offset: number) =>
    (await feed.read({ lane: 'live', offset }, signal, reader)).to;
  return { journal, read, more, next };
}

t.test('a stretch stays decoded until each reader is past it, and no longer', async (t) => {
  const { read, next } = await feedOf(t, { messages: 6, cacheMessages: 20_000 });
  const second = await next('quick', 0);
  await next('slow', 0);
  const third = await next('quick', second);
  await next('quick', third);
  t.same(read, [0, second, third]);
  await next('slow', second);
  t.same(read, [0, second, third], 'the slow one gets what was decoded for the quick one');
  t.equal(await next(undefined, 0), second);
  t.same(read, [0, second, third, 0], 'both are past the first stretch: who asks once more has it read from disk');
});

t.test('nothing is kept for a reader that is too far behind to come to it', async (t) => {
  const { journal, read, more, next } = await feedOf(t, { messages: 12, cacheMessages: 4 });
  const places = [0];
  await next('slow', 0);
  for (let at = 0; at < journal.head; places.push(at)) at = await next('quick', at);
  t.equal(places.length, 7);
  await next('beside', places[5]!);
  read.length = 0;
  await next(undefined, places[4]!);
  t.same(read, [places[4]], 'it was let go, though the slow one has not come to it');
  let at = places[1]!;
  while (at < journal.head) at = await next('slow', at);
  await more(4);
  const first = await next('quick', places[6]!);
  await next('slow', places[6]!);
  await next('quick', first);
  read.length = 0;
  await next('slow', first);
  t.same(read, [], 'once it has caught up, what others had decoded is kept for it again');
});
