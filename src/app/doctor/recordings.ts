import { statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { type Clock, DAY_MS } from '../../core/clock.ts';
import { COUNTRY } from '../../core/jurisdiction.ts';
import { Registry } from '../../core/observe.ts';
import { fine, problem, type Remark, warning } from '../../core/setup/remarks.ts';
import { devicesOf } from '../../devices/registry/places.ts';
import { DATABASE_LIMITS, Database } from '../../platform/database/database.ts';
import { RecordingPlans } from '../../streams/recorder/plan/plans.ts';
import { judgeCapacity } from '../../streams/recordings/planner/capacity.ts';
import { groupsOf } from '../../streams/recordings/planner/groups.ts';
import { type CameraGroup, sizeText } from '../../streams/recordings/planner/planner.ts';
import { knowsBytes, MEASURED_DAYS, measuredRates } from '../../streams/recordings/room/stored-bytes.ts';
import type { Config } from '../config/config.ts';
import { keptDaysOf, quotaBytesOf } from '../config/recording-settings.ts';
import { dataDirectoryIsHeld } from '../local-services/data-directory.ts';
import { findCluster } from '../local-services/postgres/postgres.ts';
import type { DoctorDeps } from './deps.ts';

const PART = 'recordings';

/** Whether quota and disk of recordings hold what the law asks for of the cameras that are to be recorded. */
export async function checkRecordings({ config, clock, observer }: DoctorDeps): Promise<Remark[]> {
  const url = await urlOf(config);
  if (url === null) return [fine(PART, 'the gateway says once it runs whether there is room')];
  // This pool is not the gateway's: it must not stand for it in the metrics.
  const quiet = { log: observer.log, metrics: new Registry() };
  const database = await Database.open({ url, observer: quiet, clock, limits: DATABASE_LIMITS });
  try {
    if (!(await knowsBytes(database))) return [fine(PART, 'this database has not been used by this version yet')];
    const groups = await registeredGroups(database, { config, clock });
    const quotaBytes = quotaBytesOf(config.recordings);
    const { plan, lacks } = judgeCapacity(groups, { quotaBytes, diskBytes: await sizeOfDisk(config) });
    if (lacks.length === 0) return [fine(PART, `${plan.cameras} cameras need ${sizeText(plan.neededBytes)}`)];
    return lacks.map(({ of, what, remedy }) => (of === 'quota' ? problem : warning)(PART, what, remedy));
  } finally {
    await database.close();
  }
}

/** The cameras that are to be recorded by the registry, as they were measured, for the least days of the settings. */
export async function registeredGroups(
  database: Database,
  { config, clock }: { config: Config; clock: Clock },
): Promise<CameraGroup[]> {
  const devices = await devicesOf(database, COUNTRY);
  const standing = new Map(devices.map(({ id, accessClass }) => [id, accessClass]));
  const isCamera = (id: string): boolean => standing.has(id);
  const plans = new RecordingPlans({ database, clock, isCamera });
  await plans.load();
  const rates = await measuredRates(database, clock.nowMs() - MEASURED_DAYS * DAY_MS);
  const days = keptDaysOf(config.recordings, 'least');
  return groupsOf({ plans: plans.standing(), isCamera, classOf: (id) => standing.get(id)!, rates, days });
}

async function urlOf({ database, dataDir }: Config): Promise<string | null> {
  if (database.url !== null) return database.url;
  return (await dataDirectoryIsHeld(dataDir)) ? (await findCluster(dataDir)).url : null;
}

async function sizeOfDisk({ recordings, dataDir }: Config): Promise<number | null> {
  const directory = recordings.directory ?? join(dataDir, 'recordings');
  const found = await statfs(directory).catch(() => null);
  return found && found.blocks * found.bsize;
}
