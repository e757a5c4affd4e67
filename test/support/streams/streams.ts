import { mkdtempSync, rmSync } from 'node:fs';
import type { Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Test } from 'tap';
import { type Clock, systemClock } from '../../../src/core/clock.ts';
import { createObserver, KnownSecrets, type Observer } from '../../../src/core/observe.ts';
import { TcpOutbound } from '../../../src/platform/outbound/tcp.ts';
import { type Cage, findCage } from '../../../src/streams/ffmpeg/cage.ts';
import { Spawner, type SpawnerOptions } from '../../../src/streams/ffmpeg/spawner.ts';
import { StreamService } from '../../../src/streams/live/service.ts';
import {
  CAMERA_LIMITS,
  CameraPool,
  type CameraPoolDeps,
  type CameraPoolOptions,
  type EngineChoice,
} from '../../../src/streams/pool/camera-pool.ts';
import { PULL_TIMES, type PullTimes } from '../../../src/streams/pool/pull-machine.ts';
import { USUAL_PLAN } from '../../../src/streams/pool/stream-plans.ts';
import type { CameraAddress, View } from '../../../src/streams/pool/types.ts';
import { soleLeases } from './pool/memory-leases.ts';
import { TestCamera } from './rtsp-camera.ts';

/** How ffmpeg is caged in tests: where they are root, the user is Debian's `nobody`, whom nobody has to make. */
export const CAGED = { ffmpegUser: process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : null, hidden: [] };

/** Cameras that are believed to be the registered ones. */
export const TRUSTED = { admit: async () => null, withheld: () => null, lost: () => {}, pictured: () => {} };

/** A machine with nothing else to do, and cameras of which nothing was said. */
export const IDLE = {
  planOf: () => USUAL_PLAN,
  processorS: () => 0,
  transcodes: { tryEnter: () => () => {} },
};

/** As in the gateway, on a machine that carries more than any test asks for. */
export const TEST_LIMITS = { ...CAMERA_LIMITS, megabitsMax: 10_000 };

/** What pulls the cameras of a test that does not say: `CITYWATCH_TEST_ENGINE`, or as in the gateway. */
export const ENGINE: EngineChoice = process.env.CITYWATCH_TEST_ENGINE === 'ffmpeg' ? 'ffmpeg' : 'auto';

/** The network of test cameras. */
export const TEST_NETWORK = '127.64.0.0/16';

export interface StreamBed {
  service: StreamService;
  pool: CameraPool;
  cameras: Map<string, CameraAddress>;
  observer: Observer;
  /** Lines logged so far. */
  lines: string[];
  /** Looks that were registered. */
  views: View[];
  /** Cameras known to be another unit, and why; those of `strangers` are found to be so when they are reached. */
  foreign: Map<string, string>;
  strangers: Map<string, string>;
  /** Cameras whose connection was lost, in order. */
  lost: string[];
}

interface StreamOptions extends CameraPoolOptions {
  planOf: CameraPoolDeps['planOf'];
  clock: Clock;
  transcodes: CameraPoolDeps['transcodes'];
}

/** A stream service with real ffmpeg and cameras by name, stopped with the test. */
export async function startStreams(
  t: Pick<Test, 'teardown'>,
  options: Partial<StreamOptions> = {},
): Promise<StreamBed> {
  const { clock = systemClock, planOf = IDLE.planOf, transcodes = IDLE.transcodes, ...others } = options;
  const directory = mkdtempSync(join(tmpdir(), 'cw-'));
  const lines: string[] = [];
  const destination = { write: (line: string) => void lines.push(line) };
  const observer = createObserver({ level: 'trace', secrets: new KnownSecrets(), destination });
  const cameras = new Map<string, CameraAddress>();
  const views: View[] = [];
  const foreign = new Map<string, string>();
  const strangers = new Map<string, string>();
  const lost: string[] = [];
  const admit = async (id: string) => {
    const stranger = strangers.get(id);
    if (stranger) foreign.set(id, stranger);
    return foreign.get(id) ?? null;
  };
  const source = {
    camera: async (id: string) => cameras.get(id) ?? null,
    admit,
    withheld: (id: string) => foreign.get(id) ?? null,
    lost: (id: string) => void lost.push(id),
    pictured: () => {},
  };
  const tcp = new TcpOutbound({ clock });
  const pool = new CameraPool(
    { clock, observer, cameras: source, tcp, leases: soleLeases(clock), ...IDLE, planOf, transcodes },
    {
      socketDirectory: join(directory, 'v'),
      cameraNetworks: [TEST_NETWORK],
      limits: TEST_LIMITS,
      times: PULL_TIMES,
      engine: ENGINE,
      sound: 'off',
      ...CAGED,
      ...others,
    },
  );
  const health = { of: () => null };
  const register = async (view: View) => void views.push(view);
  const service = new StreamService({ pool, health, cameras: source, register });
  t.teardown(async () => {
    service.stop();
    await pool.stop();
    rmSync(directory, { recursive: true, force: true });
  });
  await pool.start();
  service.start();
  return { service, pool, cameras, observer, lines, views, foreign, strangers, lost };
}

/** A cage with a directory of its own for `ffmpegPath`, and the directories it hides. */
export async function cageFor(t: Test, ffmpegPath: string, hidden: string[] = []): Promise<Cage> {
  const directory = mkdtempSync(join(tmpdir(), 'cw-'));
  t.teardown(() => rmSync(directory, { recursive: true, force: true }));
  return findCage({ directory: join(directory, 'cage'), ffmpegPath, user: CAGED.ffmpegUser, hidden });
}

const SPAWNER_LIMITS = { startsPerS: 25, processesMax: 1_200 };

/** A spawner that starts `ffmpegPath` (a shell) in its cage, or in another one. */
export function startSpawner(
  t: Test,
  settings: Partial<SpawnerOptions> = {},
  relay: { serve(listener: Server): void } = { serve: (listener) => void listener.close() },
  inside: Cage | null = null,
): Spawner {
  const observer = createObserver({ level: 'silent', secrets: new KnownSecrets() });
  const { ffmpegPath = '/bin/sh' } = settings;
  const cage = async () => inside ?? (await cageFor(t, ffmpegPath));
  const one = new Spawner(
    { clock: systemClock, observer, relay, cage },
    { ...SPAWNER_LIMITS, ...settings, ffmpegPath },
  );
  t.teardown(() => one.stop());
  one.start();
  return one;
}

export function look(deviceId: string, viewer = 'op-1'): View {
  return {
    deviceId,
    quality: 'main',
    use: 'live',
    viewer: { type: 'token', id: viewer, name: viewer },
    purpose: 'routine',
    case: null,
  };
}

/** A stream service with one camera that is being recorded and watched, by ffmpeg. */
export async function watching(
  t: Test,
  times: Partial<PullTimes> = {},
): Promise<{ bed: StreamBed; camera: TestCamera }> {
  const camera = await TestCamera.start(t);
  const bed = await startStreams(t, { engine: 'ffmpeg', times: { ...PULL_TIMES, ...times } });
  bed.cameras.set('cam', { url: camera.url });
  await bed.service.lease(look('cam', 'recorder'));
  await bed.service.playlist(look('cam'));
  return { bed, camera };
}
