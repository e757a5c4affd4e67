import type { Clock } from '../core/clock.ts';
import type { Lifecycle } from '../core/lifecycle.ts';
import type { Observer } from '../core/observe.ts';
import type { Lane } from '../core/types.ts';
import { DuplicateIndex } from '../ingest/duplicates/index.ts';
import type { FeedOptions } from '../ingest/feed.ts';
import { Journal } from '../ingest/journal/journal.ts';
import type { JournalOptions } from '../ingest/journal/options.ts';

const MiB = 1024 * 1024;

/** One of the two logs, and what it remembers of records it has seen. */
export interface OpenLane {
  journal: Journal;
  duplicates: DuplicateIndex;
  /** How much of it is decoded in one go. */
  options?: Partial<FeedOptions>;
}

/** A backfill is decoded in small pieces: a large one would hold up the live lane, which has the same thread. */
const BULK_FEED: Partial<FeedOptions> = { batchMessages: 250, batchBytes: 256 * 1024, cacheMessages: 1_000 };
const BULK_JOURNAL: Partial<JournalOptions> = { segmentBytes: 16 * MiB, keepBytes: 1024 * MiB, cacheBytes: MiB };

export interface JournalsInput {
  /** Makes a directory below the data directory. */
  directory(name: string): Promise<string>;
  clock: Clock;
  observer: Observer;
  lifecycle: Lifecycle;
}

/** Opens both lanes, each a log of its own with its own duplicates. */
export async function openJournals(input: JournalsInput): Promise<Record<Lane, OpenLane>> {
  // `identities` is older than the second lane, hence the uneven names.
  const live = await openLane(input, 'live', { identities: 'journal/identities' });
  const bulk = await openLane(input, 'bulk', { identities: 'journal/bulk-identities', options: BULK_JOURNAL });
  return { live, bulk: { ...bulk, options: BULK_FEED } };
}

async function openLane(
  { directory, clock, observer, lifecycle }: JournalsInput,
  lane: Lane,
  { identities, options = {} }: { identities: string; options?: Partial<JournalOptions> },
): Promise<OpenLane> {
  const journal = await Journal.open({ directory: await directory(`journal/${lane}`), lane, clock, observer, options });
  lifecycle.onStop(`journal ${lane}`, () => journal.close());
  const duplicates = new DuplicateIndex(await directory(identities));
  await duplicates.open(journal.head);
  lifecycle.onStop(`duplicate index ${lane}`, () => duplicates.close());
  return { journal, duplicates };
}
