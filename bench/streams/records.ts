import { monitorEventLoopDelay } from 'node:perf_hooks';
import { chinaDayAt, DAY_MS, systemClock } from '../../src/core/clock.ts';
import { retiredSince } from '../../src/devices/life/retired.ts';
import { placesOf } from '../../src/devices/registry/places.ts';
import { type Database, sql } from '../../src/platform/database/database.ts';
import { RecordingPlans } from '../../src/streams/recorder/plan/plans.ts';
import { RECORDED_DAYS_MIN } from '../../src/streams/recordings/classes.ts';
import { GapTable } from '../../src/streams/recordings/gap-table.ts';
import { Playback } from '../../src/streams/recordings/playback.ts';
import { Recordings } from '../../src/streams/recordings/recordings.ts';
import { RecordingReport } from '../../src/streams/recordings/report.ts';
import { callerIn, openDatabase, openRegistry } from '../../test/support/devices/registry.ts';
import { firstOwner } from '../../test/support/services/ownership.ts';
import { NOT_CODED } from '../../test/support/streams/recordings/not-coded.ts';
import { processesOf, spentMs } from '../support/database-processes.ts';
import { atMost, type Goal, tell } from '../support/figures.ts';
import { delays, owner, run, setting } from '../support/harness.ts';
import { fillRecordings } from '../support/recorded-city.ts';

/**
 * What is asked of the records of recordings: the timeline of a day of one camera, and the report of 30 days of all of
 * them, with many files recorded. The processor time is that of this process and of all processes of PostgreSQL.
 * `CITYWATCH_BENCH_ROWS` is how many files there are, `CITYWATCH_BENCH_CAMERAS` of how many cameras. Goals: 50 ms for
 * the timeline at 10 million files, 1 s for the report of 3,200 cameras, during which the event loop is late by 50 ms
 * at most.
 */
const ROWS = setting('ROWS', 10_000_000);
const CAMERAS = setting('CAMERAS', 3_200);
const TURNS = 40;
const REPORTS = 7;
const DAYS = 30;
const ASKED_BY = 'issue 12';

await run(async () => {
  const database = await openDatabase(owner);
  const { behindApi, directory, jurisdictions } = await openRegistry(owner, { database });
  const clock = systemClock;
  const beganMs = performance.now();
  const city = await fillRecordings(database, { cameras: CAMERAS, rows: ROWS, nowMs: clock.nowMs() });
  await behindApi.loadDirectory();
  tell('records are filled in', { files: city.rows }, { took: [(performance.now() - beganMs) / 1_000, 's'] });
  const plans = new RecordingPlans({ database, clock, isCamera: () => true });
  await plans.load();
  const ownership = firstOwner();
  const recordings = new Recordings({ database, ownership, classOf: () => 'public' });
  const gaps = new GapTable({ database, ownership });
  const register = async () => {};
  // A timeline reads no file.
  const files = { moments: () => Promise.reject(new Error('no file is read')) };
  const playback = new Playback({ clock, recordings, gaps, readerOf: () => null, register, files, coded: NOT_CODED });
  const report = new RecordingReport({
    database,
    clock,
    tree: jurisdictions,
    plans,
    classOf: () => 'public',
    leastDays: RECORDED_DAYS_MIN,
    within: (scope) => directory.within(scope),
    retired: (scope, sinceMs) => retiredSince(database, scope, sinceMs),
    namesOf: (ids) => placesOf(database, ids),
  });
  const caller = callerIn('330200');
  const dayOfOne = (turn: number) => {
    const device = city.cameras[(turn * 7_919) % city.cameras.length]!;
    return playback.timeline({ device, quality: 'main', fromMs: city.lastDayMs, toMs: city.lastDayMs + DAY_MS });
  };
  const last = city.lastDayMs;
  const month = { from: chinaDayAt(last - (DAYS - 1) * DAY_MS), to: chinaDayAt(last) };
  await measure(database, 'timeline of a day of a camera', {
    turns: TURNS,
    ask: dayOfOne,
    goals: [atMost(50, ASKED_BY)],
  });
  await measure(database, 'report of 30 days of all cameras', {
    turns: REPORTS,
    goals: [atMost(1_000, ASKED_BY)],
    ask: () => report.report(caller, month),
  });
  await measure(database, 'report of 30 days, those below 100 %', {
    turns: REPORTS,
    ask: () => report.report(caller, { ...month, below: 100 }),
  });
  await measure(database, 'report of 30 days of one camera', {
    turns: TURNS,
    ask: (turn) => report.report(caller, { ...month, device: city.cameras[turn]! }),
  });
});

interface Question {
  turns: number;
  goals?: Goal[];
  ask(turn: number): Promise<unknown>;
}

async function measure(database: Database<never>, what: string, { turns, ask, goals = [] }: Question): Promise<void> {
  // Not counted: it fills the caches and opens the connections.
  await ask(turns);
  const pids = await processesOf(database);
  const scansBefore = await wholeScans(database);
  const took: number[] = [];
  const delay = monitorEventLoopDelay({ resolution: 2 });
  delay.enable();
  const own = process.cpuUsage();
  const theirs = spentMs(pids);
  for (let turn = 0; turn < turns; turn += 1) {
    const beganMs = performance.now();
    await ask(turn);
    took.push(performance.now() - beganMs);
  }
  const { user, system } = process.cpuUsage(own);
  delay.disable();
  const theirMs = (spentMs(pids) - theirs) / turns;
  const scans = (await wholeScans(database)) - scansBefore;
  tell(
    'records of recordings',
    { files: ROWS, cameras: CAMERAS, what },
    {
      ...delays(took, ...goals),
      gateway: [(user + system) / 1_000 / turns, 'CPU ms'],
      PostgreSQL: [theirMs, 'CPU ms'],
      'event loop late, max': [delay.max / 1e6, 'ms', ...goals.map(() => atMost(50, ASKED_BY))],
      'a turn, max': [await longestTurnMs(() => ask(0)), 'CPU ms'],
      'whole tables read': [scans, 'count'],
    },
  );
}

/** The most processor time of this thread between two turns of its event loop: beside others the clock says little. */
async function longestTurnMs(work: () => Promise<unknown>): Promise<number> {
  const spentUs = (): number => {
    const { user, system } = process.threadCpuUsage();
    return user + system;
  };
  let [longestUs, lastUs, isOver] = [0, spentUs(), false];
  const turn = (): void => {
    const nowUs = spentUs();
    longestUs = Math.max(longestUs, nowUs - lastUs);
    lastUs = nowUs;
    if (!isOver) setImmediate(turn);
  };
  setImmediate(turn);
  await work();
  isOver = true;
  return longestUs / 1_000;
}

/** How often a whole table of files was read so far; statistics come a second late. */
async function wholeScans(database: Database<never>): Promise<number> {
  const { rows } = await sql<{ scans: number }>`
    with told as materialized (select pg_stat_force_next_flush(), pg_stat_clear_snapshot())
    select sum(seq_scan)::int as scans from told, pg_stat_user_tables
    where relname ~ '^recording(_[0-9]+)?$'`.execute(database.tables());
  return rows[0]?.scans ?? 0;
}
