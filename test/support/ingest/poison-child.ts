import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { systemClock } from '../../../src/core/clock.ts';
import { DuplicateIndex } from '../../../src/ingest/duplicates/index.ts';
import { CrashGuard } from '../../../src/ingest/poison/crash-guard.ts';
import { FEED_LIMITS, JournalFeed } from '../../../src/ingest/readers/journal-feed.ts';
import { runReader } from '../../../src/ingest/readers/reader.ts';
import { lasts } from '../time/lasting.ts';
import { until } from '../time/until.ts';
import { openJournal, quietObserver } from './journal.ts';
import { KIOSK } from './kiosk-kind.ts';

/**
 * A child process that reads the journal in argv[2] with two readers until its end. It dies of any message of the kind
 * `deadly` while that is decoded, and of any with the text `KILL` while the reader `first` handles it. Each reader
 * appends `offset number of records reasons` of what it handled to a file of its name, once it is done with a batch.
 * Says when it begins; with argv[3] its batches are small and take a while.
 */
const directory = process.argv[2]!;
const dieNow = (): never => {
  process.kill(process.pid, 'SIGKILL');
  for (;;);
};
const kinds = { at: (kind: string) => (kind === 'deadly' ? dieNow() : KIOSK) };
const observer = quietObserver();
const journal = await openJournal({ directory: `${directory}/journal` });
const duplicates = new DuplicateIndex(`${directory}/duplicates`);
await duplicates.open(journal.head);
const guard = await CrashGuard.open({ directory: `${directory}/guard`, clock: systemClock, observer });
const live = { ...FEED_LIMITS.live, ...(process.argv[3] && { batchMessages: 500 }) };
const limits = { ...FEED_LIMITS, live };
const feed = new JournalFeed({ lanes: { live: { journal, duplicates } }, kinds, observer, guard, limits });
const stop = new AbortController();
process.stdout.write('begins\n');
const places = new Map<string, number>();
for (const name of ['first', 'second']) {
  const place = `${directory}/${name}.cursor`;
  const worker = runReader({
    name,
    restMs: 0,
    lane: 'live',
    feed,
    clock: systemClock,
    observer,
    guard: guard.reader(name, 'live'),
    cursor: { load: async () => (existsSync(place) ? Number(readFileSync(place, 'utf8')) : 0) },
    handle: async (batch) => {
      let lines = '';
      for (const { message, records, refusals } of batch.messages) {
        if (name === 'first' && records.length > 0 && message.raw.includes('KILL')) dieNow();
        lines += `${message.offset} ${records.length} ${refusals.map(({ reason }) => reason)}\n`;
      }
      // The other reader has a batch under way when this one dies.
      if (name === 'second' || process.argv[3]) await lasts(5);
      appendFileSync(`${directory}/${name}`, lines);
      writeFileSync(place, String(batch.to));
    },
    onDone: (offset) => void places.set(name, offset),
  });
  worker(stop.signal, () => {}).catch((error: unknown) => {
    process.stderr.write(`${error}\n`);
    process.exit(1);
  });
}
const isAtItsEnd = (): boolean => places.size === 2 && [...places.values()].every((offset) => offset >= journal.head);
await until('both have read all', isAtItsEnd, 120_000);
stop.abort();
guard.close();
await journal.close();
await duplicates.close();
process.exit(0);
