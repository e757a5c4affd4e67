import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '../../../src/core/clock.ts';
import { systemClock } from '../../../src/core/clock.ts';
import { createObserver, KnownSecrets, type Observer } from '../../../src/core/observe.ts';
import type { IncarnationOf } from '../../../src/core/receipt.ts';
import type { Lane, Message, NewMessage } from '../../../src/core/types.ts';
import { Journal } from '../../../src/ingest/journal/journal.ts';
import type { LaneLineage } from '../../../src/ingest/journal/lineage.ts';
import { JOURNAL_DEFAULTS, type JournalOptions } from '../../../src/ingest/journal/options.ts';
import type { TwinJournal } from '../../../src/telemetry/twin/twin.ts';

export interface Teardown {
  teardown(run: () => unknown): void;
}

/** A temporary directory outside the source tree; tap's own `testdir` is slow for many files. */
export async function temporaryDirectory(t: Teardown): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'citywatch-test-'));
  t.teardown(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

export function quietObserver(): Observer {
  return createObserver({ level: 'silent', secrets: new KnownSecrets() });
}

/** The life of a journal that is opened by itself, without a database beside it. */
export const LIFE = '0a0b0c0d';
export const ONE_LIFE: LaneLineage = [{ id: LIFE, from: 0 }];
export const incarnationOf: IncarnationOf = () => LIFE;

/** What a twin is told of that journal: every checkpoint is of it. */
export const OWN_JOURNAL: TwinJournal = { incarnation: LIFE, holds: () => true };

export interface OpenJournal {
  directory: string;
  lane?: Lane;
  clock?: Clock;
  options?: Partial<JournalOptions>;
}

export function openJournal({ directory, lane = 'live', clock = systemClock, options = {} }: OpenJournal) {
  const given = { ...JOURNAL_DEFAULTS, ...options };
  return Journal.open({ directory, lane, lineage: ONE_LIFE, clock, observer: quietObserver(), options: given });
}

/** A telemetry message of a kiosk; anything can be replaced. */
export function kioskMessage(change: Partial<NewMessage> = {}): NewMessage {
  const device = change.device ?? { id: 'kiosk-1', kind: 'recycling-kiosk', kindVersion: 1, jurisdiction: '330212' };
  return {
    receivedAtMs: 1_767_571_200_000,
    uplink: 'mqtt',
    channel: 'telemetry',
    topic: `cw/v1/${device.id}/${change.channel ?? 'telemetry'}`,
    device,
    connection: 'c-1',
    packetId: 1,
    dup: false,
    raw: Buffer.from('{"values":{"fill_pct":82.5}}'),
    ...change,
  };
}

/** Everything from `offset` to the head, read in pieces of `maxMessages`. */
export async function readAll(journal: Journal, offset = 0, maxMessages = 1000): Promise<Message[]> {
  const messages: Message[] = [];
  let at = offset;
  while (at < journal.head) {
    const batch = await journal.read(at, { maxBytes: 1024 * 1024, maxMessages });
    messages.push(...batch.messages);
    at = batch.next;
  }
  return messages;
}

/** Keeps the process alive while only timers of the clock are waited for, which do not. */
export function keepAlive(t: Teardown): void {
  const timer = setInterval(() => {}, 1000);
  t.teardown(() => clearInterval(timer));
}
