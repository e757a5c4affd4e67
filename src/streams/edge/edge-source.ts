import type { Clock } from '../../core/clock.ts';
import { messageOf } from '../../core/errors.ts';
import { Counter, type Observer } from '../../core/observe.ts';
import type { DeviceId } from '../../core/types.ts';
import { openSession } from '../engine/session.ts';
import type { TranscodeBudget } from '../ffmpeg/transcode-budget.ts';
import { type CameraAddress, type CameraSource, StreamFailure } from '../pool/types.ts';
import type { Span } from '../recordings/recordings.ts';
import type { CameraSession, CameraSessionDeps, Playback } from '../relay/camera-session.ts';
import { type EdgeTaker, ReplayPacker } from './replay-packer.ts';
import { clockOf } from './replay-times.ts';
import type { ReplayedSound } from './section-sound.ts';
import { CODED_SOUND, SoundCoder, type SoundCoderDeps } from './sound-coder.ts';

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
  /** Whether its sound is taken too; asked again while it is played back. */
  soundOf(device: DeviceId): boolean;
  /** What codes sound that is not AAC, and who has a turn for that. */
  coding: Pick<SoundCoderDeps, 'sockets' | 'spawner'> & { transcodes: Pick<TranscodeBudget, 'tryEnter'> };
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
      takeSound: (packet) => packer?.pushSound(packet),
    };
    const deps = { ...this.#deps, megabitsPerS: this.#limits.megabitsPerS };
    const admit = async (): Promise<StreamFailure | null> => {
      const refused = await cameras.admit(span.device);
      return refused === null ? null : new StreamFailure('other-unit', refused);
    };
    const address = { ...camera, sound: this.#deps.soundOf(span.device) };
    const session = await openSession(deps, { camera: address, admit, playback }, signal);
    if (session instanceof StreamFailure) return { how: 'failed', detail: session.message };
    const leave = isPlain(session) ? this.#deps.coding.transcodes.tryEnter('audio') : () => {};
    if (leave === null) {
      await session.close(new StreamFailure('stopped'));
      return { how: 'busy' };
    }
    let isHeld = false;
    const hold = (held: boolean): void => {
      isHeld = held;
      session.hold(held);
    };
    const sound = this.#soundFor(session);
    const ended = new Promise<StreamFailure | null>((resolve) => {
      const done = () => resolve(null);
      packer = new ReplayPacker(session.track, { fromMs, toMs, skewMs, sound, hold, taker, done, failed: resolve });
    });
    const over = new AbortController();
    const failure = await Promise.race([
      ended,
      this.#crowded(span.device, over.signal),
      session.start().then(() => ended),
      session.ended,
      this.#tooLong(session, { over: over.signal, signal, isHeld: () => isHeld }),
      this.#unheard(span.device, { over: over.signal, isHeard: address.sound }),
    ]);
    over.abort();
    await packer!.end();
    leave();
    await session.close(new StreamFailure('stopped'));
    if (failure === 'busy') return { how: 'busy' };
    return failure === null ? { how: 'whole' } : { how: 'failed', detail: failure.message };
  }

  /** Resolves when live video wants the connection that this takes. */
  async #crowded(device: DeviceId, over: AbortSignal): Promise<'busy'> {
    while (!over.aborted && this.#deps.hasConnection(device)) await this.#deps.clock.sleep(LOOK_MS, over);
    return 'busy';
  }

  /** What is taken of the sound of a playback: AAC as it is, G.711 coded anew. */
  #soundFor({ soundTrack: track }: CameraSession): ReplayedSound | null {
    if (!track) return null;
    const { coding } = track;
    if (coding.codec === 'AAC') return { track, config: coding, coder: null };
    const { clock, coding: by } = this.#deps;
    return { track, config: CODED_SOUND, coder: (taken) => new SoundCoder({ clock, ...by }, coding, taken) };
  }

  /** Resolves when the sound of the camera may not be taken any more. */
  async #unheard(device: DeviceId, { over, isHeard }: { over: AbortSignal; isHeard: boolean }): Promise<StreamFailure> {
    while (!isHeard || this.#deps.soundOf(device)) {
      if (over.aborted) break;
      await this.#deps.clock.sleep(LOOK_MS, over);
    }
    return new StreamFailure('changed');
  }

  /** Resolves when nothing comes any more, when it takes too long, or when nobody wants it. */
  async #tooLong(session: CameraSession, { over, signal, isHeld }: Watched): Promise<StreamFailure> {
    const { clock } = this.#deps;
    const { silentMs, longestMs } = this.#limits;
    const beganMs = clock.monotonicMs();
    let heldMs = beganMs;
    while (!over.aborted && !signal.aborted) {
      await clock.sleep(LOOK_MS, over);
      const nowMs = clock.monotonicMs();
      if (isHeld()) heldMs = nowMs;
      if (nowMs - Math.max(session.mediaAtMs ?? beganMs, heldMs) > silentMs) return new StreamFailure('stalled');
      if (nowMs - beganMs > longestMs) return new StreamFailure('timeout');
    }
    return new StreamFailure('stopped');
  }
}

interface Watched {
  over: AbortSignal;
  signal: AbortSignal;
  /** Whether it is we who do not read. */
  isHeld(): boolean;
}

function isPlain({ soundTrack }: CameraSession): boolean {
  return soundTrack !== null && soundTrack.coding.codec !== 'AAC';
}
