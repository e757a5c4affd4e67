import { BoxError, boxesIn, boxHeader, required } from './boxes.ts';
import { correctTimes } from './ffmpeg-times.ts';
import { parseFragment } from './fragment.ts';
import { writeFragment } from './fragment-writer.ts';
import { type Movie, parseMovie } from './movie.ts';
import { samplesOf, soundIn } from './samples.ts';
import { runOf } from './tracks/placed.ts';

/** The initialisation segment of a stream: `ftyp` and `moov`, which every player needs before the first fragment. */
export interface InitSegment {
  data: Buffer;
  movie: Movie;
  /** What of the camera's sound is left out, in words of ours. */
  note?: string | null;
}

/** One `moof` with its `mdat`, as the stream itself tells it; `WallClock` adds when it was. */
export interface ParsedFragment {
  data: Buffer;
  decodeTimeMs: number;
  durationMs: number;
  key: boolean;
}

export type Part = { type: 'init'; init: InitSegment } | { type: 'fragment'; fragment: ParsedFragment };

/** Largest boxes we hold. Half a second of a 60 Mbit/s camera is 4 MB; tables of an empty movie are under 2 KiB. */
const LIMITS_BYTES: Record<string, number> = {
  ftyp: 1024,
  moov: 64 * 1024,
  moof: 512 * 1024,
  mdat: 16 * 1024 * 1024,
};
const OTHER_BYTES = 64 * 1024;

/** What is written begins at 0; it is moved to here, so that there is room for a lead-in before it. */
const BEGINS_AT_S = 30;

/** Fragments of sound that wait for a picture, bytes: a minute of 128 kbit/s; what came first goes first. */
const SOUND_BYTES_MAX = 1024 * 1024;

/**
 * Cuts a stream of fragmented MP4 into its initialisation segment and fragments. Takes bytes in pieces of any size;
 * holds at most one box more than the largest allowed, and {@link SOUND_BYTES_MAX}. After it threw, it must not be used
 * again.
 */
export class FragmentParser {
  readonly #waiting: Buffer[] = [];
  #waitingBytes = 0;
  #ftyp: Buffer | null = null;
  #movie: Movie | null = null;
  #moof: Buffer | null = null;
  #isFirst = true;
  /** That of fragments without pictures, which ffmpeg writes where pictures are far apart. */
  #sound: Buffer[] = [];
  #soundBytes = 0;

  /** The parts that became complete with `chunk`. Throws {@link BoxError} when the bytes are not such a stream. */
  push(chunk: Buffer): Part[] {
    this.#waiting.push(chunk);
    this.#waitingBytes += chunk.length;
    const parts: Part[] = [];
    for (let box = this.#next(); box; box = this.#next()) {
      const part = this.#take(box.type, box.whole, box.headerBytes);
      if (part) parts.push(part);
    }
    return parts;
  }

  #next(): { type: string; whole: Buffer; headerBytes: number } | null {
    const head = this.#front(16);
    const header = head && boxHeader(head);
    if (!header) return null;
    const limitBytes = LIMITS_BYTES[header.type] ?? OTHER_BYTES;
    if (header.sizeBytes > limitBytes) throw new BoxError(`box of ${header.sizeBytes} bytes`);
    if (this.#waitingBytes < header.sizeBytes) return null;
    const all = this.#front(header.sizeBytes)!;
    const whole = all.subarray(0, header.sizeBytes);
    const rest = all.subarray(header.sizeBytes);
    this.#waitingBytes -= header.sizeBytes;
    if (rest.length > 0) this.#waiting[0] = rest;
    else this.#waiting.shift();
    return { type: header.type, whole, headerBytes: header.headerBytes };
  }

  /** Joins pieces until the first holds `bytes`, or all there is. Each byte is copied at most once per box. */
  #front(bytes: number): Buffer | null {
    const first = this.#waiting[0];
    if (!first) return null;
    if (first.length >= bytes || this.#waiting.length === 1) return first;
    let count = 0;
    let length = 0;
    while (count < this.#waiting.length && length < bytes) length += this.#waiting[count++]!.length;
    const joined = Buffer.concat(this.#waiting.splice(0, count), length);
    this.#waiting.unshift(joined);
    return joined;
  }

  #take(type: string, whole: Buffer, headerBytes: number): Part | null {
    if (type === 'ftyp' && !this.#movie) {
      this.#ftyp = whole;
      return null;
    }
    if (type === 'moov') {
      if (this.#movie || !this.#ftyp) throw new BoxError('moov out of place');
      this.#movie = parseMovie(whole.subarray(headerBytes));
      return { type: 'init', init: { data: Buffer.concat([this.#ftyp, whole]), movie: this.#movie } };
    }
    if (type === 'moof') {
      if (!this.#movie || this.#moof) throw new BoxError('moof out of place');
      this.#moof = whole;
      return null;
    }
    if (type === 'mdat') return this.#fragment(whole);
    if (!this.#ftyp) throw new BoxError('does not begin with ftyp');
    return null;
  }

  /** Null for sound alone: it goes with the next pictures. */
  #fragment(mdat: Buffer): Part | null {
    if (!this.#moof || !this.#movie) throw new BoxError('mdat out of place');
    const movie = this.#movie;
    const data = Buffer.concat([this.#moof, mdat]);
    const moof = data.subarray(boxHeader(this.#moof)!.headerBytes, this.#moof.length);
    this.#moof = null;
    correctTimes(moof, movie, { beginsAtS: BEGINS_AT_S, first: this.#isFirst });
    if (movie.sound && isWithout(moof, movie.trackId)) {
      this.#holdSound(data);
      return null;
    }
    this.#isFirst = false;
    const times = parseFragment(moof, movie);
    const toMs = 1000 / movie.timescale;
    const fragment = {
      data: this.#withSound(data, movie),
      decodeTimeMs: times.decodeTime * toMs,
      durationMs: times.duration * toMs,
      key: times.key,
    };
    return { type: 'fragment', fragment };
  }

  #holdSound(fragment: Buffer): void {
    this.#sound.push(fragment);
    this.#soundBytes += fragment.length;
    while (this.#soundBytes > SOUND_BYTES_MAX) this.#soundBytes -= this.#sound.shift()!.length;
  }

  #withSound(data: Buffer, movie: Movie): Buffer {
    const { sound } = movie;
    if (!sound || this.#sound.length === 0) return data;
    const beside = [...this.#sound.splice(0), data].flatMap((fragment) => soundIn(fragment, movie));
    this.#soundBytes = 0;
    const tracks = [...runOf(movie.trackId, samplesOf(data, movie)), ...runOf(sound.trackId, beside)];
    return writeFragment({ sequence: sequenceOf(data), tracks });
  }
}

function isWithout(moof: Buffer, trackId: number): boolean {
  const tracks = boxesIn(moof).filter(({ type }) => type === 'traf');
  return tracks.every(({ body }) => required(boxesIn(body), 'tfhd').readUInt32BE(4) !== trackId);
}

function sequenceOf(fragment: Buffer): number {
  const header = boxHeader(fragment)!;
  return required(boxesIn(fragment.subarray(header.headerBytes, header.sizeBytes)), 'mfhd').readUInt32BE(4);
}
