import { availableParallelism } from 'node:os';
import type { Clock } from '../../../core/clock.ts';
import type { Jurisdiction } from '../../../core/jurisdiction.ts';
import type { Observer } from '../../../core/observe.ts';
import type { DeviceId } from '../../../core/types.ts';
import { CAMERA_SETUP_QUEUE, CameraSetup, SYSTEM } from '../../../devices/cameras/setup.ts';
import type { CameraUnits } from '../../../devices/cameras/units.ts';
import { type CameraPlace, CameraWatch, type CameraWatchDeps } from '../../../devices/checks/camera-watch.ts';
import { inspectCamera } from '../../../devices/onvif/inspect.ts';
import { RecorderLists } from '../../../devices/recorders/recorder-lists.ts';
import type { Connections } from '../../../devices/registry/connections.ts';
import { camerasSeeing } from '../../../devices/registry/nearby-cameras.ts';
import type { Database } from '../../../platform/database/database.ts';
import type { Ownership } from '../../../platform/database/ownership.ts';
import { TcpOutbound } from '../../../platform/outbound/tcp.ts';
import type { AccessRegister } from '../../../platform/records/access-register.ts';
import type { Vault } from '../../../platform/secrets/vault.ts';
import type { WorkQueue } from '../../../platform/work/work.ts';
import { StreamService } from '../../../streams/live/service.ts';
import { viewRegister } from '../../../streams/live/view-register.ts';
import { PictureHealth } from '../../../streams/picture-health/health.ts';
import {
  CAMERA_LIMITS,
  CameraPool,
  type CameraPoolOptions,
  type EngineChoice,
  MEGABITS_PER_CORE,
} from '../../../streams/pool/camera-pool.ts';
import { LeaseTable } from '../../../streams/pool/lease-table.ts';
import { PULL_TIMES } from '../../../streams/pool/pull-machine.ts';
import type { StreamPlans } from '../../../streams/pool/stream-plans.ts';
import type { CameraSource, FailureReason } from '../../../streams/pool/types.ts';
import type { Ground } from '../ground/ground.ts';
import { composeLooks } from './looks.ts';

/** Told how cameras are as they are spoken with. */
export interface CameraHealth {
  answered(id: DeviceId, answered: boolean): void;
  /** `problem` is null where it answers over ONVIF as it should. */
  asked(id: DeviceId, problem: string | null): void;
  /** As `CameraSource.pictured`. */
  pictured(id: DeviceId, failure: FailureReason | null): void;
}

export interface VideoDeps {
  database: Database;
  ownership: Ownership;
  clock: Clock;
  observer: Observer;
  cameras: Ground['cameras'];
  work: WorkQueue;
  connections: Connections;
  register: AccessRegister;
  vault: Vault;
  identity: CameraWatchDeps['identity'];
  hasVideo(id: DeviceId): boolean;
  accept: CameraWatchDeps['accept'];
  units: CameraUnits;
  socketDirectory: string;
  cameraNetworks: string[];
  ffmpegPath: string | null;
  engine: EngineChoice;
  /** Null where it follows from the processor. */
  megabitsMax: number | null;
  plans: StreamPlans;
  ffmpegUser: CameraPoolOptions['ffmpegUser'];
  dataDirectory: string;
  /** What this gateway is called among those of the database. */
  node: string;
  checkEveryMs: number;
  health: CameraHealth;
}

const SETTING = 'CITYWATCH_CAMERA_NETWORKS';
const PROBE_DEADLINE_MS = 3_000;
/** Cameras knocked at together. */
const LOOKS_AT_ONCE_MAX = 64;

/** Builds everything that talks to cameras: introduction over ONVIF, the watch, and the video pool. Starts nothing. */
export function composeVideo(deps: VideoDeps) {
  const { clock, observer, connections, database, units } = deps;
  const networks = deps.cameraNetworks;
  const tcp = new TcpOutbound({ clock });
  const probe = async ({ host, port }: Pick<CameraPlace, 'host' | 'port'>, signal: AbortSignal): Promise<void> => {
    const target = { host, port, networks, setting: SETTING, deadlineMs: PROBE_DEADLINE_MS, signal };
    (await tcp.connect(target)).destroy();
  };
  const lists = new RecorderLists(clock);
  const setup = new CameraSetup({
    database,
    ownership: deps.ownership,
    clock,
    observer,
    vault: deps.vault,
    // A recorder has no video of its own: its channels are introduced one by one.
    access: async (id) => (deps.hasVideo(id) ? await connections.onvifAccess(id) : null),
    inspect: (target) => inspectCamera(target, { ...deps.cameras.machines, reach: probe, lists }),
    units,
  });
  deps.work.handle(CAMERA_SETUP_QUEUE, (id) => setup.handle(id));
  const { identity, accept } = deps;
  const looked = lookedBy(units, deps.health);
  const watch = new CameraWatch(
    { database, clock, observer, identity, probe, accept, looked },
    { everyMs: deps.checkEveryMs, atOnceMax: LOOKS_AT_ONCE_MAX },
  );
  const cameras: CameraSource = {
    camera: (id) => connections.videoOf(id),
    admit: (id) =>
      units.admit(id).then(
        () => null,
        () => units.withheld(id),
      ),
    withheld: (id) => units.withheld(id),
    lost: (id) => units.lost(id),
    pictured: (id, failure) => deps.health.pictured(id, failure),
  };
  const leases = new LeaseTable({ database, node: deps.node });
  const pool = new CameraPool(
    { clock, observer, tcp, cameras, leases, planOf: (id) => deps.plans.of(id), processorS },
    {
      socketDirectory: deps.socketDirectory,
      cameraNetworks: networks,
      engine: deps.engine,
      limits: { ...CAMERA_LIMITS, megabitsMax: deps.megabitsMax ?? MEGABITS_PER_CORE * availableParallelism() },
      times: PULL_TIMES,
      ffmpegUser: deps.ffmpegUser,
      hidden: [deps.dataDirectory],
      ...(deps.ffmpegPath ? { ffmpegPath: deps.ffmpegPath } : {}),
    },
  );
  const pictureHealth = new PictureHealth({ clock, observer, pool, identity, accept });
  const streams = new StreamService({
    pool,
    health: pictureHealth,
    cameras,
    register: viewRegister({ register: deps.register, jurisdictionOf: (id) => identity(id)?.jurisdiction }),
  });
  const looks = composeLooks({ pool, tcp, networks });
  return { setup, watch, pool, streams, pictureHealth, probe, looks, pictures: picturesFrom(streams, database) };
}

/** Threads of ours included, and ffmpeg not, which has a budget of its own. */
function processorS(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000_000 / availableParallelism();
}

/** Tells of each look at a camera who stands at its address, and how it is. */
function lookedBy(units: CameraUnits, health: CameraHealth): CameraWatchDeps['looked'] {
  return (id, answered) => {
    units.looked(id, answered);
    health.answered(id, answered);
  };
}

/** What an alert needs of cameras: who sees the place, and a still of now. */
function picturesFrom(streams: StreamService, database: Database) {
  return {
    camerasFor: (ids: readonly DeviceId[], readers: Jurisdiction) => camerasSeeing(database, ids, readers),
    snapshot: async (camera: DeviceId, why: { purpose: string; case: string }) => {
      const still = await streams.snapshot({ deviceId: camera, quality: 'main', use: 'alert', viewer: SYSTEM, ...why });
      return { jpeg: still.body, takenAtMs: still.atMs };
    },
  };
}
