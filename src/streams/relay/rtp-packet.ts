/** What an RTP packet (RFC 3550) says, without its header extension and padding. */
export interface RtpPacket {
  payloadType: number;
  marker: boolean;
  sequence: number;
  timestamp: number;
  payload: Buffer;
}

const HEADER_BYTES = 12;
const EXTENSION_BYTES = 4;

/** Null for bytes that are no RTP packet. Padding that is longer than the packet is none. */
export function readRtp(packet: Buffer): RtpPacket | null {
  if (packet.length < HEADER_BYTES || packet[0]! >> 6 !== 2) return null;
  let from = HEADER_BYTES + 4 * (packet[0]! & 0x0f);
  if (packet[0]! & 0x10) {
    if (from + EXTENSION_BYTES > packet.length) return null;
    from += EXTENSION_BYTES + 4 * packet.readUInt16BE(from + 2);
  }
  const padding = packet[0]! & 0x20 ? packet[packet.length - 1]! : 0;
  const to = from + padding <= packet.length ? packet.length - padding : packet.length;
  if (from > to) return null;
  return {
    payloadType: packet[1]! & 0x7f,
    marker: packet[1]! >> 7 === 1,
    sequence: packet.readUInt16BE(2),
    timestamp: packet.readUInt32BE(4),
    payload: packet.subarray(from, to),
  };
}

/** Any moment: only what two reports of one moment say of each other matters. */
const REPORT_AT_S = 3_900_000_000;
const REPORT_BYTES = 28;

/** A sender report (RFC 3550 §6.4.1) as an interleaved frame: the stamp of a moment that all our reports tell of. */
export function reportFrame(channel: number, timestamp: number): Buffer {
  const frame = Buffer.alloc(4 + REPORT_BYTES);
  frame.writeUInt16BE(0x2400 | channel, 0);
  frame.writeUInt16BE(REPORT_BYTES, 2);
  frame.writeUInt32BE(0x80c80006, 4);
  frame.writeUInt32BE(1, 8);
  frame.writeUInt32BE(REPORT_AT_S, 12);
  frame.writeUInt32BE(timestamp >>> 0, 20);
  return frame;
}

/** Writes RTP packets as interleaved frames of one channel, with one sender and sequence of our own. */
export class RtpWriter {
  readonly #payloadType: number;
  readonly #channel: number;
  #sequence = 0;

  constructor(payloadType: number, channel = 0) {
    this.#payloadType = payloadType;
    this.#channel = channel;
  }

  /** One frame whose payload is `parts`, one after the other: at most 65,523 bytes. */
  frame(parts: readonly Buffer[], timestamp: number, marker: boolean): Buffer {
    const bytes = HEADER_BYTES + parts.reduce((sum, part) => sum + part.length, 0);
    const head = Buffer.allocUnsafe(4 + HEADER_BYTES);
    head.writeUInt16BE(0x2400 | this.#channel, 0);
    head.writeUInt16BE(bytes, 2);
    head.writeUInt8(0x80, 4);
    head.writeUInt8((marker ? 0x80 : 0) | this.#payloadType, 5);
    head.writeUInt16BE(this.#sequence, 6);
    head.writeUInt32BE(timestamp, 8);
    head.writeUInt32BE(1, 12);
    this.#sequence = (this.#sequence + 1) & 0xffff;
    return Buffer.concat([head, ...parts], 4 + bytes);
  }
}
