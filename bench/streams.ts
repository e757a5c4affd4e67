import { fork } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { systemClock } from '../src/core/clock.ts';
import { createObserver, KnownSecrets } from '../src/core/observe.ts';
import { TcpOutbound } from '../src/platform/outbound/tcp.ts';
import { StreamService } from '../src/streams/live/service.ts';
import { CAMERA_LIMITS, CameraPool } from '../src/streams/pool/camera-pool.ts';
import { PULL_TIMES } from '../src/streams/pool/pull-machine.ts';
import type { View } from '../src/streams/pool/types.ts';
import { soleLeases } from '../test/support/streams/pool/memory-leases.ts';
import { TestCamera } from '../test/support/streams/rtsp-camera.ts';
import { CAGED, TRUSTED } from '../test/support/streams/streams.ts';

/**
 * First picture of a camera, cold and warm, and what ten pulled cameras cost. The cameras (768x576, 10 pictures a
 * second, 0.4 Mbit/s, a key frame every 2 s) run in a process of their own.
 */
const CAMERAS = 10;
const COLD_RUNS = 10;
const MEASURED_S = 30;
/** Clock ticks a second of /proc/<pid>/stat, fixed for Linux on every machine we run on. */
const TICKS_PER_S = 100;

if (process.argv[2] === 'cameras') {
  const cameras = Array.from({ length: CAMERAS + COLD_RUNS }, () => new TestCamera({}));
  for (const camera of cameras) await camera.listen();
  process.send?.(cameras.map(({ url }) => url));
} else await measure();

async function measure(): Promise<void> {
  const child = fork(process.argv[1] ?? '', ['cameras'], { execArgv: process.execArgv });
  const urls = await new Promise<string[]>((resolve) => child.once('message', (list) => resolve(list as string[])));
  const directory = mkdtempSync(join(tmpdir(), 'cw-'));
  const clock = systemClock;
  const cameras = { camera: async (id: string) => ({ url: urls[Number(id)] ?? '' }), ...TRUSTED };
  const observer = createObserver({ level: 'silent', secrets: new KnownSecrets() });
  const pool = new CameraPool(
    { clock, observer, cameras, tcp: new TcpOutbound({ clock }), leases: soleLeases(clock) },
    {
      socketDirectory: directory,
      cameraNetworks: ['127.64.0.0/16'],
      limits: CAMERA_LIMITS,
      times: PULL_TIMES,
      ...CAGED,
    },
  );
  const service = new StreamService({ pool, cameras, register: async () => {} });
  await pool.start();
  service.start();
  while (!service.ready) await sleep(10);
  print({ machine: cpus()[0]?.model, cores: cpus().length, node: process.version });
  await firstPicture(service);
  await costs(service);
  service.stop();
  await pool.stop();
  child.kill();
  rmSync(directory, { recursive: true, force: true });
}

async function firstPicture(service: StreamService): Promise<void> {
  const times = { fragment: [] as number[], playlist: [] as number[], still: [] as number[], warm: [] as number[] };
  for (let n = CAMERAS; n < CAMERAS + COLD_RUNS; n += 1) {
    // Another moment between two key frames each time: one run ends where a key frame begins.
    await sleep(((n - CAMERAS) * 2_000) / COLD_RUNS);
    const beganMs = performance.now();
    const passed = () => performance.now() - beganMs;
    const lease = await service.lease(look(n));
    const heard = new Promise<void>((resolve) => {
      lease.listen({ epoch: () => {}, fragment: () => resolve(), failed: () => {} });
    });
    await Promise.all([
      heard.then(() => times.fragment.push(passed())),
      service.snapshot(look(n)).then(() => times.still.push(passed())),
      service.playlist(look(n)).then(() => times.playlist.push(passed())),
    ]);
    const warmMs = performance.now();
    await service.playlist({ ...look(n), viewer: { type: 'token', id: 'second', name: 'second' } });
    times.warm.push(performance.now() - warmMs);
    lease.release();
  }
  print({ bench: 'first fragment, cold', ...spread(times.fragment) });
  print({ bench: 'first still, cold', ...spread(times.still) });
  print({ bench: 'first playlist, cold', ...spread(times.playlist) });
  print({ bench: 'playlist, warm', ...spread(times.warm) });
}

async function costs(service: StreamService): Promise<void> {
  while (service.list().length > 0) await sleep(200);
  for (let n = 0; n < CAMERAS; n += 1) await service.lease(look(n));
  while (service.list().filter(({ state }) => state === 'live').length < CAMERAS) await sleep(100);
  await sleep(3_000);
  const { spawner, ffmpeg } = service.processes();
  const sum = (of: (pid: number) => number) => ffmpeg.reduce((total, pid) => total + of(pid), 0);
  const before = { ffmpeg: sum(cpuS), spawner: cpuS(spawner ?? 0), gateway: process.cpuUsage() };
  await sleep(MEASURED_S * 1000);
  const gateway = process.cpuUsage(before.gateway);
  const percent = (seconds: number) => Number(((seconds * 100) / MEASURED_S / CAMERAS).toFixed(3));
  print({
    bench: `cost per camera at ${CAMERAS}`,
    ffmpegCpuPercent: percent(sum(cpuS) - before.ffmpeg),
    gatewayCpuPercent: percent((gateway.user + gateway.system) / 1e6),
    spawnerCpuPercent: percent(cpuS(spawner ?? 0) - before.spawner),
    ffmpegPrivateMb: Number((sum(privateMb) / CAMERAS).toFixed(1)),
    spawnerPrivateMb: Number(privateMb(spawner ?? 0).toFixed(1)),
  });
}

function look(camera: number): View {
  const viewer = { type: 'system' as const, id: 'bench', name: 'bench' };
  return { deviceId: String(camera), quality: 'main', viewer, purpose: 'routine', case: null };
}

function cpuS(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_S;
}

function privateMb(pid: number): number {
  const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
  const kb = [...rollup.matchAll(/^Private_(?:Clean|Dirty): +(\d+) kB/gm)].reduce((sum, [, n]) => sum + Number(n), 0);
  return kb / 1024;
}

function spread(values: number[]): { medianMs: number; minMs: number; maxMs: number } {
  const sorted = [...values].sort((a, b) => a - b).map(Math.round);
  return { medianMs: sorted[sorted.length >> 1] ?? 0, minMs: sorted[0] ?? 0, maxMs: sorted.at(-1) ?? 0 };
}

function print(result: object): void {
  process.stdout.write(`${JSON.stringify(result)}\n`);
}
