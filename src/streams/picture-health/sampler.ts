import type { Clock } from '../../core/clock.ts';
import { messageOf } from '../../core/errors.ts';
import { Counter, type Observer } from '../../core/observe.ts';
import type { DeviceId } from '../../core/types.ts';
import { chunksOf } from '../../platform/database/chunks.ts';
import { SMALL_PICTURES_MAX } from '../ffmpeg/arguments.ts';
import type { LiveWindow } from '../fmp4/live-window.ts';
import type { RunTarget } from '../pool/run.ts';
import type { SmallPictures } from './decode.ts';
import { type Approved, judgePicture, NO_PICTURES, type PictureMemory } from './judges.ts';
import { type KeyPicture, newestKeyPicture } from './key-picture.ts';
import type { SmallPicture } from './small-picture.ts';

export interface SamplerDeps {
  clock: Clock;
  observer: Observer;
  decoder: Pick<SmallPictures, 'decode'>;
  /** What a camera should show, as it was approved; empty where nothing was. Rejects where nobody can tell. */
  approved(id: DeviceId): Promise<readonly Approved[]>;
}

/** A stream that is pulled. */
export interface PulledStream {
  target: RunTarget;
  window: LiveWindow;
  /** Only then its pictures are of now; what is known of it is kept meanwhile. */
  isLive: boolean;
}

/** What is known of the pictures of one stream. */
interface Watched {
  memory: PictureMemory;
  /** When it is looked at next. */
  nextMs: number;
  /** The picture that was judged last, as it came. */
  last: Pick<KeyPicture, 'takenAtMs' | 'tail'> | null;
  /** Pictures judged in a row while nothing moved. */
  still: number;
  /** Pictures in a row that could not be decoded: such a stream shares no run with others. */
  failures: number;
}

interface Due {
  watched: Watched;
  key: KeyPicture;
  id: DeviceId;
}

/** Somebody who only glances at a camera costs no decoding. */
const FIRST_MS = 8_000;
/** Where nothing moves it is looked at sooner, so that a frozen picture is told within 30 s. */
const STILL_EVERY_MS = 6_000;
const STILL_SAMPLES = 2;
/** Those that are due so soon share the run of one that is due now. */
const EARLY_MS = 4_000;
/** Streams of one round, whose coded pictures are held meanwhile; the others follow in the next one. */
const ROUND_MAX = 4 * SMALL_PICTURES_MAX;
/** A picture that cannot be decoded costs a run of its own: it is tried ever more rarely. */
const FAILED_MAX_MS = 600_000;

/**
 * Takes a key frame of each live stream now and then, has those of several decoded together, and judges them. A picture
 * that ends with the bytes of the one before is not decoded again.
 */
export class Sampler {
  readonly #deps: SamplerDeps;
  readonly #everyMs: number;
  readonly #judged: Counter;
  readonly #stopping = new AbortController();
  #watched = new Map<string, Watched>();
  #round: Promise<void> | null = null;

  /** `everyMs`: from one look at a stream to the next. */
  constructor(deps: SamplerDeps, { everyMs }: { everyMs: number }) {
    this.#deps = deps;
    this.#everyMs = everyMs;
    this.#judged = new Counter({
      name: 'citywatch_pictures_judged_total',
      help: 'Key frames of cameras that were judged, by how they were seen.',
      labelNames: ['seen'],
      registers: [deps.observer.metrics],
    });
  }

  /** What is known of the pictures of a stream; null before the first. */
  of(key: string): PictureMemory | null {
    return this.#watched.get(key)?.memory ?? null;
  }

  /** Looks at all streams that are pulled, by their keys. Begins a round of decoding unless one is under way. */
  look(streams: ReadonlyMap<string, PulledStream>): void {
    const nowMs = this.#deps.clock.monotonicMs();
    const before = this.#watched;
    this.#watched = new Map([...streams.keys()].map((key) => [key, before.get(key) ?? newcomer(nowMs)]));
    if (this.#round) return;
    const waiting = [...streams]
      .filter(([, { isLive }]) => isLive)
      .map(([key, { target, window }]) => ({ id: target.deviceId, window, watched: this.#watched.get(key)! }))
      .filter(({ watched }) => watched.nextMs - EARLY_MS <= nowMs)
      .sort((one, other) => one.watched.nextMs - other.watched.nextMs);
    if (!waiting.some((one) => one.watched.nextMs <= nowMs && isNew(one))) return;
    const due: Due[] = [];
    for (const one of waiting) {
      const key = due.length < ROUND_MAX && this.#keyOf(one);
      if (key) due.push({ ...one, key });
    }
    if (due.length === 0) return;
    const { log } = this.#deps.observer;
    this.#round = this.#see(due)
      .catch((error: unknown) =>
        log.error({ part: 'picture-health', error: messageOf(error) }, 'a look at pictures failed'),
      )
      .finally(() => {
        this.#round = null;
      });
  }

  /** A file that cannot be taken apart is as a picture that cannot be decoded. */
  #keyOf({ window, watched }: { window: LiveWindow; watched: Watched }): KeyPicture | null {
    try {
      return newestKeyPicture(window, watched.last?.takenAtMs ?? 0);
    } catch {
      this.#failed(watched);
      return null;
    }
  }

  /** Ends the round that is under way. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#round;
  }

  async #see(due: readonly Due[]): Promise<void> {
    const coded: Due[] = [];
    for (const one of due) {
      const before = one.watched.last;
      const picture = one.watched.memory.last?.picture;
      if (before && picture && before.tail.equals(one.key.tail)) await this.#judge(one, picture, 'same');
      else coded.push(one);
    }
    const together = coded.filter(({ watched }) => watched.failures === 0);
    let alone = coded.filter(({ watched }) => watched.failures > 0);
    for (const some of chunksOf(together, SMALL_PICTURES_MAX)) {
      const missed = await this.#decode(some);
      // What one of them did to the run must not be held against the others.
      if (some.length > 1) alone = [...alone, ...missed];
      else for (const { watched } of missed) this.#failed(watched);
    }
    for (const one of alone) for (const { watched } of await this.#decode([one])) this.#failed(watched);
  }

  /** Has them decoded in one run and judges them; those that could not be decoded are given back. */
  async #decode(some: readonly Due[]): Promise<Due[]> {
    if (this.#stopping.signal.aborted) return [];
    const pictures = await this.#deps.decoder.decode(
      some.map(({ key }) => key),
      this.#stopping.signal,
    );
    const missed: Due[] = [];
    for (const [at, one] of some.entries()) {
      const picture = pictures.get(at);
      if (picture) await this.#judge(one, picture, 'decoded');
      else missed.push(one);
    }
    return this.#stopping.signal.aborted ? [] : missed;
  }

  async #judge({ watched, key, id }: Due, picture: SmallPicture, seen: 'decoded' | 'same'): Promise<void> {
    // Without the database everything else is judged.
    const approved = await this.#deps.approved(id).catch(() => []);
    const atMs = this.#deps.clock.monotonicMs();
    const { isStill } = key;
    watched.memory = judgePicture(watched.memory, { picture, atMs, isStill }, approved);
    watched.last = { takenAtMs: key.takenAtMs, tail: key.tail };
    watched.still = isStill ? watched.still + 1 : 0;
    watched.failures = 0;
    const { same, held } = watched.memory;
    const mayBeFrozen = isStill && !held.frozen.is && (same > 0 || watched.still <= STILL_SAMPLES);
    watched.nextMs = atMs + (mayBeFrozen ? Math.min(STILL_EVERY_MS, this.#everyMs) : this.#everyMs);
    this.#judged.inc({ seen });
  }

  #failed(watched: Watched): void {
    watched.failures += 1;
    const pauseMs = Math.min(FAILED_MAX_MS, this.#everyMs * 2 ** Math.min(16, watched.failures - 1));
    watched.nextMs = this.#deps.clock.monotonicMs() + pauseMs;
    this.#judged.inc({ seen: 'failed' });
  }
}

/** Whether a key frame came since the last one that was judged. */
function isNew({ window, watched }: { window: LiveWindow; watched: Watched }): boolean {
  return (window.newestKey()?.fragment.startsAtMs ?? 0) > (watched.last?.takenAtMs ?? 0);
}

function newcomer(nowMs: number): Watched {
  return { memory: NO_PICTURES, nextMs: nowMs + FIRST_MS, last: null, still: 0, failures: 0 };
}
