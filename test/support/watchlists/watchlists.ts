import { tmpdir } from 'node:os';
import { samePersonAmong } from '../../../src/access/owners.ts';
import type { PlateSeen, WatchHit } from '../../../src/alerts/rules/conditions/condition.ts';
import { EntryFiles } from '../../../src/alerts/watchlists/entries.ts';
import { WatchedPlates } from '../../../src/alerts/watchlists/matching/watched-plates.ts';
import { WatchlistQueries } from '../../../src/alerts/watchlists/view.ts';
import { Watchlists } from '../../../src/alerts/watchlists/watchlists.ts';
import type { Clock } from '../../../src/core/clock.ts';
import type { Tree } from '../../../src/core/jurisdiction.ts';
import type { Database } from '../../../src/platform/database/database.ts';
import { NO_ZONES } from '../access/tree.ts';

/** Of plate hashes in tests. */
export const PLATE_KEY = Buffer.alloc(32, 1);

export interface WatchlistTestDeps {
  database: Database<never>;
  clock: Clock;
  tree?: Tree;
  key?: Buffer;
  /** Of one list; as a gateway has it when absent. */
  entriesMax?: number;
}

/** Control orders on a database, with what matches by them. */
export function openWatchlists({ database, clock, tree = NO_ZONES, key = PLATE_KEY, ...limits }: WatchlistTestDeps) {
  const watched = new WatchedPlates({ database, clock, key, tree });
  return {
    watched,
    watchlists: new Watchlists({ database, clock, key, plates: watched, samePersonAmong }),
    lists: new WatchlistQueries(database, () => clock.nowMs()),
    entryFiles: new EntryFiles({ database, clock, key, directory: tmpdir(), ...limits }),
    /** What becomes of a read at `jurisdiction` now, or as `seen` has it. */
    match(plate: string, jurisdiction: string, seen: Partial<PlateSeen> = {}): readonly WatchHit[] {
      const nowMs = clock.nowMs();
      const read = { colour: undefined, confidence: null, passedAtMs: nowMs, receivedAtMs: nowMs, at: 'live-1-0-0' };
      return watched.match({ ...read, plate, jurisdiction, ...seen });
    },
  };
}
