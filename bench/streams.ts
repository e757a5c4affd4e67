import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ADMIN_TOKEN, Gateway } from '../test/support/gateway/gateway.ts';
import { type CameraLoad, startCameraLoad } from './support/camera-load.ts';
import { atMost, each, tell as give } from './support/figures.ts';
import { cpuOf, owner, quantiles, round, run, setting } from './support/harness.ts';

/**
 * First picture of a camera, cold and warm, and what a watched camera costs: relay, packaging, one HLS viewer and the
 * register included, what the gateway needs without cameras apart. `CITYWATCH_BENCH_CAMERAS` and `_SECONDS` say how
 * many and how long; where `CITYWATCH_BENCH_PROFILE` names a folder, the gateway leaves its processor profile there.
 */
const CAMERAS = setting('CAMERAS', 16);
const SECONDS = setting('SECONDS', 60);
const COLD_RUNS = setting('COLD', 10);
const GOP_MS = 2_000;
const ASKED_BY = 'issue 10';
/** Threads of ours unless the other engine is asked for. */
const isOurs = process.env.CITYWATCH_STREAM_ENGINE !== 'ffmpeg';

await run(async () => {
  const { tell } = startCameraLoad();
  const urls = await tell<string[]>({ do: 'cameras', count: CAMERAS + COLD_RUNS });
  const gateway = await Gateway.prepare(owner, { CITYWATCH_CAMERA_NETWORKS: '127.64.0.0/16' });
  const folder = process.env.CITYWATCH_BENCH_PROFILE;
  if (folder) gateway.env.NODE_OPTIONS = `--cpu-prof --cpu-prof-dir=${join(folder)}`;
  const engine = process.env.CITYWATCH_STREAM_ENGINE;
  if (engine) gateway.env.CITYWATCH_STREAM_ENGINE = engine;
  await gateway.start();
  for (const [n, url] of urls.entries()) await gateway.register({ id: `cam-${n}`, kind: 'camera', stream: { url } });
  await sleep(5_000);
  await firstPicture(gateway);
  await costs(gateway, tell);
  await gateway.stop('SIGTERM');
});

type Tell = CameraLoad['tell'];

/** From the first request of a viewer to the first picture in its hands, each at another moment between key frames. */
async function firstPicture(gateway: Gateway): Promise<void> {
  const cold: number[] = [];
  const warm: number[] = [];
  for (let n = CAMERAS; n < CAMERAS + COLD_RUNS; n += 1) {
    await sleep(((n - CAMERAS) * GOP_MS) / COLD_RUNS);
    cold.push(await look(gateway, n));
    warm.push(await look(gateway, n));
  }
  for (const [state, times, mostMs] of [
    ['cold', cold, 2_300],
    ['warm', warm, 50],
  ] as const) {
    const { p50Ms, maxMs } = quantiles(times);
    give('first picture', { state }, { p50: [p50Ms, 'ms', atMost(mostMs, ASKED_BY)], max: [maxMs, 'ms'] });
  }
}

async function look(gateway: Gateway, camera: number): Promise<number> {
  const beganMs = performance.now();
  const get = async (url: URL): Promise<Buffer> => {
    const answer = await fetch(url, { headers: { authorization: `Bearer ${ADMIN_TOKEN}` } });
    if (!answer.ok) throw new Error(await answer.text());
    return Buffer.from(await answer.arrayBuffer());
  };
  const master = masterUrl(gateway, camera);
  const named = (text: string, prefix: RegExp) => prefix.exec(text)?.[1] ?? '';
  const media = new URL(named((await get(master)).toString(), /^(media\S*)/m), master);
  const text = (await get(media)).toString();
  await get(new URL(named(text, /MAP:URI="([^"]+)"/), media));
  await get(new URL(named(text, /^([0-9a-f]+-\d+\.m4s\S*)/m), media));
  return performance.now() - beganMs;
}

function masterUrl(gateway: Gateway, camera: number): URL {
  return new URL(`${gateway.httpUrl}/api/v1/streams/cam-${camera}/live.m3u8?purpose=bench`);
}

async function costs(gateway: Gateway, tell: Tell): Promise<void> {
  while ((await gateway.get('/streams')).items.length > 0) await sleep(500);
  const idle = await spent(gateway);
  const restMiB = pssMiB(gateway.pid);
  const urls = Array.from({ length: CAMERAS }, (_, n) => masterUrl(gateway, n).href);
  await tell({ do: 'watch', urls, tokens: [ADMIN_TOKEN] });
  const live = (items: { state: string }[]) => items.filter(({ state }) => state === 'live').length;
  while (live((await gateway.get('/streams')).items) < CAMERAS) await sleep(500);
  await sleep(15_000);
  const busy = await spent(gateway);
  const { all, ...processes } = added(idle, busy);
  const mostPercent = isOurs ? 0.35 : 0.5;
  give(
    'processor time of a watched camera',
    { cameras: CAMERAS },
    {
      all: [all ?? 0, '% of a core', atMost(mostPercent, ASKED_BY)],
      ...each(processes, '% of a core'),
    },
  );
  const ffmpegs = gateway.descendants().filter(({ program }) => program === 'ffmpeg');
  const ffmpegMiB = ffmpegs.reduce((sum, { pid }) => sum + privateMiB(pid), 0) / CAMERAS;
  const gatewayMiB = (pssMiB(gateway.pid) - restMiB) / CAMERAS;
  give(
    'memory of a watched camera',
    { cameras: CAMERAS },
    {
      both: [ffmpegMiB + gatewayMiB, 'MiB', atMost(isOurs ? 6 : 15, ASKED_BY)],
      ...each({ ffmpeg: ffmpegMiB, gateway: gatewayMiB }, 'MiB'),
    },
  );
  await recorded(gateway, busy);
  give('gateway without cameras', {}, { processor: [idle.gateway ?? 0, '% of a core'], memory: [restMiB, 'MiB'] });
  await tell({ do: 'end' });
}

/** What recording adds to a watched camera: all of them are recorded too. */
async function recorded(gateway: Gateway, watched: Record<string, number>): Promise<void> {
  const memoryMiB = (): number =>
    [gateway.pid, ...gateway.descendants().map(({ pid }) => pid)].reduce((sum, pid) => sum + pssMiB(pid), 0);
  const beforeMiB = memoryMiB();
  for (let n = 0; n < CAMERAS; n += 1) {
    await gateway.api('POST', `/devices/cam-${n}/recording`, { body: { mode: 'always' } });
  }
  await sleep(5_000);
  const both = await spent(gateway);
  const { all, ...processes } = added(watched, both);
  give(
    'what recording adds to it',
    { cameras: CAMERAS },
    {
      processor: [all ?? 0, '% of a core', atMost(0.1, 'issue 12')],
      ...each(processes, '% of a core'),
      memory: [(memoryMiB() - beforeMiB) / CAMERAS, 'MiB', atMost(1, 'issue 12')],
    },
  );
}

/** For each camera, by sort of process. */
function added(before: Record<string, number>, after: Record<string, number>): Record<string, number> {
  const perCamera = (name: string) => round((((after[name] ?? 0) - (before[name] ?? 0)) / CAMERAS) * 100) / 100;
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  const all = round(names.reduce((sum, name) => sum + perCamera(name), 0));
  return { all, ...Object.fromEntries(names.map((name) => [name, perCamera(name)])) };
}

/** Processor time of each sort of process over the measured time, in % of a core. */
async function spent(gateway: Gateway): Promise<Record<string, number>> {
  const before = cpuOf(gateway);
  await sleep(SECONDS * 1000);
  const after = cpuOf(gateway);
  const names = Object.keys(after);
  return Object.fromEntries(names.map((name) => [name, ((after[name]! - (before[name] ?? 0)) * 100) / SECONDS]));
}

function rollup(pid: number): string {
  return readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
}

function pssMiB(pid: number): number {
  return Number(/^Pss: +(\d+) kB/m.exec(rollup(pid))?.[1] ?? 0) / 1024;
}

function privateMiB(pid: number): number {
  const parts = [...rollup(pid).matchAll(/^Private_(?:Clean|Dirty): +(\d+) kB/gm)];
  return parts.reduce((sum, [, kB]) => sum + Number(kB), 0) / 1024;
}
