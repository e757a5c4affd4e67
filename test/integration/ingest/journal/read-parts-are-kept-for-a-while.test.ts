import { readdir } from 'node:fs/promises';
import t from 'tap';
import { HOUR_MS } from '../../../../src/core/clock.ts';
import { diskFiles } from '../../../../src/ingest/journal/files.ts';
import type { JournalOptions } from '../../../../src/ingest/journal/options.ts';
import {
  kioskMessage,
  openJournal,
  readAll,
  type Teardown,
  temporaryDirectory,
} from '../../../support/ingest/journal.ts';
import { ManualClock } from '../../../support/time/clock.ts';

async function filled(t: Teardown, options: Partial<JournalOptions>) {
  const directory = await temporaryDirectory(t);
  const clock = new ManualClock();
  const journal = await openJournal({ directory, clock, options: { segmentBytes: 1000, groupDelayMs: 0, ...options } });
  const offsets: number[] = [];
  for (let index = 0; index < 30; index += 1) {
    const raw = Buffer.alloc(400, 0x20);
    offsets.push((await journal.append(kioskMessage({ raw, receivedAtMs: clock.nowMs() }))).offset);
    await clock.leap(HOUR_MS / 10);
  }
  const files = async () => (await readdir(directory)).filter((name) => name.endsWith('.seg')).length;
  return { directory, clock, journal, offsets, files };
}

t.test('what is not read stays, however old', async (t) => {
  const { clock, journal, files } = await filled(t, {});
  const before = await files();
  await clock.leap(100 * HOUR_MS);
  await journal.tidy();
  t.equal(await files(), before);
  t.equal(journal.tail, 0);
  await journal.close();
});

t.test('read parts go after a day, whole files at a time, and never the newest', async (t) => {
  const { clock, journal, offsets, files } = await filled(t, {});
  journal.release(offsets[20]!);
  await clock.leap(23 * HOUR_MS);
  await journal.tidy();
  t.equal(journal.tail <= offsets[20]!, true);
  t.ok((await readAll(journal)).length >= 20);
  await clock.leap(48 * HOUR_MS);
  await journal.tidy();
  t.ok(journal.tail > 0 && journal.tail <= offsets[20]!, 'all read files are gone');
  t.equal(await journal.at(offsets[0]!), null);
  journal.release(journal.head);
  await journal.tidy();
  t.equal(await files(), 1);
  t.equal(journal.received().counts[0]?.messages, 30, 'the counts remember what is gone');
  await journal.close();
});

t.test('read parts go when they are too many or the disk is short, and counts survive a restart', async (t) => {
  const many = await filled(t, { keepBytes: 3000 });
  many.journal.release(many.journal.head);
  await many.journal.tidy();
  t.ok(many.journal.head - many.journal.tail <= 3000 + 1500);
  await many.journal.close();
  const again = await openJournal({ directory: many.directory });
  t.equal(again.received().counts[0]?.messages, 30);
  await again.close();

  let freeBytes = 1e9;
  const scarce = await filled(t, { files: { ...diskFiles, freeBytes: async () => freeBytes }, reserveBytes: 1e6 });
  scarce.journal.release(scarce.journal.head);
  freeBytes = 1e5;
  await scarce.clock.advance(10_000);
  await scarce.journal.tidy();
  t.equal(await scarce.files(), 1, 'explaining old messages gives way to taking new ones');
  await scarce.journal.close();
});

t.test('a clock that is set ahead ages nothing', async (t) => {
  const { clock, journal } = await filled(t, {});
  journal.release(journal.head);
  clock.setWall(clock.nowMs() + 25 * HOUR_MS);
  await journal.tidy();
  t.equal(journal.tail, 0, 'all is still there');
  await clock.leap(25 * HOUR_MS);
  await journal.tidy();
  t.ok(journal.tail > 0, 'until a day has really passed');
  await journal.close();
});
