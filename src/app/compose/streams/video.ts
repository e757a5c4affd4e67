import { availableParallelism } from 'node:os';
import type { ApprovedPicturesPort } from '../../../api/ports.ts';
import type { Clock } from '../../../core/clock.ts';
import type { Jurisdiction } from '../../../core/jurisdiction.ts';
import type { Observer } from '../../../core/observe.ts';
import type { ValuesOf } from '../../../core/setup/setting.ts';
import type { DeviceId } from '../../../core/types.ts';
import { CAMERA_CLOCKS, CameraClocks } from '../../../devices/cameras/clocks.ts';
import { CAMERA_SETUP_QUEUE, CameraSetup, SYSTEM } from '../../../devices/cameras/setup.ts';
import type { CameraUnits } from '../../../devices/cameras/units.ts';
import { WantedCameras } from '../../../devices/cameras/wanted.ts';
import { type CameraPlace, CameraWatch, type CameraWatchDeps } from '../../../devices/checks/camera-watch.ts';
import { inspectCamera } from '../../../devices/onvif/inspect.ts';
import { OneLogin } from '../../../devices/onvif/one-login.ts';
import { RecorderLists } from '../../../devices/recorders/recorder-lists.ts';
import type { Connections } from '../../../devices/registry/connections.ts';
import { camerasSeeing } from '../../../devices/registry/nearby-cameras.ts';
import type { Database } from '../../../platform/database/database.ts';
import type { Ownership } from '../../../platform/database/ownership.ts';
import { TcpOutbound } from '../../../platform/outbound/tcp.ts';
import type { Vault } from '../../../platform/secrets/vault.ts';
import type { WorkQueue } from '../../../platform/work/work.ts';
import type { TranscodeBudget } from '../../../streams/ffmpeg/transcode-budget.ts';
import { StreamService } from '../../../streams/live/service.ts';
import { Approval } from '../../../streams/picture-health/approval.ts';
import { ApprovedPictures } from '../../../streams/picture-health/approved.ts';
import { SmallPictures } from '../../../streams/picture-health/decode.ts';
import { PictureHealth } from '../../../streams/picture-health/health.ts';
import { Sampler } from '../../../streams/picture-health/sampler.ts';
import {
  CAMERA_LIMITS,
  CameraPool,
  type CameraPoolOptions,
  MEGABITS_PER_CORE,
} from '../../../streams/pool/camera-pool.ts';
import { LeaseTable } from '../../../streams/pool/lease-table.ts';
import { PULL_TIMES } from '../../../streams/pool/pull-machine.ts';
import type { StreamPlans } from '../../../streams/pool/stream-plans.ts';
import type { CameraSource, FailureReason, RegisterView } from '../../../streams/pool/types.ts';
import { portRange, type STREAM } from '../../config/stream-settings.ts';
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
  doorbell: { ring(queue: string): void };
  connections: Connections;
  register: RegisterView;
  vault: Vault;
  identity: CameraWatchDeps['identity'];
  hasVideo(id: DeviceId): boolean;
  accept: CameraWatchDeps['accept'];
  units: CameraUnits;
  socketDirectory: string;
  cameraNetworks: string[];
  ffmpegPath: string | null;
  transcodes: TranscodeBudget;
  stream: ValuesOf<typeof STREAM>;
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
const CLOCK_DEADLINE_MS = 3_000;
const CLOCK_BYTES_MAX = 64 * 1024;
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
  const wanted = new WantedCameras({ ...deps, ring: (queue) => deps.doorbell.ring(queue) });
  deps.work.handle(CAMERA_SETUP_QUEUE, (id) => setup.handle(id).finally(() => wanted.asked(id)));
  const { identity, accept } = deps;
  const clocks = composeClocks(deps);
  const cameras = cameraSource(deps, wanted);
  const pool = composePool(deps, { tcp, cameras });
  const looked = lookedBy(units, deps.health, (id) => pool.back(id));
  const watch = new CameraWatch(
    { database, clock, observer, identity, probe, accept, looked },
    { everyMs: deps.checkEveryMs, atOnceMax: LOOKS_AT_ONCE_MAX },
  );
  const judged = composePictureHealth({ ...deps, pool });
  const streams = new StreamService({
    pool,
    health: judged.health,
    cameras,
    register: deps.register,
  });
  const looks = composeLooks({ pool, plans: deps.plans, tcp, networks });
  const approved = composeApproval(deps, streams, judged);
  return {
    setup,
    watch: bothOf(watch, clocks),
    pool,
    streams,
    pictureHealth: judged.health,
    approved,
    probe,
    admit: cameras.admit,
    looks,
    pictures: picturesFrom(streams, database),
  };
}

function composePool(deps: VideoDeps, { tcp, cameras }: { tcp: TcpOutbound; cameras: CameraSource }): CameraPool {
  const { clock, observer, database, node, socketDirectory, cameraNetworks, ffmpegUser, ffmpegPath } = deps;
  const { engine, sound, megabitsMax, udpPorts } = deps.stream;
  return new CameraPool(
    {
      clock,
      observer,
      tcp,
      cameras,
      leases: new LeaseTable({ database, node }),
      planOf: (id) => deps.plans.of(id),
      processorS,
      transcodes: deps.transcodes,
    },
    {
      socketDirectory,
      cameraNetworks,
      engine,
      sound,
      udpPorts: udpPorts === null ? null : portRange(udpPorts),
      limits: { ...CAMERA_LIMITS, megabitsMax: megabitsMax ?? MEGABITS_PER_CORE * availableParallelism() },
      times: PULL_TIMES,
      ffmpegUser,
      hidden: [deps.dataDirectory],
      ...(ffmpegPath ? { ffmpegPath } : {}),
    },
  );
}

/** Asks cameras for their time, without a login. */
function composeClocks(deps: VideoDeps): CameraClocks {
  const { connections, cameras, identity, hasVideo } = deps;
  return new CameraClocks(
    {
      ...deps,
      camera: (id) => (hasVideo(id) ? identity(id) : undefined),
      access: (id) => connections.onvifAccess(id),
      ask: (target, signal) =>
        new OneLogin(target, cameras.machines, {
          deadlineMs: CLOCK_DEADLINE_MS,
          requestMs: CLOCK_DEADLINE_MS,
          maxBytes: CLOCK_BYTES_MAX,
          signal,
        }).clock(),
    },
    CAMERA_CLOCKS,
  );
}

interface Worker {
  start(): void;
  stop(): Promise<void>;
}

/** Two that start and end together. */
function bothOf(one: Worker, other: Worker): Worker {
  return {
    start() {
      one.start();
      other.start();
    },
    stop: async () => void (await Promise.all([one.stop(), other.stop()])),
  };
}

/** The registry as those see it who pull cameras. */
function cameraSource({ connections, units, health }: VideoDeps, wanted: WantedCameras): CameraSource {
  return {
    camera: async (id) => {
      const address = await connections.videoOf(id);
      if (!address) void wanted.want(id);
      return address;
    },
    admit: (id) =>
      units.admit(id).then(
        () => null,
        () => units.withheld(id),
      ),
    withheld: (id) => units.withheld(id),
    lost: (id) => units.lost(id),
    pictured: (id, failure) => health.pictured(id, failure),
  };
}

/** Looks at the video of cameras that are pulled, and at their pictures unless that is switched off. */
function composePictureHealth({ pool, ...deps }: VideoDeps & { pool: CameraPool }) {
  const everyMs = deps.stream.pictureS * 1000;
  const { clock, observer, database } = deps;
  const decoder = new SmallPictures(pool);
  const pictures = new ApprovedPictures({ database, clock });
  const approved = (id: DeviceId) => pictures.comparedWith(id);
  const sampler = new Sampler({ clock, observer, decoder, approved }, { everyMs });
  const health = new PictureHealth({ ...deps, pool, sampler: everyMs === 0 ? null : sampler });
  return { health, pictures, decoder };
}

/** What people do with pictures that are approved. */
function composeApproval(
  { clock, observer: { log } }: VideoDeps,
  streams: StreamService,
  { pictures, decoder }: ReturnType<typeof composePictureHealth>,
): ApprovedPicturesPort {
  const approval = new Approval({ clock, log, pictures, decoder, lease: (view) => streams.lease(view) });
  return {
    of: (device) => pictures.of(device),
    approve: (who, view, input) => approval.approve(who, view, input),
    approveFirst: (who, view) => approval.approveFirst(who, view),
    remove: (caller, device, id) => pictures.remove(caller, device, id),
  };
}

/** Threads of ours included, and ffmpeg not, which has a budget of its own. */
function processorS(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000_000 / availableParallelism();
}

/** Tells of each look at a camera who stands at its address, and how it is. */
function lookedBy(units: CameraUnits, health: CameraHealth, back: (id: DeviceId) => void): CameraWatchDeps['looked'] {
  const silent = new Set<DeviceId>();
  return (id, answered) => {
    units.looked(id, answered);
    health.answered(id, answered);
    if (!answered) silent.add(id);
    else if (silent.delete(id)) back(id);
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
