import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { systemClock } from '../../../src/core/clock.ts';
import type { Caller, DecodedBatch, DeviceKind, Message } from '../../../src/core/types.ts';
import { DuplicateIndex } from '../../../src/ingest/duplicates/index.ts';
import { Messages, type MessagesDeps } from '../../../src/ingest/explain/messages.ts';
import { PayloadSeal } from '../../../src/ingest/ledger/dead-letter-payloads.ts';
import { DeadLetterReplay, type ReplayDeps } from '../../../src/ingest/ledger/dead-letter-replay.ts';
import { DeadLetters } from '../../../src/ingest/ledger/dead-letters.ts';
import { Ledger, type LedgerDeps, type RejectedRecord } from '../../../src/ingest/ledger/ledger.ts';
import { FEED_LIMITS, JournalFeed, UNGUARDED } from '../../../src/ingest/readers/journal-feed.ts';
import { Intake, type IntakeDeps } from '../../../src/ingest/uplinks/common/intake.ts';
import { DATABASE_LIMITS, Database } from '../../../src/platform/database/database.ts';
import { migrate } from '../../../src/platform/database/migrate.ts';
import { firstOwner } from '../services/ownership.ts';
import { freshDatabase } from '../services/shared-database.ts';
import { UNTROUBLED } from './intake.ts';
import { incarnationOf, keepAlive, openJournal, quietObserver, temporaryDirectory } from './journal.ts';
import { KIOSK } from './kiosk-kind.ts';

interface Teardown {
  teardown(run: () => Promise<void> | void): void;
}

/** The kind in its second version, whose devices write CBOR. */
const IN_CBOR: DeviceKind = { ...KIOSK, version: 2, codec: 'cbor' };

export const kinds = {
  latest: (kind: string) => (kind === KIOSK.kind ? KIOSK : undefined),
  at: (kind: string, version: number) =>
    kind === KIOSK.kind ? [KIOSK, IN_CBOR].find((one) => one.version === version) : undefined,
};

export function callerOf(jurisdiction: string): Caller {
  return { type: 'person', id: 'u-1', name: 'Wang', role: 'admin', jurisdiction, purpose: null };
}

/** Seals what is put aside. */
export const PAYLOADS = new PayloadSeal(randomBytes(32));

/** Where devices stand now, by id, if not where they stood at receipt. */
export const moved = new Map<string, string>();

interface IngestInput {
  directory: string;
  database: Database;
  kinds: MessagesDeps['kinds'] & ReplayDeps['kinds'];
  /** What a message is taken in by. */
  intake: IntakeDeps;
  firmwareOf?: LedgerDeps['firmwareOf'];
}

/** The ingest side put together as the gateway does it, without the bulk lane. */
export async function openIngest({ directory, database, kinds, intake: taking, firmwareOf }: IngestInput) {
  const clock = systemClock;
  const jurisdictionOf = (id: string) => moved.get(id);
  const journal = await openJournal({ directory });
  const duplicates = new DuplicateIndex(`${directory}/duplicates`);
  await duplicates.open(journal.head);
  const lanes = { live: { journal, duplicates } };
  const intake = new Intake({ live: journal }, taking);
  return {
    lanes,
    intake,
    feed: new JournalFeed({ limits: FEED_LIMITS, guard: UNGUARDED, lanes, kinds, observer: quietObserver() }),
    ledger: new Ledger({
      ownership: firstOwner(),
      database,
      journals: { live: journal },
      incarnationOf,
      clock,
      ...(firmwareOf && { firmwareOf }),
      jurisdictionOf,
      payloads: PAYLOADS,
    }),
    deadLetters: new DeadLetters({
      database,
      ownership: firstOwner(),
      clock,
      replay: new DeadLetterReplay({ database, intake, kinds, clock, observer: quietObserver(), payloads: PAYLOADS }),
    }),
    messages: new Messages({ guard: UNGUARDED, lanes, kinds, database, jurisdictionOf }),
    close: async () => {
      await journal.close();
      await duplicates.close();
    },
  };
}

export type Ingest = Awaited<ReturnType<typeof openIngest>>;

/** The ingest side on a real PostgreSQL; `reopen` is a restart. */
export async function startIngest(t: Teardown) {
  keepAlive(t);
  const { url } = await freshDatabase(t);
  const directory = await temporaryDirectory(t);
  const observer = quietObserver();
  const database = await Database.open({ url, observer, clock: systemClock, limits: DATABASE_LIMITS });
  await migrate(database);
  const open = () => openIngest({ directory, database, kinds, intake: UNTROUBLED });
  const state = { ingest: await open() };
  t.teardown(async () => {
    await state.ingest.close();
    await database.close();
  });
  return {
    database,
    get ingest() {
      return state.ingest;
    },
    reopen: async () => {
      await state.ingest.close();
      state.ingest = await open();
    },
    /** A start after the index of duplicates was thrown back to its beginning. */
    reopenWithoutIndex: async () => {
      await state.ingest.close();
      await rm(`${directory}/duplicates`, { recursive: true });
      state.ingest = await open();
    },
  };
}

/** Reads what there is and enters it in the ledger, as the telemetry reader does; `refuse` speaks for the store. */
export async function drain(ingest: Ingest, refuse: (message: Message, index: number) => boolean = () => false) {
  const batches: DecodedBatch[] = [];
  let offset = await ingest.ledger.load('live');
  while (offset < ingest.lanes.live.journal.head) {
    const batch = await ingest.feed.read({ lane: 'live', offset }, new AbortController().signal);
    const rejected: RejectedRecord[] = [];
    for (const { message, records } of batch.messages) {
      for (const { index, duplicate } of records) {
        if (duplicate || !refuse(message, index)) continue;
        rejected.push({ offset: message.offset, index, reason: 'field-type', detail: 'is a float already' });
      }
    }
    await ingest.ledger.commit(batch, rejected);
    batches.push(batch);
    offset = batch.to;
  }
  return batches;
}
