import { join } from 'node:path';
import type { Clock } from '../../core/clock.ts';
import { Counter, Gauge, type Observer } from '../../core/observe.ts';
import type { DeviceId } from '../../core/types.ts';
import type { Cidr } from '../../platform/outbound/networks.ts';
import { type PortRange, UdpPairs } from '../../platform/outbound/udp-pairs.ts';
import type { Engine } from '../engine/engine.ts';
import { FfmpegEngine } from '../engine/ffmpeg-engine.ts';
import { ThreadEngine } from '../engine/thread-engine.ts';
import { CAGE_REMEDY, type Cage, type CageWishes, findCage, type ProcessUser } from '../ffmpeg/cage.ts';
import { LocalSockets } from '../ffmpeg/local-sockets.ts';
import { Spawner } from '../ffmpeg/spawner.ts';
import { type MosaicDeps, runMosaic } from '../mosaic/mosaic-run.ts';
import { membersOf } from '../mosaic/name.ts';
import { originalOf } from '../recode/name.ts';
import { runRecode } from '../recode/recode-run.ts';
import type { TcpPort } from '../relay/camera-session.ts';
import { Relay } from '../relay/relay.ts';
import type { StreamStatus } from './arrivals.ts';
import type { Leases } from './leases.ts';
import { type Ask, Pool, type PoolDeps, type StreamLease } from './pool.ts';
import type { PullTimes } from './pull-machine.ts';
import { runPull } from './run.ts';
import { START_LIMITS, type StartLimits, Starts } from './starts/starts.ts';
import type { CameraSource, Quality } from './types.ts';
import type { WallLevel } from './uses.ts';

export interface CameraPoolDeps {
  clock: Clock;
  observer: Observer;
  cameras: CameraSource;
  tcp: TcpPort;
  leases: Leases;
  planOf: PoolDeps['planOf'];
  processorS: PoolDeps['processorS'];
  /** What mosaics are coded from, and H.265 as H.264. */
  transcodes: MosaicDeps['budget'];
}

export interface CameraLimits extends StartLimits {
  /** Cameras and qualities pulled at the same time. */
  pullsMax: number;
  /** Video taken from all cameras together, megabits a second. */
  megabitsMax: number;
  /** Processes of ffmpeg started a second. */
  startsPerS: number;
  /** Most megabits a second taken from one camera. */
  megabitsPerS: number;
}

/** The limits of a gateway, apart from what its machine can carry. */
export const CAMERA_LIMITS = { pullsMax: 1_000, startsPerS: 25, megabitsPerS: 60, ...START_LIMITS };

/**
 * What one processor core can carry, megabits a second: a watched camera of 1 Mbit/s was measured to take 0.17 % of a
 * core (docs/performance.md), and half of each core is left to everything else.
 */
export const MEGABITS_PER_CORE = 300;

/** `auto`: by threads of ours, and by ffmpeg what they cannot take; `ffmpeg`: by ffmpeg alone. */
export type EngineChoice = 'auto' | 'ffmpeg';

/** People's voices are more sensitive than their picture, so none are taken unless both say so. */
export type SoundChoice = 'off' | 'by-camera';

export interface CameraPoolOptions {
  engine: EngineChoice;
  /** Directory for sockets between ffmpeg and us; made, emptied and closed to others. Path of at most 85 bytes. */
  socketDirectory: string;
  cameraNetworks: readonly Cidr[];
  /** Whom ffmpeg runs as where we are root; null where we are not. */
  ffmpegUser: ProcessUser | null;
  /** What ffmpeg must not see even where it lies among programs: our data. */
  hidden: readonly string[];
  ffmpegPath?: string;
  limits: CameraLimits;
  /** Own ports for cameras that send over UDP alone; they are refused without. */
  udpPorts?: PortRange | null;
  /** Whose sound is taken: that of no camera, or of those whose plan says so. */
  sound: SoundChoice;
  times: PullTimes;
}

/** Stills are short and come on top of the pulls. */
const STILLS_MAX = 16;

/**
 * The pool with what it pulls by: relay, ffmpeg and the sockets between them. Who shows video to people, and who
 * records it, are its consumers: both hold a lease of it, and neither knows of the other.
 */
export class CameraPool {
  readonly clock: Clock;
  readonly sockets: LocalSockets;
  readonly spawner: Spawner;
  readonly #observer: Observer;
  readonly #relay: Relay;
  readonly #pool: Pool;
  readonly #engines: Engine[] = [];
  #gap: string | null = null;
  #stopTicks: () => void = () => {};

  constructor(
    { clock, observer, cameras, tcp, leases, planOf, processorS, transcodes }: CameraPoolDeps,
    options: CameraPoolOptions,
  ) {
    const { ffmpegPath = 'ffmpeg', limits } = options;
    const { startsPerS, pullsMax, megabitsMax, megabitsPerS } = limits;
    const log = observer.log.child({ part: 'streams' });
    this.clock = clock;
    this.#observer = observer;
    this.#relay = new Relay({ clock, log });
    this.sockets = new LocalSockets(options.socketDirectory);
    const { ffmpegUser: user, hidden } = options;
    const wishes = { directory: join(options.socketDirectory, 'cage'), ffmpegPath, user, hidden };
    this.spawner = new Spawner(
      { clock, observer, relay: this.#relay, cage: () => this.#findCage(wishes) },
      { ffmpegPath, startsPerS, processesMax: pullsMax + STILLS_MAX },
    );
    const reach = { clock, tcp, networks: options.cameraNetworks, megabitsPerS };
    const { udpPorts = null } = options;
    const lost = lostCounter(observer);
    const udp = udpPorts && { udp: new UdpPairs(udpPorts), lost };
    const { sockets, spawner } = this;
    this.#engines.push(new FfmpegEngine({ ...reach, udp, log, relay: this.#relay, sockets, spawner }));
    if (options.engine === 'auto') {
      const left = new Counter({
        name: 'citywatch_stream_fragments_dropped_total',
        help: 'Fragments of video left out, because they came faster than they could be taken.',
        registers: [observer.metrics],
      });
      this.#engines.unshift(
        new ThreadEngine({ ...reach, udpPorts, lost, log, dropped: (fragments) => left.inc(fragments) }),
      );
    }
    const starts = new Starts(clock, limits);
    countWaiting(observer, starts);
    const soundOf = (id: DeviceId) => options.sound === 'by-camera' && planOf(id).sound;
    const run = { clock, cameras, engines: this.#engines, starts, soundOf };
    const lease: MosaicDeps['lease'] = (ask) => this.#pool.lease(ask);
    const mosaic = { clock, log, sockets, spawner, budget: transcodes, lease };
    this.#pool = new Pool({
      clock,
      observer,
      leases,
      capacity: { pullsMax, megabitsMax },
      planOf,
      hasSmall: (id) => hasSmall(cameras, id),
      processorS,
      times: options.times,
      run: (target, port, signal) => {
        const members = membersOf(target.deviceId);
        const original = originalOf(target.deviceId);
        if (!members && original === null) return runPull(run, target, port, signal);
        port.begun();
        if (members) return runMosaic(mosaic, members, port.part, signal);
        return runRecode(mosaic, { ...target, deviceId: original! }, port.part, signal);
      },
    });
  }

  async start(): Promise<void> {
    await this.sockets.start();
    this.spawner.start();
    this.#stopTicks = this.clock.every(1_000, () => this.#pool.tick());
  }

  /** Ends every pull and every process; idempotent. */
  async stop(_signal?: AbortSignal): Promise<void> {
    this.#stopTicks();
    await this.#pool.stop();
    for (const engine of this.#engines) await engine.stop();
    await this.spawner.stop();
    await this.#relay.stop();
    this.sockets.stop();
  }

  /**
   * Joins the pull of a camera; see {@link Pool.lease}. It writes no row into the access register: whoever shows the
   * video to somebody does.
   */
  lease(ask: Ask): Promise<StreamLease> {
    return this.#pool.lease(ask);
  }

  /** See {@link Pool.qualityOf}. */
  qualityOf(ask: Ask): Promise<Quality> {
    return this.#pool.qualityOf(ask);
  }

  /** See {@link Pool.back}. */
  back(device: DeviceId): void {
    this.#pool.back(device);
  }

  /** See {@link Pool.wall}. */
  get wall(): WallLevel {
    return this.#pool.wall;
  }

  /** Every stream that is being pulled; the caller filters by what may be seen. */
  list(): StreamStatus[] {
    return this.#pool.list();
  }

  /** See {@link Pool.pulls}; of cameras alone, since what is made of their video shows nothing else. */
  *pulls(): ReturnType<Pool['pulls']> {
    for (const pull of this.#pool.pulls()) {
      const { deviceId } = pull.target;
      if (membersOf(deviceId) === null && originalOf(deviceId) === null) yield pull;
    }
  }

  /** See {@link Pool.unrenewed}. */
  get unrenewed(): number {
    return this.#pool.unrenewed;
  }

  /** What ffmpeg can do although it should not, in one sentence; null when there is nothing, or nothing known yet. */
  get gap(): string | null {
    return this.#gap;
  }

  async #findCage(wishes: CageWishes): Promise<Cage> {
    const cage = await findCage(wishes);
    this.#gap = cage.gap;
    if (cage.gap) this.#observer.log.warn({ part: 'streams', remedy: CAGE_REMEDY }, cage.gap);
    return cage;
  }
}

/** Mosaics are made small; what is coded anew is as its camera is. */
async function hasSmall(cameras: Pick<CameraSource, 'camera'>, id: DeviceId): Promise<boolean> {
  if (membersOf(id) !== null) return true;
  const camera = await cameras.camera(originalOf(id) ?? id);
  return camera?.subUrl !== undefined;
}

function countWaiting({ metrics }: Observer, starts: Starts): void {
  new Gauge({
    name: 'citywatch_stream_waiting',
    help: 'Cameras that wait for their turn to be connected.',
    registers: [metrics],
    collect() {
      this.set(starts.waiting);
    },
  });
}

function lostCounter({ metrics }: Observer): (packets: number) => void {
  const lost = new Counter({
    name: 'citywatch_stream_packets_lost_total',
    help: 'Packets of video over UDP that did not come.',
    registers: [metrics],
  });
  return (packets) => lost.inc(packets);
}
