import type { Clock } from '../../core/clock.ts';
import { toRfc3339 } from '../../core/clock.ts';
import type { PictureValues } from '../../core/internal-records.ts';
import { Gauge, type Observer } from '../../core/observe.ts';
import type { DeviceId } from '../../core/types.ts';
import type { CameraPool } from '../pool/camera-pool.ts';
import type { RunTarget } from '../pool/run.ts';
import { judgeStream, type StreamMemory, type VideoState } from './stream-state.ts';
import { Telling, type TellingDeps } from './telling.ts';

export interface PictureHealthDeps extends Omit<TellingDeps, 'log'> {
  clock: Clock;
  observer: Observer;
  pool: Pick<CameraPool, 'pulls'>;
}

/** How the video of one stream is, as `GET /streams` tells it. */
export interface StreamHealth {
  state: VideoState;
  /** Since when, RFC 3339. */
  since: string;
  /** What else is wrong, by name. */
  faults: string[];
}

const TICK_MS = 1_000;

/** Of two streams of a camera, the worse one is told. */
const STATES: readonly VideoState[] = ['connecting', 'live', 'no-video', 'stalled', 'codec-unsupported', 'auth-failed'];

/** Faults of a stream by their name, and the field of the kind `camera` that tells each. */
const FAULTS: Readonly<Record<string, { field: string; is(memory: StreamMemory): boolean }>> = {
  'bitrate-collapsed': { field: 'bitrate_collapsed', is: ({ rate }) => rate.collapsed },
  'key-frame-gap': { field: 'key_frame_gap', is: ({ keyGap }) => keyGap },
};

/**
 * Looks once a second at every camera that is pulled, and tells how its video comes: as state, as numbers, and into the
 * journal, where rules judge it. What was told of a camera that nobody pulls any more stands until it is seen again.
 */
export class PictureHealth {
  readonly #deps: PictureHealthDeps;
  readonly #telling: Telling;
  /** Of each pull; as many as there are pulls. */
  #streams = new Map<string, StreamMemory>();
  #stopTick: () => void = () => {};

  constructor(deps: PictureHealthDeps) {
    this.#deps = deps;
    this.#telling = new Telling({ ...deps, log: deps.observer.log.child({ part: 'picture-health' }) });
    this.#gauges(deps.observer);
  }

  start(): void {
    this.#stopTick = this.#deps.clock.every(TICK_MS, () => this.look());
  }

  stop(): void {
    this.#stopTick();
  }

  /** How a stream is; null for one that is not pulled, or was not looked at yet. */
  of({ deviceId, quality }: RunTarget): StreamHealth | null {
    const memory = this.#streams.get(keyOf({ deviceId, quality }));
    if (!memory) return null;
    const { clock } = this.#deps;
    const since = toRfc3339(clock.nowMs() - (clock.monotonicMs() - memory.sinceMs));
    return { state: memory.state, since, faults: faultsOf(memory) };
  }

  /** One look at every pull. */
  look(): void {
    const nowMs = this.#deps.clock.monotonicMs();
    const streams = new Map<string, StreamMemory>();
    const cameras = new Map<DeviceId, StreamMemory[]>();
    for (const pull of this.#deps.pool.pulls()) {
      const key = keyOf(pull.target);
      const memory = judgeStream(this.#streams.get(key) ?? null, pull.signs(), nowMs);
      streams.set(key, memory);
      const { deviceId } = pull.target;
      cameras.set(deviceId, [...(cameras.get(deviceId) ?? []), memory]);
    }
    this.#streams = streams;
    for (const [id, memories] of cameras) this.#telling.tell(id, valuesOf(memories));
  }

  #gauges({ metrics }: Observer): void {
    const streams = () => this.#streams.values();
    new Gauge({
      name: 'citywatch_video_streams',
      help: 'Camera streams that are pulled, by how their video comes.',
      labelNames: ['state'],
      registers: [metrics],
      collect() {
        for (const state of STATES) this.set({ state }, 0);
        for (const { state } of streams()) this.inc({ state });
      },
    });
    new Gauge({
      name: 'citywatch_video_faults',
      help: 'Camera streams that are pulled and have a fault, by fault.',
      labelNames: ['fault'],
      registers: [metrics],
      collect() {
        for (const fault of Object.keys(FAULTS)) this.set({ fault }, 0);
        for (const memory of streams()) for (const fault of faultsOf(memory)) this.inc({ fault });
      },
    });
  }
}

function faultsOf(memory: StreamMemory): string[] {
  return Object.keys(FAULTS).filter((fault) => FAULTS[fault]!.is(memory));
}

/** Of all streams of one camera. That one is being connected is no news. */
function valuesOf(memories: readonly StreamMemory[]): PictureValues {
  const worst = STATES[Math.max(...memories.map(({ state }) => STATES.indexOf(state)))]!;
  if (worst === 'connecting') return {};
  const faults = Object.values(FAULTS).map(({ field, is }) => [field, memories.some(is)]);
  return { video_state: worst, ...Object.fromEntries(faults) };
}

function keyOf({ deviceId, quality }: RunTarget): string {
  return `${deviceId} ${quality}`;
}
