import type { SinkType } from '../../alerts/sinks/sink.ts';
import { deadline } from '../../core/clock.ts';
import { CitywatchError, messageOf } from '../../core/errors.ts';
import type { Observer } from '../../core/observe.ts';
import { problem, type Remark } from '../../core/setup/remarks.ts';
import type { UplinkType } from '../../ingest/uplinks/uplink.ts';
import type { DoctorDeps } from './deps.ts';
import { checkJournal } from './journal.ts';
import { checkClock, checkDataDirectory, checkDisk, checkPorts, checkTimeKeeping } from './machine.ts';
import { checkCage, checkFfmpeg, checkInfluxProgram, checkPostgresProgram, checkRedisProgram } from './programs.ts';
import { checkRecordings } from './recordings.ts';
import { checkSecret } from './secrets.ts';
import { checkDatabaseServer, checkInfluxServer, checkRedisServer } from './servers.ts';
import { checkSinks } from './sinks.ts';
import { checkCameraAuthorities, checkTls } from './tls.ts';
import { checkUplinks } from './uplinks.ts';

export type { Remark } from '../../core/setup/remarks.ts';
export type { DoctorDeps } from './deps.ts';

type Check = (deps: DoctorDeps, signal: AbortSignal) => Promise<Remark[]>;

const CHECK_DEADLINE_MS = 10_000;

/** How long a look that nobody starts after waits for PostgreSQL to let us in. */
const LOOK_PATIENCE_MS = 5_000;

/**
 * What must be right before anything is started: without it nothing could be acknowledged, or nothing judged. A server
 * behind DATABASE_URL has `patienceMs` to let us in, as long as it takes connections.
 */
export async function examineNeeded(deps: DoctorDeps, patienceMs: number): Promise<Remark[]> {
  const checkServer: Check = (ours) => checkDatabaseServer(ours, patienceMs);
  return runChecks(deps, {
    'data directory': checkDataDirectory,
    clock: checkClock,
    postgres: deps.config.database.url ? checkServer : checkPostgresProgram,
  });
}

/** What the gateway can be without, for a while, and is none the less to be mended. */
export async function examineUseful(deps: DoctorDeps, ended?: AbortSignal): Promise<Remark[]> {
  const { redis, influx } = deps.config;
  const checks = {
    redis: redis.url ? checkRedisServer : checkRedisProgram,
    influx: influx.url ? checkInfluxServer : checkInfluxProgram,
    ffmpeg: checkFfmpeg,
  };
  return runChecks(deps, checks, ended);
}

/** Everything, with the disks. */
export async function examine(deps: DoctorDeps): Promise<Remark[]> {
  const disks = runChecks(deps, { disk: checkDisk });
  return (await Promise.all([examineNeeded(deps, LOOK_PATIENCE_MS), disks, examineUseful(deps)])).flat();
}

/** What looks at its own surroundings. */
export interface ExaminedTypes {
  uplinks: readonly UplinkType[];
  sinks: readonly SinkType[];
}

/** As {@link examine}, and what a start finds out by itself: for the `doctor` command. */
export async function examineAll(deps: DoctorDeps, { uplinks, sinks }: ExaminedTypes): Promise<Remark[]> {
  const own: Record<string, Check> = {
    time: checkTimeKeeping,
    uplinks: (ours, signal) => checkUplinks(ours, uplinks, signal),
    sinks: (ours, signal) => checkSinks(ours, sinks, signal),
    tls: checkTls,
    cameras: checkCameraAuthorities,
    cage: checkCage,
    journal: checkJournal,
    recordings: checkRecordings,
    secret: checkSecret,
    ports: (ours) => checkPorts(ours, uplinks),
  };
  const [more, rest] = await Promise.all([runChecks(deps, own), examine(deps)]);
  return [...rest, ...more];
}

/** Logs warnings and rejects with every problem and its remedy: the way a start uses what was found. */
export function refuseProblems(remarks: Remark[], { log }: Observer): void {
  for (const { part, what, remedy } of remarks.filter(({ level }) => level === 'warning'))
    log.warn({ part, remedy }, what);
  const problems = remarks.filter(({ level }) => level === 'problem');
  if (problems.length === 0) return;
  const detail = problems.map(({ part, what, remedy }) => `${part}: ${what}; ${remedy}.`).join(' ');
  throw new CitywatchError('service.failed', { detail });
}

async function runChecks(deps: DoctorDeps, checks: Record<string, Check>, ended?: AbortSignal): Promise<Remark[]> {
  const found = await Promise.all(
    Object.entries(checks).map(async ([part, check]) => {
      const limit = deadline(deps.clock, CHECK_DEADLINE_MS, ended);
      try {
        return await check(deps, limit.signal);
      } catch (error) {
        return [problem(part, `could not be looked at (${messageOf(error)})`, 'see what the message says')];
      } finally {
        limit.cancel();
      }
    }),
  );
  return found.flat();
}
