import { samePersonAmong } from '../../../src/access/owners.ts';
import type { Roster } from '../../../src/alerts/duty/roster.ts';
import { AlertFigures } from '../../../src/alerts/figures/figures.ts';
import { Hits } from '../../../src/alerts/watchlists/hits/hits.ts';
import { PlatePermits } from '../../../src/alerts/watchlists/permits/permits.ts';
import { WholePlates } from '../../../src/alerts/watchlists/permits/whole-plates.ts';
import { systemClock } from '../../../src/core/clock.ts';
import { enqueueWork } from '../../../src/platform/work/work.ts';
import { NO_ZONES } from '../access/tree.ts';
import { bearer, HERE, startApi, TOKENS } from '../api/api.ts';
import { memoryBundles } from '../api/memory/bundles.ts';
import type { Owner } from '../services/services.ts';
import { freshDatabase, sharedRedis } from '../services/shared-database.ts';
import { hasty } from '../time/clock.ts';
import { until } from '../time/until.ts';
import { openWatchlists } from '../watchlists/watchlists.ts';
import { ADMIN, type DeskOptions, PLATES, startAlertDesk } from './alert-desk.ts';
import { openDuty } from './duty/duty.ts';
import { type FireOptions, storeFires } from './findings.ts';

export const hastyClock = hasty(() => 50);

export interface AskOptions {
  token?: string;
  payload?: object;
  /** If-Match; that of the first version for a DELETE without it. */
  match?: string;
}

interface ApiOptions
  extends Pick<
    DeskOptions,
    'sinks' | 'sinkValues' | 'stages' | 'observer' | 'clock' | 'workDays' | 'devices' | 'standing' | 'ownerNow'
  > {
  /** Address of one that is there; a fresh one when absent. */
  database?: string;
  roster?: Roster;
}

/** The API over a real alert desk: PostgreSQL, Redis, and deliveries to receivers on this machine. */
export async function startAlertsApi(t: Owner, { database, roster, ...options }: ApiOptions = {}) {
  const url = database ?? (await freshDatabase(t)).url;
  const redis = await sharedRedis(t);
  const desk = await startAlertDesk(t, { database: url, redis: redis.url, ...options });
  const looks: unknown[] = [];
  const wantedLooks: unknown[] = [];
  const registerDown = { error: null as Error | null };
  const jpeg = Buffer.from([0xff, 0xd8, 1, 2, 0xff, 0xd9]);
  const alerts = {
    ...desk,
    figures: new AlertFigures(desk.database),
    rules: () => [],
    ...openWanted(desk, wantedLooks),
    bundles: memoryBundles(),
    ...openDuty(desk, roster),
    evidence: { shown: async () => ({ camera: 'camera-1', type: 'image/jpeg' as const, data: jpeg, platesOf: null }) },
    looks: {
      add: async (look: unknown) => {
        if (registerDown.error) throw registerDown.error;
        return looks.push(look);
      },
    },
  };
  const api = await startApi(t, { alerts, clock: hastyClock });
  let count = 0;

  /** A finding as the rules leave it, taken up by the desk. */
  const raise = async (device: string, how: Partial<FireOptions> = {}): Promise<void> => {
    count += 1;
    const keys = await storeFires(desk.database, [device, { count, jurisdiction: HERE, ...how }]);
    await enqueueWork(
      desk.database,
      desk.clock,
      keys.map((key) => ({ queue: 'desk', key })),
    );
    desk.doorbell.ring('desk');
  };

  const alertOf = async (device: string): Promise<string> => {
    await raise(device);
    const find = async () => (await desk.queries.list(ADMIN, { limit: 1, device })).items[0];
    return (await until('the alert', find)).id;
  };

  const ask = (method: 'GET' | 'POST' | 'DELETE', path: string, { token, payload, match }: AskOptions = {}) => {
    const version = match ?? (method === 'DELETE' ? '"1"' : undefined);
    const headers = { ...bearer(token ?? TOKENS.operator), ...(version ? { 'if-match': version } : {}) };
    return api.call({ method, url: `/api/v1${path}`, headers, ...(payload ? { payload } : {}) });
  };

  return { api, desk, alerts, looks, wantedLooks, registerDown, raise, alertOf, ask };
}

/** Control orders, hits and permits on the desk's database. */
function openWanted(desk: Awaited<ReturnType<typeof startAlertDesk>>, looks: unknown[]) {
  const { database, queries, log, actions, committed, observer, clock } = desk;
  const ofLists = openWatchlists({ database, clock: systemClock });
  const whoIsStillThere = async (_: unknown, ids: readonly string[]) => new Set(ids);
  const permits = new PlatePermits({ database, clock, tree: NO_ZONES, whoIsStillThere, samePersonAmong });
  const register = { add: async (look: unknown) => void looks.push(look) };
  return {
    ...ofLists,
    hits: new Hits({ database, clock, observer, queries, desk: actions, log, committed }),
    permits,
    whole: new WholePlates({ database, queries, permits, box: PLATES, register }),
  };
}
