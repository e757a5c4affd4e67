import { fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { ADMIN_TOKEN, Gateway } from '../../../test/support/gateway/gateway.ts';
import { testFilm } from '../../../test/support/streams/h264-source.ts';
import { TestCamera } from '../../../test/support/streams/rtsp-camera.ts';
import { cpuOf, memory, owner, quantiles, round, settle } from '../harness.ts';
import { HlsViewer } from './hls-viewer.ts';
import { Mediamtx } from './mediamtx.ts';

const CAMERAS = 10;
/** Played again and again; whole groups of pictures. */
const FILM_S = 6;
const NETWORK = '127.64.0.0/16';
/** Another moment between two key frames for each camera that is looked at first. */
const APART_MS = 2_200;

/** By camera with one viewer, all processes of the side counted, what it takes with no viewer left out. */
export interface CameraCosts {
  /** Of a core. */
  cpuPercent: number;
  memoryMiB: number;
  /** Median of the time from the first request to the first segment. */
  coldMs: number;
}

/** A side that shows cameras by HLS. */
interface Side {
  playlist(number: number): string;
  headers: Record<string, string>;
  /** CPU seconds so far. */
  cpu(): number;
  memoryMiB(): number;
}

const FILE = fileURLToPath(import.meta.url);

if (process.argv[1] === FILE) {
  const x264 = 'keyint=20:min-keyint=20:scenecut=0:bitrate=1000:vbv-maxrate=1000:vbv-bufsize=1000';
  const film = testFilm({ size: '768x576', seconds: FILM_S, x264 });
  const cameras = Array.from({ length: CAMERAS }, () => new TestCamera({ film }));
  for (const camera of cameras) await camera.listen();
  process.send?.(cameras.map(({ url }) => url));
  process.once('disconnect', () => process.exit());
}

/** Cameras of 768x576, 10 pictures and 1 Mbit a second, a key frame every 2 s, in a process of their own. */
export async function startCameras(): Promise<string[]> {
  const child = fork(FILE);
  owner.teardown(() => {
    if (child.connected) child.disconnect();
  });
  const ended = once(child, 'exit').then(() => Promise.reject(new Error('the cameras ended')));
  const [urls] = await Promise.race([once(child, 'message'), ended]);
  return urls as string[];
}

export async function ourCameras(urls: readonly string[], seconds: number): Promise<CameraCosts> {
  const gateway = await Gateway.start(owner, { CITYWATCH_CAMERA_NETWORKS: NETWORK });
  for (const [number, url] of urls.entries()) {
    await gateway.register({ id: `camera-${number}`, kind: 'camera', stream: { url } });
  }
  const costs = await measure(urls.length, seconds, {
    playlist: (number) => `${gateway.httpUrl}/api/v1/streams/camera-${number}/live.m3u8?purpose=routine`,
    headers: { authorization: `Bearer ${ADMIN_TOKEN}` },
    cpu: () => Object.values(cpuOf(gateway)).reduce((sum, each) => sum + each, 0),
    memoryMiB: () => memory(gateway).allProcessesPssMiB,
  });
  await gateway.stop('SIGTERM');
  return costs;
}

/** Null where this machine has no mediamtx. */
export async function theirCameras(urls: readonly string[], seconds: number): Promise<CameraCosts | null> {
  const peer = new Mediamtx();
  const program = await peer.find();
  if (!program) return null;
  await peer.start(program, { cameras: urls });
  owner.teardown(() => peer.stop());
  const costs = await measure(urls.length, seconds, {
    playlist: (number) => peer.playlist(number),
    headers: {},
    cpu: () => peer.cpu(),
    memoryMiB: () => peer.memoryMiB(),
  });
  await peer.stop();
  return costs;
}

async function measure(cameras: number, seconds: number, side: Side): Promise<CameraCosts> {
  await settle();
  const idle = await cpuOver(side, seconds / 3);
  const idleMiB = side.memoryMiB();
  const viewers = Array.from({ length: cameras }, () => new HlsViewer(side.headers));
  const coldMs: number[] = [];
  for (const [number, viewer] of viewers.entries()) {
    const [firstMs] = await Promise.all([viewer.watch(side.playlist(number)), sleep(APART_MS)]);
    coldMs.push(firstMs);
  }
  await settle();
  const busy = await cpuOver(side, seconds);
  const memoryMiB = round((side.memoryMiB() - idleMiB) / cameras);
  await Promise.all(viewers.map((viewer) => viewer.stop()));
  if (viewers.some(({ segments }) => segments < seconds / 4)) throw new Error('a viewer did not see all of its camera');
  return { cpuPercent: round(((busy - idle) * 100) / cameras), memoryMiB, coldMs: quantiles(coldMs).p50Ms };
}

/** Share of a core. */
async function cpuOver(side: Side, seconds: number): Promise<number> {
  const before = side.cpu();
  const startMs = performance.now();
  await sleep(seconds * 1000);
  return ((side.cpu() - before) * 1000) / (performance.now() - startMs);
}
