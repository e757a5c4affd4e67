import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ADMIN_TOKEN, Gateway } from '../test/support/gateway/gateway.ts';
import { type CameraLoad, startCameraLoad } from './support/camera-load.ts';
import { cpuOf, owner, print, quantiles, round, run, setting } from './support/harness.ts';

/**
 * First picture of a camera, cold and warm, and what a watched camera costs: relay, packaging, one HLS viewer and the
 * register included, what the gateway needs without cameras apart. `CITYWATCH_BENCH_CAMERAS` and `_SECONDS` say how
 * many and how long; where `CITYWATCH_BENCH_PROFILE` names a folder, the gateway leaves its processor profile there.
 */
const CAMERAS = setting('CAMERAS', 16);
const SECONDS = setting('SECONDS', 60);
const COLD_RUNS = setting('COLD', 10);
const GOP_MS = 2_000;

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
  print({ bench: 'first picture, cold', ...quantiles(cold) });
  print({ bench: 'first picture, warm', ...quantiles(warm) });
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
  await tell({ do: 'watch', urls, token: ADMIN_TOKEN });
  const live = (items: { state: string }[]) => items.filter(({ state }) => state === 'live').length;
  while (live((await gateway.get('/streams')).items) < CAMERAS) await sleep(500);
  await sleep(15_000);
  const busy = await spent(gateway);
  print({ bench: 'CPU of a watched camera, % of a core', cameras: CAMERAS, ...added(idle, busy) });
  const ffmpegs = gateway.descendants().filter(({ program }) => program === 'ffmpeg');
  const ffmpegMiB = ffmpegs.reduce((sum, { pid }) => sum + privateMiB(pid), 0) / CAMERAS;
  const gatewayMiB = (pssMiB(gateway.pid) - restMiB) / CAMERAS;
  print({ bench: 'memory of a watched camera, MiB', ffmpeg: round(ffmpegMiB), gateway: round(gatewayMiB) });
  await recorded(gateway, busy);
  print({ bench: 'gateway without cameras', cpuPercent: round(idle.gateway ?? 0), pssMiB: Math.round(restMiB) });
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
  print({ bench: 'CPU that recording adds to it, % of a core', cameras: CAMERAS, ...added(watched, both) });
  const addedMiB = round((memoryMiB() - beforeMiB) / CAMERAS);
  print({ bench: 'memory that recording adds, all processes, MiB for each', cameras: CAMERAS, addedMiB });
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
