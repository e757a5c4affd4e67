import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { subnetOf } from '../../src/core/address-block.ts';
import { type CameraCheckResult, checkCamera } from '../../src/devices/checks/camera-check.ts';
import { CAMERA_CHECK_TIMES } from '../../src/devices/checks/camera-times.ts';
import { CHECK_PLACES, CheckPlaces } from '../../src/devices/checks/check-places.ts';
import { worst } from '../../src/devices/checks/steps.ts';
import { checkPortsOn } from '../../test/support/devices/check-ports.ts';
import { startStreams, TEST_NETWORK } from '../../test/support/streams/streams.ts';
import type { CheckedCamera } from '../support/checked-cameras.ts';
import { each, tell } from '../support/figures.ts';
import { cpuSeconds, delays, owner, round, run, setting } from '../support/harness.ts';

/**
 * Checks of many cameras as a district is checked, one in twenty of them hostile: how many a second, what each costs
 * the process that checks and all of them together (cameras and ffmpeg), whether pictures were mixed up, and how long
 * its event loop stood still: by the clock, and by the processor time of its own thread between two timers, which a
 * busy machine does not lengthen. `CITYWATCH_BENCH_CAMERAS` says how many.
 */
const CAMERAS = setting('CAMERAS', 400);
const NS_PER_MS = 1e6;

await run(async () => {
  const child = fork(join(import.meta.dirname, '../support/checked-cameras.ts'));
  owner.teardown(() => void child.disconnect());
  child.send(CAMERAS);
  const [cameras] = (await once(child, 'message')) as [CheckedCamera[] | string];
  if (typeof cameras === 'string') throw new Error(cameras);
  const { pool } = await startStreams(owner);
  const ports = checkPortsOn(owner, pool, [TEST_NETWORK]);
  const places = new CheckPlaces(CHECK_PLACES);
  const delay = monitorEventLoopDelay({ resolution: 5 });
  const turns = watchTurns();
  const beganMs = performance.now();
  const before = process.cpuUsage();
  const cpuBeforeS = cpuOfAll();
  delay.enable();
  const { signal } = new AbortController();
  const results = await Promise.all(
    cameras.map(async ({ target }) => {
      const leave = await places.wait(subnetOf(new URL(target.onvif!.xaddr).hostname), signal);
      return await checkCamera(target, ports, CAMERA_CHECK_TIMES).finally(leave);
    }),
  );
  delay.disable();
  const turnMs = turns();
  const seconds = (performance.now() - beganMs) / 1000;
  const { user, system } = process.cpuUsage(before);
  const cpuAllS = cpuOfAll() - cpuBeforeS;
  const judged = results.map((result, index) => judge(result, cameras[index]!.size));
  const count = (what: string): number => judged.filter((one) => one === what).length;
  const of = { cameras: CAMERAS };
  tell('cameras are checked', of, {
    took: [seconds, 's'],
    checks: [CAMERAS / seconds, '/s'],
    each: [(user + system) / 1_000 / CAMERAS, 'CPU ms'],
    'each, with cameras and ffmpeg': [(cpuAllS * 1_000) / CAMERAS, 'CPU ms'],
    ...delays(results.map(({ tookMs }) => tookMs)),
  });
  const verdicts = ['sound', 'undecoded', 'misjudged', 'mixed', 'hostile'];
  tell('verdicts', of, {
    ...each(Object.fromEntries(verdicts.map((verdict) => [verdict, count(verdict)])), 'count'),
    unexpected: [ports.unexpectedOnes.length, 'count'],
  });
  tell('event loop of who checks', of, {
    'a turn, p99': [turnMs.p99, 'CPU ms'],
    'a turn, max': [turnMs.max, 'CPU ms'],
    'late, p99': [delay.percentile(99) / NS_PER_MS, 'ms'],
    'late, max': [delay.max / NS_PER_MS, 'ms'],
  });
});

/** Processor time so far, in seconds, of this process and all below it: the cameras and each ffmpeg, too. */
function cpuOfAll(): number {
  const below = (pid: number): number[] =>
    readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number);
  const used = (pid: number): number => below(pid).reduce((sum, child) => sum + used(child), cpuSeconds(pid));
  return used(process.pid);
}

/** Counts what this thread computes from one timer to the next; what it returns stops, and tells. */
function watchTurns(): () => { p99: number; max: number } {
  const spentMs = (): number => {
    const { user, system } = process.threadCpuUsage();
    return (user + system) / 1_000;
  };
  const turns: number[] = [];
  let before = spentMs();
  const timer = setInterval(() => {
    const now = spentMs();
    turns.push(now - before);
    before = now;
  }, 1);
  return () => {
    clearInterval(timer);
    const ordered = turns.toSorted((a, b) => a - b);
    return { p99: round(ordered.at(Math.floor(ordered.length * 0.99)) ?? 0), max: round(ordered.at(-1) ?? 0) };
  };
}

/** A sound camera must be found sound, with its own size; a hostile one must be found failed. */
function judge({ steps, isOther }: CameraCheckResult, size: string | null): string {
  const grade = worst(steps);
  if (size === null) return grade === 'failed' ? 'hostile' : 'misjudged';
  const seen = steps.find(({ name }) => name === 'rtsp')?.seen ?? '';
  if (isOther || (/\d+x\d+/.test(seen) && !seen.includes(`, ${size},`))) return 'mixed';
  // The machine could not decode its picture in time, and says so.
  if (grade === 'warning' && steps.some(({ problem }) => problem === 'ffmpeg')) return 'undecoded';
  return grade === 'ok' ? 'sound' : 'misjudged';
}
