import { join } from 'node:path';
import t from 'tap';
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

t.test('a stretch stays decoded until each reader is past it, and no longer', async (t) => {
  keepAlive(t);
  const directory = await temporaryDirectory(t);
  const journal = await openJournal({ directory, options: { groupDelayMs: 0 } });
  t.teardown(() => journal.close());
  const duplicates = new DuplicateIndex(join(directory, 'duplicates'));
  await duplicates.open(journal.head);
  t.teardown(() => duplicates.close());
  for (let number = 0; number < 6; number += 1) await journal.append(kioskMessage({ packetId: number + 1 }));
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
  const lanes = { live: { journal: counted, duplicates } };
  const feed = new JournalFeed({
    guard: UNGUARDED,
    lanes,
    kinds: kioskKinds,
    observer: quietObserver(),
    limits: { ...FEED_LIMITS, live: { ...FEED_LIMITS.live, batchMessages: 2 } },
  });
  const { signal } = new AbortController();
  const next = (reader: string, offset: number) => feed.read({ lane: 'live', offset }, signal, reader);

  const second = (await next('quick', 0)).to;
  await next('slow', 0);
  const third = (await next('quick', second)).to;
  await next('quick', third);
  t.same(read, [0, second, third]);
  await next('slow', second);
  t.same(read, [0, second, third], 'the slow one gets what was decoded for the quick one');
  const again = await feed.read({ lane: 'live', offset: 0 }, signal);
  t.same(read, [0, second, third, 0], 'both are past the first stretch: who asks once more has it read from disk');
  t.equal(again.messages.length, 2);
});
