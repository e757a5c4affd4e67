import { NAL_HEADER_BYTES } from '../relay/nal-unit.ts';
import { PAYLOAD_TYPES } from './description.ts';
import { HEAD_BYTES, PAYLOAD_BYTES, RtpTrack } from './rtp-track.ts';

/** One picture as it goes out. */
export interface OutPicture {
  /** When it is shown, Unix ms. */
  atMs: number;
  units: readonly Buffer[];
}

export interface RtpWriterOptions {
  codec: 'H264' | 'H265';
  /** As those of {@link RtpTrack}. */
  channel: number;
  source: number;
}

const CLOCK_PER_MS = 90;

/** Packs pictures as RTP (RFC 6184, RFC 7798) for one player. */
export class RtpWriter {
  readonly #codec: RtpWriterOptions['codec'];
  readonly #track: RtpTrack;

  constructor({ codec, channel, source }: RtpWriterOptions) {
    this.#codec = codec;
    this.#track = new RtpTrack({ channel, source, payloadType: PAYLOAD_TYPES.video, clockPerMs: CLOCK_PER_MS });
  }

  /** All packets of some pictures in one piece. */
  pictures(pictures: readonly OutPicture[]): Buffer {
    let bytes = 0;
    for (const { units } of pictures) for (const unit of units) bytes += this.#sizeOf(unit);
    const out = Buffer.allocUnsafe(bytes);
    let at = 0;
    for (const { atMs, units } of pictures) {
      const stamp = this.#track.stampOf(atMs);
      for (const [index, unit] of units.entries()) {
        at = this.#unit(out, at, { unit, stamp, isLast: index === units.length - 1 });
      }
    }
    return out;
  }

  /** As {@link RtpTrack.report}. */
  report(atMs: number): Buffer {
    return this.#track.report(atMs);
  }

  #sizeOf(unit: Buffer): number {
    if (unit.length <= PAYLOAD_BYTES) return HEAD_BYTES + unit.length;
    const headerBytes = NAL_HEADER_BYTES[this.#codec];
    const inside = unit.length - headerBytes;
    return inside + Math.ceil(inside / pieceBytes(headerBytes)) * (HEAD_BYTES + headerBytes + 1);
  }

  #unit(out: Buffer, from: number, { unit, stamp, isLast }: { unit: Buffer; stamp: number; isLast: boolean }): number {
    if (unit.length <= PAYLOAD_BYTES) {
      const at = this.#track.head(out, from, { bytes: unit.length, stamp, marker: isLast });
      return at + unit.copy(out, at);
    }
    const headerBytes = NAL_HEADER_BYTES[this.#codec];
    const step = pieceBytes(headerBytes);
    let at = from;
    for (let begin = headerBytes; begin < unit.length; begin += step) {
      const end = Math.min(unit.length, begin + step);
      const flags = (begin === headerBytes ? 0x80 : 0) | (end === unit.length ? 0x40 : 0);
      const bytes = headerBytes + 1 + end - begin;
      at = this.#track.head(out, at, { bytes, stamp, marker: isLast && end === unit.length });
      at = this.#pieceHeader(out, at, unit, flags);
      at += unit.copy(out, at, begin, end);
    }
    return at;
  }

  /** RFC 6184 §5.8 and RFC 7798 §4.4.3. */
  #pieceHeader(out: Buffer, at: number, unit: Buffer, flags: number): number {
    if (this.#codec === 'H264') {
      out[at] = (unit[0]! & 0xe0) | 28;
      out[at + 1] = flags | (unit[0]! & 0x1f);
      return at + 2;
    }
    out[at] = (unit[0]! & 0x81) | (49 << 1);
    out[at + 1] = unit[1]!;
    out[at + 2] = flags | ((unit[0]! >> 1) & 0x3f);
    return at + 3;
  }
}

function pieceBytes(headerBytes: number): number {
  return PAYLOAD_BYTES - headerBytes - 1;
}
