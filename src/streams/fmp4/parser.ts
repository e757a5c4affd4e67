import { BoxError, boxHeader } from './boxes.ts';
import { correctTimes } from './ffmpeg-times.ts';
import { parseFragment } from './fragment.ts';
import { type Movie, parseMovie } from './movie.ts';

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

/**
 * Cuts a stream of fragmented MP4 into its initialisation segment and fragments. Takes bytes in pieces of any size;
 * holds at most one box more than the largest allowed. After it threw, it must not be used again.
 */
export class FragmentParser {
  readonly #waiting: Buffer[] = [];
  #waitingBytes = 0;
  #ftyp: Buffer | null = null;
  #movie: Movie | null = null;
  #moof: Buffer | null = null;
  #isFirst = true;

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
    if (type === 'mdat') return { type: 'fragment', fragment: this.#fragment(whole) };
    if (!this.#ftyp) throw new BoxError('does not begin with ftyp');
    return null;
  }

  #fragment(mdat: Buffer): ParsedFragment {
    if (!this.#moof || !this.#movie) throw new BoxError('mdat out of place');
    const { timescale } = this.#movie;
    const data = Buffer.concat([this.#moof, mdat]);
    const moof = data.subarray(boxHeader(this.#moof)!.headerBytes, this.#moof.length);
    this.#moof = null;
    correctTimes(moof, this.#movie, { beginsAtS: BEGINS_AT_S, first: this.#isFirst });
    this.#isFirst = false;
    const times = parseFragment(moof, this.#movie);
    const toMs = 1000 / timescale;
    return {
      data,
      decodeTimeMs: times.decodeTime * toMs,
      durationMs: times.duration * toMs,
      key: times.key,
    };
  }
}
