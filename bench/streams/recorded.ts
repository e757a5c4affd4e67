import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { Gateway } from '../../test/support/gateway/gateway.ts';
import { startCameraLoad } from '../support/camera-load.ts';
import { atMost, type Given, type Goal, tell } from '../support/figures.ts';
import { cpuOf, cpuSeconds, memory, metric, owner, run, setting, tokensOf } from '../support/harness.ts';

/**
 * Cameras of 1 Mbit/s that are watched and recorded, by how many there are, with three viewers for two cameras: what
 * one costs, what recording adds, and what was lost. Then a start of the gateway with all of them recorded: until all
 * are live, and how late its event loop ran. The load generator shares the machine and is told apart.
 *
 * Goals with 200 cameras and 300 viewers on two cores: no fragment dropped and no hole; recording adds at most 0.1 % of
 * a core and 1 MiB for each camera; all live within 25 s of a start, the loop late by 50 ms at most.
 * `CITYWATCH_BENCH_CAMERAS` is the largest number of cameras, `_VIEWERS` its viewers, `_SECONDS` how long each is
 * measured.
 */
const CAMERAS = setting('CAMERAS', 200);
const VIEWERS = setting('VIEWERS', Math.round(CAMERAS * 1.5));
const SECONDS = setting('SECONDS', 60);
const CASES = [10, 50, 100, 200].filter((count) => count < CAMERAS);
const STARTS = 3;
const ASKED_BY = 'issue 12';
const VIEWERS_PER_TOKEN = 15;
const SETTLE_MS = Math.min(15_000, SECONDS * 1_000);
const LIVE_LIMIT_MS = 300_000;

const loopFile = join(process.env.TMPDIR ?? '/tmp', `bench-loop-${process.pid}.json`);
owner.teardown(() => rmSync(loopFile, { force: true }));

await run(async () => {
  const load = startCameraLoad();
  const urls = await load.tell<string[]>({ do: 'cameras', count: CAMERAS });
  const gateway = await Gateway.prepare(owner, {
    CITYWATCH_CAMERA_NETWORKS: '127.64.0.0/16',
    CITYWATCH_STREAM_MEGABITS_MAX: '10000',
    BENCH_LOOP_FILE: loopFile,
  });
  const preload = pathToFileURL(join(import.meta.dirname, '../support/loop-delay.mjs'));
  gateway.nodeOptions = [...gateway.nodeOptions, `--import=${preload}`];
  await gateway.start();
  for (const [n, url] of urls.entries()) await gateway.register({ id: `cam-${n}`, kind: 'camera', stream: { url } });
  const bench = { gateway, load };
  for (const count of [...CASES, CAMERAS]) await watchedAndRecorded(bench, count);
  await starts(gateway);
  await gateway.stop('SIGTERM');
});

interface Bench {
  gateway: Gateway;
  load: ReturnType<typeof startCameraLoad>;
}

async function watchedAndRecorded({ gateway, load }: Bench, count: number): Promise<void> {
  await live(gateway, 0);
  // A caller may have 64 requests under way; here each has those of a few viewers.
  const tokens = await tokensOf(gateway, Math.ceil(VIEWERS / VIEWERS_PER_TOKEN), 'operator');
  const idle = await spent(gateway, load.pid);
  const viewers = Math.round((VIEWERS * count) / CAMERAS);
  const urls = Array.from({ length: viewers }, (_, n) => {
    const path = `/api/v1/streams/cam-${n % count}/live.m3u8?purpose=bench`;
    return new URL(path, gateway.httpUrl).href;
  });
  await load.tell({ do: 'watch', urls, tokens });
  await live(gateway, Math.min(count, viewers));
  await sleep(SETTLE_MS);
  const watched = await spent(gateway, load.pid);
  await record(gateway, count, 'always');
  await live(gateway, count);
  await sleep(SETTLE_MS);
  const fromMs = Date.now();
  await loopDelay(gateway);
  const droppedBefore = await metric(gateway, 'citywatch_stream_fragments_dropped_total');
  const both = await spent(gateway, load.pid);
  const dropped = (await metric(gateway, 'citywatch_stream_fragments_dropped_total')) - droppedBefore;
  const { loopP99Ms, loopMaxMs } = await loopDelay(gateway);
  const each = (after: Spent, before: Spent, of: 'cpu' | 'pssMiB') => (after[of] - before[of]) / count;
  tell(
    'cameras watched and recorded',
    { cameras: count, viewers },
    {
      gateway: [both.cpu / 100, 'cores'],
      'cameras and viewers': [both.load / 100, 'cores'],
      'watched, each': [each(watched, idle, 'cpu'), '% of a core'],
      'memory watched, each': [each(watched, idle, 'pssMiB'), 'MiB'],
      'recording adds, each': [each(both, watched, 'cpu'), '% of a core', atMost(0.1, ASKED_BY)],
      'memory recording adds, each': [each(both, watched, 'pssMiB'), 'MiB', atMost(1, ASKED_BY)],
      'fragments dropped': [dropped, 'count', atMost(0, ASKED_BY)],
      holes: [await holes(gateway, count, fromMs), 'count'],
      ...late({ loopP99Ms, loopMaxMs }),
    },
  );
  await load.tell({ do: 'end' });
  await record(gateway, count, 'off');
}

interface Late {
  loopP99Ms: number;
  loopMaxMs: number;
}

function late({ loopP99Ms, loopMaxMs }: Late, ...goals: Goal[]): Record<string, Given> {
  return { 'event loop late, p99': [loopP99Ms, 'ms'], 'event loop late, max': [loopMaxMs, 'ms', ...goals] };
}

/** All cameras are recorded, and the gateway starts. */
async function starts(gateway: Gateway): Promise<void> {
  await record(gateway, CAMERAS, 'always');
  for (let start = 1; start <= STARTS; start += 1) {
    await gateway.stop('SIGTERM');
    const beganMs = performance.now();
    await gateway.start();
    const readyMs = performance.now();
    await loopDelay(gateway);
    await live(gateway, CAMERAS);
    const liveMs = performance.now();
    const { loopP99Ms, loopMaxMs } = await loopDelay(gateway);
    tell(
      'start with recorded cameras',
      { cameras: CAMERAS, start },
      {
        ready: [(readyMs - beganMs) / 1_000, 's'],
        'all live': [(liveMs - beganMs) / 1_000, 's', atMost(25, ASKED_BY)],
        ...late({ loopP99Ms, loopMaxMs }, atMost(50, ASKED_BY)),
      },
    );
  }
}

interface Spent {
  /** Of all processes of the gateway, and of the load, in % of a core. */
  cpu: number;
  load: number;
  pssMiB: number;
}

async function spent(gateway: Gateway, loadPid: number): Promise<Spent> {
  const sum = () => Object.values(cpuOf(gateway)).reduce((all, one) => all + one, 0);
  const [before, loadBefore] = [sum(), cpuSeconds(loadPid)];
  await sleep(SECONDS * 1_000);
  const percent = (seconds: number) => (seconds * 100) / SECONDS;
  const load = percent(cpuSeconds(loadPid) - loadBefore);
  return { cpu: percent(sum() - before), load, pssMiB: memory(gateway).allProcessesPssMiB };
}

/** Waits until so many cameras are live and no others are pulled. */
async function live(gateway: Gateway, count: number): Promise<void> {
  const untilMs = performance.now() + LIVE_LIMIT_MS;
  for (;;) {
    const { items } = (await gateway.get('/streams')) as { items: { state: string }[] };
    if (items.length === count && items.every(({ state }) => state === 'live')) return;
    if (performance.now() > untilMs) throw new Error(`${items.length} are pulled, and not ${count} live`);
    await sleep(250);
  }
}

async function record(gateway: Gateway, count: number, mode: 'always' | 'off'): Promise<void> {
  for (let n = 0; n < count; n += 1) {
    const { status, text } = await gateway.api('POST', `/devices/cam-${n}/recording`, { body: { mode } });
    if (status !== 204) throw new Error(`how cam-${n} is recorded was answered ${status}: ${text}`);
  }
}

/** Holes of all cameras since then. */
async function holes(gateway: Gateway, count: number, fromMs: number): Promise<number> {
  const [from, to] = [fromMs, Date.now()].map((atMs) => new Date(atMs).toISOString());
  let found = 0;
  for (let n = 0; n < count; n += 1) {
    const { gaps } = (await gateway.get(`/streams/cam-${n}/recordings?from=${from}&to=${to}`)) as { gaps: unknown[] };
    found += gaps.length;
  }
  return found;
}

/** How late the event loop of the gateway ran since the call before. */
async function loopDelay(gateway: Gateway): Promise<Late> {
  rmSync(loopFile, { force: true });
  process.kill(gateway.pid, 'SIGUSR2');
  for (;;) {
    await sleep(50);
    try {
      return JSON.parse(readFileSync(loopFile, 'utf8'));
    } catch {
      // Not written yet.
    }
  }
}
