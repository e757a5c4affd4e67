import { type Codec, NAL_HEADER_BYTES, splitStartCodes } from './nal-unit.ts';
import type { RtpPacket } from './rtp-packet.ts';

/** A picture of 60 Mbit/s at one picture a second; what is larger is left out. */
const NAL_BYTES_MAX = 8 * 1024 * 1024;
/** That many in packets of 420 bytes. A piece costs a hundred bytes beside its own, so a unit in crumbs is left out. */
const PARTS_MAX = 20_000;

interface Types {
  aggregate: number;
  fragment: number;
  /** Bytes before the first unit of an aggregate: its own header. */
  headerBytes: number;
}

/** RFC 6184 §5.2 (STAP-A, FU-A) and RFC 7798 §4.4 (AP, FU). */
const TYPES: Readonly<Record<Codec, Types>> = {
  H264: { aggregate: 24, fragment: 28, headerBytes: NAL_HEADER_BYTES.H264 },
  H265: { aggregate: 48, fragment: 49, headerBytes: NAL_HEADER_BYTES.H265 },
};

/**
 * Takes NAL units out of the payloads of RTP packets. What cameras do and this bears: start codes in payloads, several
 * units behind one header, fragments whose first packet is also the last, an end that is never marked. Holds at most
 * one unit that is not complete.
 */
export class NalReader {
  readonly #codec: Codec;
  #parts: Buffer[] = [];
  #bytes = 0;
  #next: number | null = null;

  constructor(codec: Codec) {
    this.#codec = codec;
  }

  /** The NAL units that became complete with `packet`, in order. */
  push({ payload, sequence }: RtpPacket): Buffer[] {
    const { aggregate, fragment, headerBytes } = TYPES[this.#codec];
    // A unit with a hole in it is none.
    if (this.#next !== null && sequence !== this.#next) this.#drop();
    this.#next = (sequence + 1) & 0xffff;
    if (payload.length <= headerBytes) return [];
    const type = this.#codec === 'H264' ? payload[0]! & 0x1f : (payload[0]! >> 1) & 0x3f;
    if (type === fragment) return this.#fragment(payload, headerBytes);
    const units = this.#finish();
    if (type === aggregate) units.push(...aggregated(payload, headerBytes));
    else units.push(...splitStartCodes(payload));
    return units;
  }

  #fragment(payload: Buffer, headerBytes: number): Buffer[] {
    const flags = payload[headerBytes]!;
    const body = payload.subarray(headerBytes + 1);
    const units: Buffer[] = [];
    if (flags & 0x80) {
      units.push(...this.#finish());
      this.#parts = [this.#header(payload, flags)];
    }
    // The rest of a unit whose beginning was not seen.
    if (this.#parts.length === 0) return units;
    this.#bytes += body.length;
    if (this.#bytes > NAL_BYTES_MAX || this.#parts.length > PARTS_MAX) this.#drop();
    else this.#parts.push(body);
    if (flags & 0x40) units.push(...this.#finish());
    return units;
  }

  /** The header that the unit had before it was cut. */
  #header(payload: Buffer, flags: number): Buffer {
    if (this.#codec === 'H264') return Buffer.from([(payload[0]! & 0xe0) | (flags & 0x1f)]);
    return Buffer.from([(payload[0]! & 0x81) | ((flags & 0x3f) << 1), payload[1]!]);
  }

  #finish(): Buffer[] {
    if (this.#parts.length === 0) return [];
    const unit = Buffer.concat(this.#parts);
    this.#drop();
    return splitStartCodes(unit);
  }

  #drop(): void {
    this.#parts = [];
    this.#bytes = 0;
  }
}

function aggregated(payload: Buffer, headerBytes: number): Buffer[] {
  const units: Buffer[] = [];
  let at = headerBytes;
  while (at + 2 < payload.length) {
    const bytes = payload.readUInt16BE(at);
    // What is left is padding, or an aggregate that was cut off.
    if (bytes === 0 || at + 2 + bytes > payload.length) break;
    units.push(...splitStartCodes(payload.subarray(at + 2, at + 2 + bytes)));
    at += 2 + bytes;
  }
  return units;
}
