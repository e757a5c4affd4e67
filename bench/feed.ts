import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../src/core/clock.ts';
import { createObserver, KnownSecrets } from '../src/core/observe.ts';
import type { Channel } from '../src/core/types.ts';
import { DuplicateIndex } from '../src/ingest/duplicates/index.ts';
import { Journal } from '../src/ingest/journal/journal.ts';
import { JOURNAL_DEFAULTS } from '../src/ingest/journal/options.ts';
import { FEED_LIMITS, JournalFeed, UNGUARDED } from '../src/ingest/readers/journal-feed.ts';
import { ONE_LIFE } from '../test/support/ingest/journal.ts';
import { type Given, tell, tellMachine } from './support/figures.ts';
import { KIOSK } from './support/kiosk.ts';

/** Reading decoded batches from disk: readings, which need no index, and events, which do; fresh and read again. */

const MESSAGES = 100_000;
const nowMs = systemClock.nowMs();
const CASES: [string, Channel, (at: number) => string][] = [
  ['readings with ts', 'telemetry', (at) => `{"ts":${nowMs - at},"values":{"fill_pct":${at % 100}}}`],
  ['events with id', 'event', (at) => `{"ts":${nowMs - at},"id":"e-${at}","type":"jam"}`],
  ['readings without ts and id', 'telemetry', (at) => `{"values":{"fill_pct":${at % 100}}}`],
];

const alive = setInterval(() => {}, 1000);
tellMachine();
for (const [name, channel, raw] of CASES) await measure(name, channel, raw);
clearInterval(alive);

async function measure(name: string, channel: Channel, raw: (at: number) => string): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'citywatch-bench-'));
  const observer = createObserver({ level: 'error', secrets: new KnownSecrets() });
  const journal = await Journal.open({
    directory,
    lane: 'live',
    lineage: ONE_LIFE,
    options: JOURNAL_DEFAULTS,
    clock: systemClock,
    observer,
  });
  for (let from = 0; from < MESSAGES; from += 5000) {
    const part = Array.from({ length: 5000 }, (_, index) => append(journal, channel, { at: from + index, raw }));
    await Promise.all(part);
  }
  const duplicates = new DuplicateIndex(join(directory, 'duplicates'));
  await duplicates.open(journal.head);
  const feed = new JournalFeed({
    limits: FEED_LIMITS,
    guard: UNGUARDED,
    lanes: { live: { journal, duplicates } },
    kinds: { at: () => KIOSK },
    observer,
  });
  for (const round of ['fresh', 'again']) {
    tell('decoded batches are read from disk', { of: name, round }, await readAll(feed, journal.head));
  }
  await duplicates.close();
  await journal.close();
  await rm(directory, { recursive: true });
}

function append(journal: Journal, channel: Channel, { at, raw }: { at: number; raw: (at: number) => string }) {
  const id = `kiosk-${at % 1000}`;
  return journal.append({
    receivedAtMs: nowMs,
    uplink: 'mqtt',
    channel,
    topic: `cw/v1/${id}/${channel}`,
    connection: `c-${id}`,
    device: { id, kind: KIOSK.kind, kindVersion: 1, jurisdiction: '330212' },
    packetId: 1 + (at % 65_535),
    dup: false,
    raw: Buffer.from(raw(at)),
  });
}

async function readAll(feed: JournalFeed, head: number): Promise<Record<string, Given>> {
  const cpu = process.cpuUsage();
  const startMs = systemClock.monotonicMs();
  for (let offset = 0; offset < head; ) {
    offset = (await feed.read({ lane: 'live', offset }, new AbortController().signal)).to;
  }
  const used = process.cpuUsage(cpu);
  return {
    read: [(MESSAGES * 1000) / (systemClock.monotonicMs() - startMs), '/s'],
    each: [(used.user + used.system) / MESSAGES, 'CPU µs'],
  };
}
