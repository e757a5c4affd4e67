import { randomBytes } from 'node:crypto';
import { BoxError } from '../fmp4/boxes.ts';
import { FragmentMaker } from '../fmp4/fragment-maker.ts';
import type { InitSegment, Part } from '../fmp4/parser.ts';
import type { Fragment } from '../fmp4/wall-clock.ts';
import { StreamFailure } from '../pool/types.ts';
import { NalReader } from '../relay/nal-reader.ts';
import { nalKind } from '../relay/nal-unit.ts';
import { ParameterSets } from '../relay/parameter-sets.ts';
import { readRtp } from '../relay/rtp-packet.ts';
import type { VideoTrack } from '../relay/sdp.ts';
import { readReplayTimes } from './replay-times.ts';
import { type ReplayedSound, SectionSound } from './section-sound.ts';

/** Where the pictures of a camera's own storage go, in order of their times. */
export interface EdgeTaker {
  /** What follows is decoded by this, and does not go on from what was before. */
  begin(init: InitSegment, token: string): void;
  fragment(fragment: Fragment): void;
}

export interface ReplayPackerOptions {
  /** What is wanted, by the camera's clock. */
  fromMs: number;
  toMs: number;
  /** The camera's clock minus ours. */
  skewMs: number;
  /** The sound that comes beside the pictures; null where none is taken. */
  sound: ReplayedSound | null;
  taker: EdgeTaker;
  /** All that is wanted has come, or all that there is. */
  done(): void;
  /** What comes is of no use. */
  failed(failure: StreamFailure): void;
  /** Called with true when what was pushed waits to be coded, and with false when it was. */
  hold(held: boolean): void;
}

/** A picture that is not wanted itself, but those after it are decoded from it. */
interface Before {
  atMs: number;
  key: boolean;
  units: Buffer[];
}

const TICKS_PER_MS = 90;
/** Leaves room for pictures that are shown before the key frame that they come behind. */
const BASE_MS = 10_000;
/** Pictures further apart do not belong together. */
const SECTION_MS = 2_000;
/** Without a key frame so long after the beginning, the group of pictures that reaches into it is wanted, too. */
const KEY_WITHIN_MS = 1_900;
const BEFORE_BYTES_MAX = 16 * 1024 * 1024;
const LEADING_MAX = 64;
/** So many packets without the time of any picture, and no more are waited for. */
const TIMELESS_MAX = 500;

/**
 * Makes fragments of what a camera plays back, each with the time at which its pictures were taken by our clock. A
 * camera that does not say when that was is of no use: the time of the playback is another.
 */
export class ReplayPacker {
  readonly #track: VideoTrack;
  readonly #options: ReplayPackerOptions;
  readonly #reader: NalReader;
  readonly #sets: ParameterSets;
  readonly #sound: SectionSound;
  #maker: FragmentMaker | null = null;
  #init: string | null = null;
  /** When the first picture of the section was taken; its stamps count from there. */
  #sectionMs = 0;
  #pictureMs = Number.NEGATIVE_INFINITY;
  #atMs: number | null = null;
  #isNew = false;
  #isLast = false;
  #timeless = 0;
  #leading: Buffer[] = [];
  #before: Before[] = [];
  #beforeBytes = 0;
  #isOver = false;

  constructor(track: VideoTrack, options: ReplayPackerOptions) {
    this.#track = track;
    this.#options = options;
    this.#reader = new NalReader(track.codec);
    this.#sets = new ParameterSets(track.codec, track.sets);
    this.#sound = new SectionSound(options.sound, (held) => !this.#isOver && options.hold(held));
  }

  /** Takes one RTP packet of the sound as it came. */
  pushSound(packet: Buffer): void {
    if (!this.#isOver) this.#sound.push(packet);
  }

  /** Takes one RTP packet of the pictures as it came. */
  push(packet: Buffer): void {
    const rtp = readRtp(packet);
    if (this.#isOver || !rtp || rtp.payloadType !== this.#track.payloadType) return;
    const times = readReplayTimes(packet);
    if (times) {
      this.#atMs = times.atMs;
      this.#isNew ||= times.isNew;
      this.#isLast ||= times.isLast;
    } else if (this.#atMs === null) {
      this.#timeless += 1;
      if (this.#timeless > TIMELESS_MAX) {
        this.#fail(new StreamFailure('nonsense', 'It does not say when its pictures were taken.'));
      }
      return;
    }
    for (const nal of this.#reader.push(rtp)) this.#unit(nal);
    if (this.#isLast && rtp.marker) this.#finish();
  }

  /** Nothing more comes: what is there is told. Resolves when it was. */
  async end(): Promise<void> {
    if (!this.#isOver) this.#breakOff();
    this.#isOver = true;
    await this.#sound.settled();
  }

  #unit(nal: Buffer): void {
    const kind = nalKind(this.#track.codec, nal);
    if (!kind || this.#isOver) return;
    if (kind.set) this.#sets.receive(nal);
    if (kind.leads) {
      if (this.#leading.length < LEADING_MAX) this.#leading.push(nal);
      return;
    }
    if (kind.picture && kind.first) this.#picture(kind.key);
    if (!this.#isOver) this.#send(nal);
  }

  #picture(key: boolean): void {
    const atMs = this.#atMs!;
    const leading = this.#leading.splice(0);
    const { fromMs, toMs } = this.#options;
    if (atMs >= toMs) {
      this.#finish();
      return;
    }
    if (this.#isNew || Math.abs(atMs - this.#pictureMs) > SECTION_MS) this.#breakOff();
    this.#isNew = false;
    this.#pictureMs = atMs;
    if (key && this.#maker && this.#describes() !== this.#init) this.#breakOff();
    if (this.#maker) this.#show(atMs, key);
    else if (key && atMs >= fromMs) this.#begin(atMs);
    else this.#keep(atMs, key);
    for (const nal of leading) this.#send(nal);
    if (!this.#maker && atMs > fromMs + KEY_WITHIN_MS) this.#useBefore();
  }

  #send(nal: Buffer): void {
    if (this.#maker) {
      this.#maker.unit(nal);
      return;
    }
    const last = this.#before.at(-1);
    if (!last) return;
    last.units.push(nal);
    this.#beforeBytes += nal.length;
    if (this.#beforeBytes > BEFORE_BYTES_MAX) this.#forget();
  }

  /** Only from a key frame on: what stands before it shows nothing. */
  #keep(atMs: number, key: boolean): void {
    if (key) this.#forget();
    if (key || this.#before.length > 0) this.#before.push({ atMs, key, units: [] });
  }

  #useBefore(): void {
    const before = this.#before;
    this.#forget();
    const [first] = before;
    if (!first) return;
    this.#begin(first.atMs);
    for (const [index, { atMs, key, units }] of before.entries()) {
      if (index > 0) this.#show(atMs, key);
      for (const nal of units) this.#maker?.unit(nal);
    }
  }

  #forget(): void {
    this.#before = [];
    this.#beforeBytes = 0;
  }

  #describes(): string {
    return Buffer.concat(this.#sets.current()).toString('latin1');
  }

  /** A section begins with the key frame of this time. */
  #begin(atMs: number): void {
    this.#forget();
    const sets = this.#sets.current();
    if (sets.length === 0) return;
    this.#sectionMs = atMs;
    this.#init = this.#describes();
    const token = randomBytes(9).toString('base64url');
    const inOrder = this.#sound.inOrder();
    try {
      this.#maker = new FragmentMaker(
        { codec: this.#track.codec, sets, timescale: TICKS_PER_MS * 1_000, sound: this.#sound.config },
        {
          onPart: (part) => inOrder(() => this.#tell(part, token, atMs)),
          onEnd: () => {},
          onDisorder: () => this.#fail(new StreamFailure('codec-unsupported', 'Its pictures are not in order.')),
        },
      );
    } catch (error) {
      if (!(error instanceof BoxError)) throw error;
      this.#fail(new StreamFailure('nonsense', undefined, error));
      return;
    }
    this.#sound.begin(this.#maker);
    this.#show(atMs, true);
  }

  #show(atMs: number, key: boolean): void {
    const stamp = this.#stampOf(atMs);
    this.#maker?.picture(stamp, key);
    this.#sound.pictured(stamp, atMs);
  }

  #stampOf(atMs: number): number {
    return Math.round((atMs - this.#sectionMs + BASE_MS) * TICKS_PER_MS);
  }

  #tell(part: Part, token: string, sectionMs: number): void {
    const { taker, skewMs } = this.#options;
    if (part.type === 'init') taker.begin(part.init, token);
    else {
      const startsAtMs = sectionMs + part.fragment.decodeTimeMs - BASE_MS - skewMs;
      taker.fragment({ ...part.fragment, startsAtMs });
    }
  }

  #breakOff(): void {
    const maker = this.#maker;
    this.#maker = null;
    this.#forget();
    if (maker) this.#sound.end(maker);
  }

  #finish(): void {
    if (this.#isOver) return;
    this.#breakOff();
    this.#isOver = true;
    this.#sound.inOrder()(() => this.#options.done());
  }

  #fail(failure: StreamFailure): void {
    this.#isOver = true;
    this.#maker = null;
    this.#sound.stop();
    this.#options.failed(failure);
  }
}
