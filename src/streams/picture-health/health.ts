import type { Clock } from '../../core/clock.ts';
import { toRfc3339 } from '../../core/clock.ts';
import type { PictureValues } from '../../core/internal-records.ts';
import { Gauge, type Observer } from '../../core/observe.ts';
import type { DeviceId } from '../../core/types.ts';
import type { CameraPool } from '../pool/camera-pool.ts';
import type { RunTarget } from '../pool/run.ts';
import { PICTURE_FAULTS, type PictureFault, type PictureMemory } from './judges.ts';
import type { PulledStream, Sampler } from './sampler.ts';
import { judgeStream, type StreamMemory, type VideoState } from './stream-state.ts';
import { Telling, type TellingDeps } from './telling.ts';

export interface PictureHealthDeps extends Omit<TellingDeps, 'log'> {
  clock: Clock;
  observer: Observer;
  pool: Pick<CameraPool, 'pulls'>;
  /** Looks at the pictures; null where nobody is to. */
  sampler: Pick<Sampler, 'look' | 'of' | 'stop'> | null;
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

/** One stream, with what is known of its pictures. */
interface Known extends StreamMemory {
  pictures: PictureMemory | null;
}

/** A fault of a stream, and the field of the kind `camera` that tells it; null: nothing is known of it. */
interface Fault {
  field: string;
  is(known: Known): boolean | null;
}

const ofPictures = (fault: PictureFault): Fault => ({
  field: `picture_${fault.replaceAll('-', '_')}`,
  is: ({ pictures }) => pictures?.held[fault].is ?? null,
});

const FAULTS: Readonly<Record<string, Fault>> = {
  'bitrate-collapsed': {
    field: 'bitrate_collapsed',
    is: ({ rate }) => (rate.usualBps === null ? null : rate.collapsed),
  },
  'key-frame-gap': { field: 'key_frame_gap', is: ({ keyGap }) => keyGap },
  ...Object.fromEntries(PICTURE_FAULTS.map((fault) => [fault, ofPictures(fault)])),
};

/**
 * Looks once a second at every camera that is pulled, and tells how its video comes: as state, as numbers, and into the
 * journal, where rules judge it. What was told of a camera that nobody pulls any more stands until it is seen again.
 */
export class PictureHealth {
  readonly #deps: PictureHealthDeps;
  readonly #telling: Telling;
  /** Of each pull; as many as there are pulls. */
  #streams = new Map<string, Known>();
  #stopTick: () => void = () => {};

  constructor(deps: PictureHealthDeps) {
    this.#deps = deps;
    this.#telling = new Telling({ ...deps, log: deps.observer.log.child({ part: 'picture-health' }) });
    this.#gauges(deps.observer);
  }

  start(): void {
    this.#stopTick = this.#deps.clock.every(TICK_MS, () => this.look());
  }

  async stop(): Promise<void> {
    this.#stopTick();
    await this.#deps.sampler?.stop();
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
    const { clock, pool, sampler } = this.#deps;
    const nowMs = clock.monotonicMs();
    const streams = new Map<string, Known>();
    const cameras = new Map<DeviceId, Known[]>();
    const pulled = new Map<string, PulledStream>();
    for (const pull of pool.pulls()) {
      const key = keyOf(pull.target);
      const stream = judgeStream(this.#streams.get(key) ?? null, pull.signs(), nowMs);
      const known = { ...stream, pictures: sampler?.of(key) ?? null };
      streams.set(key, known);
      const { target, window } = pull;
      pulled.set(key, { target, window, isLive: known.state === 'live' });
      const { deviceId } = target;
      cameras.set(deviceId, [...(cameras.get(deviceId) ?? []), known]);
    }
    this.#streams = streams;
    for (const [id, all] of cameras) this.#telling.tell(id, valuesOf(all));
    sampler?.look(pulled);
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

function faultsOf(known: Known): string[] {
  return Object.keys(FAULTS).filter((fault) => FAULTS[fault]!.is(known) === true);
}

/** Of all streams of one camera. That one is being connected is no news, nor what is not the camera's doing. */
function valuesOf(all: readonly Known[]): PictureValues {
  const worst = STATES[Math.max(...all.map((one) => STATES.indexOf(one.isUntold ? 'connecting' : one.state)))]!;
  if (worst === 'connecting') return {};
  const faults = Object.values(FAULTS).flatMap(({ field, is }) => {
    const told = all.map(is).filter((one) => one !== null);
    return told.length === 0 ? [] : [[field, told.some((one) => one)]];
  });
  return { video_state: worst, ...Object.fromEntries(faults) };
}

function keyOf({ deviceId, quality }: RunTarget): string {
  return `${deviceId} ${quality}`;
}
