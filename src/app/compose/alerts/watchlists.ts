import { samePersonAmong, whoIsStillThere } from '../../../access/owners.ts';
import { EntryFiles } from '../../../alerts/watchlists/entries.ts';
import { Hits, type HitsDeps } from '../../../alerts/watchlists/hits/hits.ts';
import type { WatchedPlates } from '../../../alerts/watchlists/matching/watched-plates.ts';
import { PlatePermits } from '../../../alerts/watchlists/permits/permits.ts';
import { WholePlates, type WholePlatesDeps } from '../../../alerts/watchlists/permits/whole-plates.ts';
import { WatchlistQueries } from '../../../alerts/watchlists/view.ts';
import { Watchlists } from '../../../alerts/watchlists/watchlists.ts';
import type { Tree } from '../../../core/jurisdiction.ts';
import type { RuleSurroundings } from './alert-rules.ts';

interface WatchlistSurroundings extends Pick<RuleSurroundings, 'shares' | 'clock' | 'observer'> {
  plateKey: Buffer;
  dataDirectory: string;
  tree: Tree;
  register: WholePlatesDeps['register'];
}

interface WatchlistParts extends Pick<HitsDeps, 'log' | 'committed'> {
  queries: HitsDeps['queries'] & WholePlatesDeps['queries'];
  watched: WatchedPlates;
  actions: HitsDeps['desk'];
  plates: WholePlatesDeps['box'];
}

/** Control orders, what people do with their hits, and who sees plates whole. Starts nothing. */
export function composeWatchlists(
  { shares, clock, observer, plateKey: key, tree, register, dataDirectory: directory }: WatchlistSurroundings,
  { watched, queries, actions, plates: box, log, committed }: WatchlistParts,
) {
  const { alerts, general: database } = shares;
  const permits = new PlatePermits({ database, clock, tree, whoIsStillThere, samePersonAmong });
  return {
    watchlists: new Watchlists({ database, clock, key, plates: watched, samePersonAmong }),
    lists: new WatchlistQueries(database, () => clock.nowMs()),
    entryFiles: new EntryFiles({ database, clock, key, directory }),
    hits: new Hits({ database: alerts, clock, observer, queries, desk: actions, log, committed }),
    permits,
    whole: new WholePlates({ database: alerts, queries, permits, box, register }),
    /** What others may have changed in the database. */
    wanted: {
      async load(): Promise<void> {
        await watched.load();
        await permits.load();
      },
    },
  };
}
