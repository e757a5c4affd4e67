import type { SoundFrame } from '../relay/sound/sound-packer.ts';
import type { VideoTaker } from '../relay/video-packer.ts';
import { type TrackRun, writeFragment } from './fragment-writer.ts';
import { SOUND_TRACK_ID, TRACK_ID, type VideoToDescribe, writeInit } from './init-writer.ts';
import type { Part } from './parser.ts';
import { DecodeOrder, type PictureTimes } from './pictures/decode-order.ts';

interface Picture extends PictureTimes {
  key: boolean;
  /** NAL units, each behind its length. */
  data: Buffer[];
  /** With what its units cost beside. */
  bytes: number;
}

/** Length of a fragment: what a viewer lags behind, against the cost of a `moof` each. */
const FRAGMENT_S = 0.5;
/** The first one is shorter: somebody waits for it. Players need a few pictures to begin. */
const FIRST_PICTURES = 6;
/** A picture at 60 Mbit/s and one a second; what is more of it is left out. */
const PICTURE_BYTES_MAX = 8 * 1024 * 1024;
const UNITS_MAX = 1_000;
/** What a unit costs beside its bytes, so that a fragment of crumbs ends early. */
const UNIT_BYTES = 256;
/** A fragment ends with the picture that makes it longer than this. */
const FRAGMENT_BYTES_MAX = 4 * 1024 * 1024;
const PICTURES_MAX = 1_000;
/** Sound that waits for a picture to go with: some twenty seconds; more is left out. */
const SOUND_MAX = 1_000;
/** Length of a picture of which nothing is known. */
const PICTURE_S = 0.04;

export interface FragmentHooks {
  onPart(part: Part): void;
  /** The turn is over, and everything of it was told. */
  onEnd(): void;
  /** Nobody can tell in which order pictures are shown; nothing more is told. */
  onDisorder(): void;
}

/**
 * Writes the pictures of one turn of a camera's video as fragmented MP4, each at the time it was given. Holds less than
 * one fragment and two pictures.
 */
export class FragmentMaker implements VideoTaker {
  readonly #timescale: number;
  readonly #hooks: FragmentHooks;
  readonly #order: DecodeOrder;
  #open: Picture | null = null;
  #pictures: Picture[] = [];
  #bytes = 0;
  #sound: SoundFrame[] = [];
  #sequence = 0;
  #over = false;

  /** Throws {@link BoxError} where the sets describe no picture; else the first part is told at once. */
  constructor(video: VideoToDescribe, hooks: FragmentHooks) {
    this.#timescale = video.timescale;
    this.#hooks = hooks;
    const { init, reorder } = writeInit(video);
    this.#order = new DecodeOrder(reorder, PICTURE_S * video.timescale);
    hooks.onPart({ type: 'init', init });
  }

  picture(stamp: number, key: boolean): void {
    if (this.#over) return;
    const times = this.#order.next(stamp);
    if (!times) {
      this.#over = true;
      this.#hooks.onDisorder();
      return;
    }
    const { decoded } = times;
    this.#close();
    const [first] = this.#pictures;
    // Where every picture is a key frame, one at the beginning is enough.
    if (first && ((key && !first.key) || this.#isLongEnough(decoded - first.decoded))) this.#write(decoded);
    this.#open = { ...times, key, data: [], bytes: 0 };
  }

  unit(nal: Buffer): void {
    const open = this.#open;
    if (!open || open.data.length >= 2 * UNITS_MAX || open.bytes + nal.length > PICTURE_BYTES_MAX) return;
    const length = Buffer.allocUnsafe(4);
    length.writeUInt32BE(nal.length);
    open.data.push(length, nal);
    open.bytes += UNIT_BYTES + nal.length;
  }

  sound(frame: SoundFrame): void {
    if (!this.#over && this.#sound.length < SOUND_MAX) this.#sound.push(frame);
  }

  /** Tells what there is. */
  end(): void {
    if (this.#over) return;
    this.#over = true;
    this.#close();
    const [last, before] = [this.#pictures.at(-1), this.#pictures.at(-2)];
    // Of the last one nothing is known; it lasts as long as the one before.
    if (last) this.#write(last.decoded + (before ? last.decoded - before.decoded : PICTURE_S * this.#timescale));
    this.#hooks.onEnd();
  }

  #close(): void {
    const done = this.#open;
    this.#open = null;
    if (!done || done.bytes === 0) return;
    this.#pictures.push(done);
    this.#bytes += done.bytes;
  }

  #isLongEnough(ticks: number): boolean {
    if (ticks >= FRAGMENT_S * this.#timescale) return true;
    if (this.#sequence === 0 && this.#pictures.length >= FIRST_PICTURES) return true;
    return this.#bytes > FRAGMENT_BYTES_MAX || this.#pictures.length >= PICTURES_MAX;
  }

  /** `ends`: when the last picture ends. */
  #write(ends: number): void {
    const pictures = this.#pictures;
    this.#pictures = [];
    this.#bytes = 0;
    this.#sequence += 1;
    const { decoded: begins, key } = pictures[0]!;
    const samples = pictures.map((one, index) => ({
      data: one.data,
      key: one.key,
      duration: (pictures[index + 1]?.decoded ?? ends) - one.decoded,
      shownLater: one.shown - one.decoded,
    }));
    const video = { trackId: TRACK_ID, decodeTime: begins, samples };
    const data = writeFragment({ sequence: this.#sequence, tracks: [video, ...this.#soundRun()] });
    const toMs = 1_000 / this.#timescale;
    const fragment = { data, decodeTimeMs: begins * toMs, durationMs: (ends - begins) * toMs, key };
    this.#hooks.onPart({ type: 'fragment', fragment });
  }

  /** The sound that came meanwhile. It may begin a little before the pictures, or after them. */
  #soundRun(): TrackRun[] {
    const frames = this.#sound;
    const [first] = frames;
    if (!first) return [];
    this.#sound = [];
    const samples = frames.map(({ data, samples: duration }) => ({ data: [data], duration, key: true }));
    return [{ trackId: SOUND_TRACK_ID, decodeTime: first.at, samples }];
  }
}
