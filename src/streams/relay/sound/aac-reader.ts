import type { RtpPacket } from '../rtp-packet.ts';
import type { AacHeaders } from './sound-track.ts';

/** A stereo frame of the highest rate is below; what is larger is left out. */
const FRAME_BYTES_MAX = 8_192;
const FRAMES_MAX = 64;
/** What stands before a frame of a stream without container; some cameras leave it there. */
const ADTS_BYTES = { short: 7, long: 9 };

/** Takes AAC frames out of the payloads of RTP packets (RFC 3640). Holds at most one frame that is not complete. */
export class AacReader {
  readonly #headers: AacHeaders;
  #parts: Buffer[] = [];
  #bytes = 0;
  #wanted = 0;
  #next: number | null = null;

  constructor(headers: AacHeaders) {
    this.#headers = headers;
  }

  /** The frames that became complete with `packet`, in order. */
  push({ payload, sequence }: RtpPacket): Buffer[] {
    const follows = this.#next === null || sequence === this.#next;
    this.#next = (sequence + 1) & 0xffff;
    if (!follows) this.#drop();
    const sizes = this.#sizes(payload);
    if (!sizes) return [];
    let at = 2 + Math.ceil(payload.readUInt16BE(0) / 8);
    if (sizes.length === 1 && sizes[0]! > payload.length - at) return this.#part(payload.subarray(at), sizes[0]!);
    this.#drop();
    const frames: Buffer[] = [];
    for (const bytes of sizes) {
      if (bytes === 0 || at + bytes > payload.length) break;
      frames.push(bare(payload.subarray(at, at + bytes)));
      at += bytes;
    }
    return frames;
  }

  /** What the fields at the front say of the frames behind them; null where there are none. */
  #sizes(payload: Buffer): number[] | null {
    if (payload.length < 2) return null;
    const { sizeBits, indexBits, deltaBits } = this.#headers;
    const bits = payload.readUInt16BE(0);
    if (bits === 0 || 2 + Math.ceil(bits / 8) > payload.length) return null;
    const sizes: number[] = [];
    for (let at = 0; at + sizeBits <= bits && sizes.length < FRAMES_MAX; ) {
      sizes.push(bitsAt(payload, 16 + at, sizeBits));
      at += sizeBits + (sizes.length === 1 ? indexBits : deltaBits);
    }
    return sizes;
  }

  /** A frame in several packets: each says how large all of it is. */
  #part(bytes: Buffer, wanted: number): Buffer[] {
    if (this.#wanted !== wanted) this.#drop();
    if (wanted > FRAME_BYTES_MAX || bytes.length === 0) return [];
    this.#wanted = wanted;
    this.#parts.push(Buffer.from(bytes));
    this.#bytes += bytes.length;
    if (this.#bytes < wanted) return [];
    const whole = Buffer.concat(this.#parts, wanted);
    const isWhole = this.#bytes === wanted;
    this.#drop();
    return isWhole ? [bare(whole)] : [];
  }

  #drop(): void {
    this.#parts = [];
    this.#bytes = 0;
    this.#wanted = 0;
  }
}

function bitsAt(data: Buffer, from: number, bits: number): number {
  let value = 0;
  for (let at = from; at < from + bits; at += 1) value = value * 2 + (((data[at >> 3] ?? 0) >> (7 - (at & 7))) & 1);
  return value;
}

/** Without what only a bare stream has. */
function bare(frame: Buffer): Buffer {
  const isAdts = frame.length > ADTS_BYTES.long && frame[0] === 0xff && (frame[1]! & 0xf6) === 0xf0;
  if (!isAdts) return frame;
  return frame.subarray(frame[1]! & 1 ? ADTS_BYTES.short : ADTS_BYTES.long);
}
