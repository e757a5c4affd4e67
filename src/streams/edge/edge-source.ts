import type { Clock } from '../../core/clock.ts';
import { messageOf } from '../../core/errors.ts';
import { Counter, type Observer } from '../../core/observe.ts';
import type { DeviceId } from '../../core/types.ts';
import { openSession } from '../engine/session.ts';
import { type CameraAddress, type CameraSource, StreamFailure } from '../pool/types.ts';
import type { Span } from '../recordings/recordings.ts';
import type { CameraSession, CameraSessionDeps, Playback } from '../relay/camera-session.ts';
import { type EdgeTaker, ReplayPacker } from './replay-packer.ts';
import { clockOf } from './replay-times.ts';

/** What a camera answers when it is asked for pictures of the past. */
export type EdgeFound =
  /** It keeps none itself, or cannot be asked; the detail says which. */
  | { has: 'no-storage'; detail: string }
  | { has: 'nothing' }
  /** Where they are played back; `skewMs` is the camera's clock minus ours. */
  | { has: 'some'; camera: CameraAddress; skewMs: number };

/** What is asked of cameras. */
export interface EdgeStorage {
  /** Errors are those of a camera that does not answer as it should. */
  find(span: Span, signal: AbortSignal): Promise<EdgeFound>;
}

/** How a fetch ended. What came until then was given to the taker, whichever it is. */
export type EdgeOutcome =
  /** All that the camera has of the time. */
  | { how: 'whole' }
  | { how: 'nothing' }
  | { how: 'no-storage'; detail: string }
  /** It is being asked already, or has no connection left, or as many are asked as may be. */
  | { how: 'busy' }
  | { how: 'failed'; detail: string };

export interface EdgeSourceDeps extends Omit<CameraSessionDeps, 'megabitsPerS'> {
  clock: Clock;
  observer: Observer;
  storage: EdgeStorage;
  cameras: Pick<CameraSource, 'admit'>;
  /** Whether the camera allows one connection more. */
  hasConnection(device: DeviceId): boolean;
}

export interface EdgeLimits {
  /** Taken from one camera: the link bears live video as well. */
  megabitsPerS: number;
  /** Cameras that are asked together. */
  atOnceMax: number;
  /** Nothing came for so long, ms. */
  silentMs: number;
  /** For one fetch, ms. */
  longestMs: number;
}

/** Those of a gateway: twice as fast as a usual camera records. */
export const EDGE_LIMITS: EdgeLimits = { megabitsPerS: 8, atOnceMax: 4, silentMs: 10_000, longestMs: 20 * 60_000 };

const REQUIRE = { Require: 'onvif-replay' };
/** Cameras begin at a key frame; one of a group that begins before the time shows its first pictures. */
const BEFORE_MS = 3_000;
const LOOK_MS = 500;

/**
 * Pictures of the past from the storage of cameras (ONVIF replay, Profile G): of one camera one time after the other,
 * of a few cameras together, no faster than a link bears.
 */
export class EdgeSource {
  readonly #deps: EdgeSourceDeps;
  readonly #limits: EdgeLimits;
  readonly #asked = new Set<DeviceId>();
  readonly #outcomes: Counter<'how'>;

  constructor(deps: EdgeSourceDeps, limits: EdgeLimits) {
    this.#deps = deps;
    this.#limits = limits;
    this.#outcomes = new Counter({
      name: 'citywatch_edge_fetches_total',
      help: 'Times that cameras were asked for from their own storage, by how that ended.',
      labelNames: ['how'],
      registers: [deps.observer.metrics],
    });
  }

  /** Gives what the camera has of a time to `taker`, in order. Never rejects. */
  async playBack(span: Span, taker: EdgeTaker, signal: AbortSignal): Promise<EdgeOutcome> {
    const { device } = span;
    const isBusy = this.#asked.has(device) || this.#asked.size >= this.#limits.atOnceMax;
    if (isBusy || !this.#deps.hasConnection(device)) return { how: 'busy' };
    this.#asked.add(device);
    try {
      const outcome = await this.#playBack(span, taker, signal);
      this.#outcomes.inc({ how: outcome.how });
      return outcome;
    } catch (error) {
      this.#outcomes.inc({ how: 'failed' });
      return { how: 'failed', detail: messageOf(error) };
    } finally {
      this.#asked.delete(device);
    }
  }

  async #playBack(span: Span, taker: EdgeTaker, signal: AbortSignal): Promise<EdgeOutcome> {
    const { storage, cameras } = this.#deps;
    const found = await storage.find(span, signal);
    if (found.has === 'no-storage') return { how: 'no-storage', detail: found.detail };
    if (found.has === 'nothing') return { how: 'nothing' };
    const { camera, skewMs } = found;
    const [fromMs, toMs] = [span.fromMs + skewMs, span.toMs + skewMs];
    let packer: ReplayPacker | null = null;
    const range = `clock=${clockOf(fromMs - BEFORE_MS)}-${clockOf(toMs)}`;
    const playback: Playback = {
      setUp: REQUIRE,
      play: { ...REQUIRE, Range: range, 'Rate-Control': 'no' },
      take: (packet) => packer?.push(packet),
    };
    const deps = { ...this.#deps, megabitsPerS: this.#limits.megabitsPerS };
    const admit = async (): Promise<StreamFailure | null> => {
      const refused = await cameras.admit(span.device);
      return refused === null ? null : new StreamFailure('other-unit', refused);
    };
    const session = await openSession(deps, { camera, admit, playback }, signal);
    if (session instanceof StreamFailure) return { how: 'failed', detail: session.message };
    const ended = new Promise<StreamFailure | null>((resolve) => {
      const done = () => resolve(null);
      packer = new ReplayPacker(session.track, { fromMs, toMs, skewMs, taker, done, failed: resolve });
    });
    const over = new AbortController();
    const failure = await Promise.race([
      ended,
      session.start().then(() => ended),
      session.ended,
      this.#tooLong(session, over.signal, signal),
    ]);
    over.abort();
    packer!.end();
    await session.close(new StreamFailure('stopped'));
    return failure === null ? { how: 'whole' } : { how: 'failed', detail: failure.message };
  }

  /** Resolves when nothing comes any more, when it takes too long, or when nobody wants it. */
  async #tooLong(session: CameraSession, over: AbortSignal, signal: AbortSignal): Promise<StreamFailure> {
    const { clock } = this.#deps;
    const { silentMs, longestMs } = this.#limits;
    const beganMs = clock.monotonicMs();
    while (!over.aborted && !signal.aborted) {
      await clock.sleep(LOOK_MS, over);
      const nowMs = clock.monotonicMs();
      if (nowMs - (session.mediaAtMs ?? beganMs) > silentMs) return new StreamFailure('stalled');
      if (nowMs - beganMs > longestMs) return new StreamFailure('timeout');
    }
    return new StreamFailure('stopped');
  }
}
