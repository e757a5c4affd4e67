import { join } from 'node:path';
import type { Clock } from '../core/clock.ts';
import type { Observer } from '../core/observe.ts';
import type { DecodedRecord, DeviceId, DeviceKind, Lane, NewMessage, Refusal } from '../core/types.ts';
import type { Database } from '../platform/database.ts';
import { DeadLetters } from './dead-letters.ts';
import { decodeMessage } from './decode/decode.ts';
import { DuplicateIndex } from './duplicates/index.ts';
import { Feed, type KindSource } from './feed.ts';
import { Intake } from './intake.ts';
import { Journal } from './journal/journal.ts';
import type { JournalOptions } from './journal/options.ts';
import { Ledger } from './ledger.ts';
import { Messages } from './messages.ts';

export interface IngestDeps {
  /** Where the lanes live, one directory each. */
  directory: string;
  database: Database;
  kinds: KindSource & { latest(kind: string): DeviceKind | undefined };
  clock: Clock;
  observer: Observer;
  /** Firmware a device has last reported, for grouping dead letters. */
  firmwareOf?(device: DeviceId): string | null;
  options?: Partial<JournalOptions>;
}

interface OpenLane {
  journal: Journal;
  duplicates: DuplicateIndex;
}

const LANES: readonly Lane[] = ['live', 'bulk'];

/** The ingest side put together: both lanes with their indexes, and what is built on them. */
export class Ingest {
  readonly lanes: Readonly<Record<Lane, OpenLane>>;
  readonly intake: Intake;
  readonly feed: Feed;
  readonly ledger: Ledger;
  readonly deadLetters: DeadLetters;
  readonly messages: Messages;
  readonly #kinds: KindSource;

  private constructor(lanes: Record<Lane, OpenLane>, deps: IngestDeps) {
    const { database, kinds, clock, observer, firmwareOf } = deps;
    const journals = { live: lanes.live.journal, bulk: lanes.bulk.journal };
    this.lanes = lanes;
    this.#kinds = kinds;
    this.intake = new Intake(journals);
    this.feed = new Feed({ lanes, kinds, observer });
    this.ledger = new Ledger({ database, journals, clock, ...(firmwareOf ? { firmwareOf } : {}) });
    this.deadLetters = new DeadLetters({ database, intake: this.intake, kinds, clock });
    this.messages = new Messages({ lanes, kinds, database });
  }

  static async open(deps: IngestDeps): Promise<Ingest> {
    const lanes: Partial<Record<Lane, OpenLane>> = {};
    try {
      for (const lane of LANES) lanes[lane] = await openLane(lane, deps);
    } catch (error) {
      await closeLanes(lanes);
      throw error;
    }
    return new Ingest(lanes as Record<Lane, OpenLane>, deps);
  }

  /** What decoding would make of a message, for an answer to its sender; nothing is kept. */
  preview(message: NewMessage): { records: DecodedRecord[]; refusals: Refusal[] } {
    const { kind, kindVersion } = message.device;
    const place = { lane: 'live', offset: 0, endOffset: 0 } as const;
    return decodeMessage({ ...message, ...place }, this.#kinds.at(kind, kindVersion));
  }

  /** Finishes what was accepted. Readers must have stopped. */
  close(): Promise<void> {
    return closeLanes(this.lanes);
  }
}

async function openLane(lane: Lane, { directory, clock, observer, options }: IngestDeps): Promise<OpenLane> {
  const path = join(directory, lane);
  const journal = await Journal.open({ directory: path, lane, clock, observer, ...(options ? { options } : {}) });
  const duplicates = new DuplicateIndex(join(path, 'duplicates'));
  try {
    const emptied = await duplicates.open(journal.head);
    if (emptied) observer.log.error({ part: 'ingest', lane }, 'the index of duplicates was of another journal');
  } catch (error) {
    await journal.close();
    throw error;
  }
  return { journal, duplicates };
}

async function closeLanes(lanes: Partial<Record<Lane, OpenLane>>): Promise<void> {
  for (const { journal, duplicates } of Object.values(lanes)) {
    await journal.close();
    await duplicates.close();
  }
}
