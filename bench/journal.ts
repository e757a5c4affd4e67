import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../src/core/clock.ts';
import { createObserver, KnownSecrets } from '../src/core/observe.ts';
import type { NewMessage } from '../src/core/types.ts';
import { Journal } from '../src/ingest/journal/journal.ts';
import { JOURNAL_DEFAULTS } from '../src/ingest/journal/options.ts';
import { ONE_LIFE } from '../test/support/ingest/journal.ts';
import { type Given, tell, tellMachine } from './support/figures.ts';
import { delays } from './support/harness.ts';

/** Measures the journal alone: append with fdatasync, reading back from disk, one JSON line each. */

const RECORD_BYTES = 240;
const SECONDS = 5;
const SENDERS = 2000;

// The clock's timers do not keep a process alive; the gateway has its listeners for that.
const alive = setInterval(() => {}, 1000);
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
tellMachine();

tell('append with fdatasync', { senders: SENDERS, bytes: RECORD_BYTES }, await append());
tell('append with fdatasync', { senders: 1, bytes: RECORD_BYTES }, await oneSender());
tell('read from disk', {}, await readAll());
await journal.close();
tell('open after a clean stop', {}, await reopen());
await rm(directory, { recursive: true });
clearInterval(alive);

async function append(): Promise<Record<string, Given>> {
  let appends = 0;
  const untilMs = systemClock.monotonicMs() + SECONDS * 1000;
  const cpu = process.cpuUsage();
  const latenciesMs: number[] = [];
  const sender = async (number: number) => {
    const message = sample(number);
    while (systemClock.monotonicMs() < untilMs) {
      const startMs = systemClock.monotonicMs();
      await journal.append(message);
      if (appends % 16 === 0) latenciesMs.push(systemClock.monotonicMs() - startMs);
      appends += 1;
    }
  };
  await Promise.all(Array.from({ length: SENDERS }, (_, number) => sender(number)));
  const used = process.cpuUsage(cpu);
  return {
    messages: [appends / SECONDS, '/s'],
    each: [(used.user + used.system) / appends, 'CPU µs'],
    ...delays(latenciesMs),
    memory: [process.memoryUsage().rss / 1048576, 'MiB'],
  };
}

async function oneSender(): Promise<Record<string, Given>> {
  const message = sample(0);
  const startMs = systemClock.monotonicMs();
  let appends = 0;
  while (systemClock.monotonicMs() - startMs < 1000) {
    await journal.append(message);
    appends += 1;
  }
  return { messages: [appends, '/s'] };
}

async function readAll(): Promise<Record<string, Given>> {
  const startMs = systemClock.monotonicMs();
  let offset = 0;
  let messages = 0;
  while (offset < journal.head) {
    const batch = await journal.read(offset, { maxBytes: 1024 * 1024, maxMessages: 5000 });
    messages += batch.messages.length;
    offset = batch.next;
  }
  const seconds = (systemClock.monotonicMs() - startMs) / 1000;
  return { messages: [messages / seconds, '/s'], bytes: [offset / 1048576 / seconds, 'MiB/s'] };
}

async function reopen(): Promise<Record<string, Given>> {
  const startMs = systemClock.monotonicMs();
  const again = await Journal.open({
    directory,
    lane: 'live',
    lineage: ONE_LIFE,
    options: JOURNAL_DEFAULTS,
    clock: systemClock,
    observer,
  });
  const ms = systemClock.monotonicMs() - startMs;
  await again.close();
  return { took: [ms, 'ms'] };
}

function sample(number: number): NewMessage {
  const id = `kiosk-${String(number).padStart(4, '0')}`;
  const overhead = 32 + id.length + 'recycling-kiosk'.length + 6 + 6;
  return {
    receivedAtMs: systemClock.nowMs(),
    uplink: 'mqtt',
    channel: 'telemetry',
    topic: `cw/v1/${id}/telemetry`,
    device: { id, kind: 'recycling-kiosk', kindVersion: 1, jurisdiction: '330212' },
    connection: 'c-0001',
    packetId: 1 + (number % 65535),
    dup: false,
    raw: Buffer.alloc(RECORD_BYTES - overhead, 0x20),
  };
}
