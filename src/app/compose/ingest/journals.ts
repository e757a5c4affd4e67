import { ruleCursors } from '../../../alerts/rules/cursors.ts';
import type { Clock } from '../../../core/clock.ts';
import type { Lifecycle } from '../../../core/mechanisms/lifecycle.ts';
import type { Observer } from '../../../core/observe.ts';
import type { IncarnationOf } from '../../../core/receipt.ts';
import type { Lane } from '../../../core/types.ts';
import { DuplicateIndex } from '../../../ingest/duplicates/index.ts';
import { Journal } from '../../../ingest/journal/journal.ts';
import { JOURNAL_DEFAULTS, type JournalOptions } from '../../../ingest/journal/options.ts';
import { UplinkNumbers } from '../../../ingest/journal/uplink-numbers.ts';
import { type Adopted, adoptJournal } from '../../../ingest/lives/adopt.ts';
import { beginOpening, type KnownLives, knowLives, type LivesDeps } from '../../../ingest/lives/open-lives.ts';
import { UPLINKS } from '../../../ingest/uplinks/uplinks.ts';
import type { Database } from '../../../platform/database/database.ts';
import type { Ownership } from '../../../platform/database/ownership.ts';
import type { TwinJournal } from '../../../telemetry/twin/twin.ts';

const MiB = 1024 * 1024;

/** `identities` is older than the second lane, hence the uneven names. */
const IDENTITIES: Record<Lane, string> = { live: 'journal/identities', bulk: 'journal/bulk-identities' };

/** One of the two logs, and what it remembers of records it has seen. */
export interface OpenLane {
  journal: Journal;
  duplicates: DuplicateIndex;
}

const BULK_JOURNAL: JournalOptions = {
  ...JOURNAL_DEFAULTS,
  segmentBytes: 16 * MiB,
  keepBytes: 1024 * MiB,
  cacheBytes: MiB,
};

export interface JournalsInput {
  /** Makes a directory below the data directory. */
  directoryOf(name: string): Promise<string>;
  clock: Clock;
  observer: Observer;
  lifecycle: Lifecycle;
}

/** Where the readers stand, and whose they are. */
interface DatabaseSide {
  database: Database;
  ownership: Ownership;
}

/** Both lanes, and what their lives say of positions in them. */
export interface OpenJournals {
  lanes: Record<Lane, OpenLane>;
  incarnationOf: IncarnationOf;
  /** For the reader whose cursors are a file beside the journal. */
  ofTwin: TwinJournal;
}

/**
 * Opens both lanes, each a log of its own with its own duplicates, and writes this start down on both sides. Throws
 * `journal.misfit` when the journal and the database do not belong together.
 */
export async function openJournals(input: JournalsInput & DatabaseSide): Promise<OpenJournals> {
  const { lifecycle } = input;
  const { deps, known } = await livesOf(input);
  const journals = await openLanes(input, known);
  const head = { live: journals.live.head, bulk: journals.bulk.head };
  await beginOpening(deps, known, head);
  const withDuplicates = async (lane: Lane): Promise<OpenLane> => {
    const duplicates = new DuplicateIndex(await input.directoryOf(IDENTITIES[lane]));
    await duplicates.open(journals[lane].head);
    lifecycle.onStop(`duplicate index ${lane}`, () => duplicates.close());
    return { journal: journals[lane], duplicates };
  };
  const lanes = { live: await withDuplicates('live'), bulk: await withDuplicates('bulk') };
  const holds: TwinJournal['holds'] = (life, at) => known.holds(life, at, head);
  const incarnation = journals.live.life.id;
  return { lanes, incarnationOf: known.incarnationOf, ofTwin: { incarnation, holds } };
}

/** Lets the journal and the database go on together as they are, for `citywatch adopt`; see {@link adoptJournal}. */
export async function adoptJournals(input: JournalsInput & DatabaseSide): Promise<Adopted> {
  const { deps, known } = await livesOf(input);
  return await adoptJournal(deps, known, await openLanes(input, known));
}

async function livesOf({ directoryOf, database, clock, ownership }: JournalsInput & DatabaseSide) {
  const path = await directoryOf('journal');
  const deps: LivesDeps = { directory: path, database, clock, keepers: [ruleCursors], ownership };
  return { deps, known: await knowLives(path, clock) };
}

async function openLanes(input: JournalsInput, { lineage }: KnownLives): Promise<Record<Lane, Journal>> {
  const { directoryOf, clock, observer, lifecycle } = input;
  const uplinks = new UplinkNumbers(UPLINKS);
  const open = async (lane: Lane, options: JournalOptions): Promise<Journal> => {
    const journal = await Journal.open({
      directory: await directoryOf(`journal/${lane}`),
      lane,
      lineage: lineage(lane),
      clock,
      observer,
      options: { ...options, uplinks },
    });
    lifecycle.onStop(`journal ${lane}`, () => journal.close());
    return journal;
  };
  return { live: await open('live', JOURNAL_DEFAULTS), bulk: await open('bulk', BULK_JOURNAL) };
}
