import { NAL_HEADER_BYTES } from '../relay/nal-unit.ts';
import { PAYLOAD_TYPE } from './description.ts';

/** One picture as it goes out. */
export interface OutPicture {
  /** When it is shown, Unix ms. */
  atMs: number;
  units: readonly Buffer[];
}

export interface RtpWriterOptions {
  codec: 'H264' | 'H265';
  /** Interleaved channel of the video; that of reports is the next one. */
  channel: number;
  /** Who sends, as RTP calls it; random. */
  source: number;
}

/** What fits into a packet of every network, should somebody hand it on by UDP. */
const PAYLOAD_BYTES = 1_400;
const RTP_BYTES = 12;
const FRAME_BYTES = 4 + RTP_BYTES;
const CLOCK_PER_MS = 90;
const STAMPS = 2 ** 32;
/** From 1900, where the time of reports begins, to 1970 (RFC 5905 §6). */
const NTP_AHEAD_S = 2_208_988_800;
/** Sender report of one block, and a source description with the name below (RFC 3550 §6.4.1, §6.5). */
const REPORT_BYTES = 28;
const NAME = Buffer.from('citywatch', 'latin1');
const NAMING_BYTES = 24;

/** Packs pictures as RTP (RFC 6184, RFC 7798) for one player, framed as RFC 2326 §10.12 says. */
export class RtpWriter {
  readonly #options: RtpWriterOptions;
  #sequence = 0;
  #packets = 0;
  #bytes = 0;

  constructor(options: RtpWriterOptions) {
    this.#options = options;
  }

  /** All packets of some pictures in one piece. */
  pictures(pictures: readonly OutPicture[]): Buffer {
    let bytes = 0;
    for (const { units } of pictures) for (const unit of units) bytes += this.#sizeOf(unit);
    const out = Buffer.allocUnsafe(bytes);
    let at = 0;
    for (const { atMs, units } of pictures) {
      const stamp = stampOf(atMs);
      for (const [index, unit] of units.entries()) {
        at = this.#unit(out, at, { unit, stamp, isLast: index === units.length - 1 });
      }
    }
    return out;
  }

  /** What says that a stamp belongs to a time of day: to be sent now and then. */
  report(atMs: number): Buffer {
    const { channel, source } = this.#options;
    const out = Buffer.alloc(4 + REPORT_BYTES + NAMING_BYTES);
    out.writeUInt16BE(0x2400 | (channel + 1), 0);
    out.writeUInt16BE(REPORT_BYTES + NAMING_BYTES, 2);
    out.writeUInt32BE(0x80c80006, 4);
    out.writeUInt32BE(source, 8);
    out.writeUInt32BE(Math.floor(atMs / 1000) + NTP_AHEAD_S, 12);
    out.writeUInt32BE(Math.floor(((atMs % 1000) / 1000) * STAMPS), 16);
    out.writeUInt32BE(stampOf(atMs), 20);
    out.writeUInt32BE(this.#packets % STAMPS, 24);
    out.writeUInt32BE(this.#bytes % STAMPS, 28);
    out.writeUInt32BE(0x81ca0005, 32);
    out.writeUInt32BE(source, 36);
    out.writeUInt8(1, 40);
    out.writeUInt8(NAME.length, 41);
    NAME.copy(out, 42);
    return out;
  }

  #sizeOf(unit: Buffer): number {
    if (unit.length <= PAYLOAD_BYTES) return FRAME_BYTES + unit.length;
    const headerBytes = NAL_HEADER_BYTES[this.#options.codec];
    const inside = unit.length - headerBytes;
    return inside + Math.ceil(inside / pieceBytes(headerBytes)) * (FRAME_BYTES + headerBytes + 1);
  }

  #unit(out: Buffer, from: number, { unit, stamp, isLast }: { unit: Buffer; stamp: number; isLast: boolean }): number {
    if (unit.length <= PAYLOAD_BYTES) {
      const at = this.#head(out, from, { bytes: unit.length, stamp, marker: isLast });
      return at + unit.copy(out, at);
    }
    const headerBytes = NAL_HEADER_BYTES[this.#options.codec];
    const step = pieceBytes(headerBytes);
    let at = from;
    for (let begin = headerBytes; begin < unit.length; begin += step) {
      const end = Math.min(unit.length, begin + step);
      const flags = (begin === headerBytes ? 0x80 : 0) | (end === unit.length ? 0x40 : 0);
      const bytes = headerBytes + 1 + end - begin;
      at = this.#head(out, at, { bytes, stamp, marker: isLast && end === unit.length });
      at = this.#pieceHeader(out, at, unit, flags);
      at += unit.copy(out, at, begin, end);
    }
    return at;
  }

  /** RFC 6184 §5.8 and RFC 7798 §4.4.3. */
  #pieceHeader(out: Buffer, at: number, unit: Buffer, flags: number): number {
    if (this.#options.codec === 'H264') {
      out[at] = (unit[0]! & 0xe0) | 28;
      out[at + 1] = flags | (unit[0]! & 0x1f);
      return at + 2;
    }
    out[at] = (unit[0]! & 0x81) | (49 << 1);
    out[at + 1] = unit[1]!;
    out[at + 2] = flags | ((unit[0]! >> 1) & 0x3f);
    return at + 3;
  }

  #head(out: Buffer, at: number, { bytes, stamp, marker }: { bytes: number; stamp: number; marker: boolean }): number {
    const { channel, source } = this.#options;
    out.writeUInt16BE(0x2400 | channel, at);
    out.writeUInt16BE(RTP_BYTES + bytes, at + 2);
    out[at + 4] = 0x80;
    out[at + 5] = (marker ? 0x80 : 0) | PAYLOAD_TYPE;
    out.writeUInt16BE(this.#sequence, at + 6);
    out.writeUInt32BE(stamp, at + 8);
    out.writeUInt32BE(source, at + 12);
    this.#sequence = (this.#sequence + 1) & 0xffff;
    this.#packets += 1;
    this.#bytes += bytes;
    return at + FRAME_BYTES;
  }
}

function pieceBytes(headerBytes: number): number {
  return PAYLOAD_BYTES - headerBytes - 1;
}

/** The time of day itself: pictures of another run of the camera, and reports, need nothing else to fit in. */
function stampOf(atMs: number): number {
  return Math.round(atMs * CLOCK_PER_MS) % STAMPS;
}
