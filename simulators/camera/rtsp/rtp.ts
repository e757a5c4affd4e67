import type { AccessUnit, Codec } from '../video/video.ts';

/** RTP payload type of the video; dynamic, so the SDP names it. */
export const PAYLOAD_TYPE = 96;

/** Keeps a packet with its RTP, TCP and IP headers below an Ethernet frame. */
const PAYLOAD_MAX_BYTES = 1_400;

const FRAMING_BYTES = 4;
const HEADER_BYTES = 12;
const OVERHEAD_BYTES = FRAMING_BYTES + HEADER_BYTES;

/**
 * One access unit cut into RTP packets (RFC 6184: single NAL unit and FU-A; RFC 7798: single NAL unit and FU), each
 * framed for RTSP interleaving. The packets are cut once per picture; numbers and channel are stamped into a copy for
 * each stream that carries it.
 */
export interface PacketTemplate {
  bytes: Buffer;
  /** Where each packet's `$` stands. */
  starts: number[];
}

export function cutIntoPackets(unit: AccessUnit, codec: Codec = 'H264'): PacketTemplate {
  const chunks = unit.nals.flatMap(codec === 'H265' ? cutHevcNal : cutNal);
  const starts: number[] = [];
  let size = 0;
  for (const chunk of chunks) {
    starts.push(size);
    size += OVERHEAD_BYTES + chunk.head.length + chunk.body.length;
  }
  const bytes = Buffer.allocUnsafe(size);
  chunks.forEach((chunk, index) => {
    const at = starts[index] ?? 0;
    bytes.writeUInt8(0x24, at);
    bytes.writeUInt16BE(HEADER_BYTES + chunk.head.length + chunk.body.length, at + 2);
    bytes.writeUInt8(0x80, at + FRAMING_BYTES);
    // The marker bit says "last packet of the picture" (RFC 6184 §5.1).
    bytes.writeUInt8(PAYLOAD_TYPE | (index === chunks.length - 1 ? 0x80 : 0), at + FRAMING_BYTES + 1);
    bytes.set(chunk.head, at + OVERHEAD_BYTES);
    bytes.set(chunk.body, at + OVERHEAD_BYTES + chunk.head.length);
  });
  return { bytes, starts };
}

function cutNal(nal: Buffer): { head: Buffer; body: Buffer }[] {
  if (nal.length <= PAYLOAD_MAX_BYTES) return [{ head: Buffer.alloc(0), body: nal }];
  const first = nal.readUInt8(0);
  const indicator = (first & 0xe0) | 28;
  const pieces: { head: Buffer; body: Buffer }[] = [];
  for (let at = 1; at < nal.length; at += PAYLOAD_MAX_BYTES - 2) {
    const end = Math.min(nal.length, at + PAYLOAD_MAX_BYTES - 2);
    const edges = (at === 1 ? 0x80 : 0) | (end === nal.length ? 0x40 : 0);
    pieces.push({ head: Buffer.from([indicator, edges | (first & 0x1f)]), body: nal.subarray(at, end) });
  }
  return pieces;
}

/** The type of a fragment of H.265. */
const HEVC_FRAGMENT = 49;

function cutHevcNal(nal: Buffer): { head: Buffer; body: Buffer }[] {
  if (nal.length <= PAYLOAD_MAX_BYTES) return [{ head: Buffer.alloc(0), body: nal }];
  const [first, second] = [nal.readUInt8(0), nal.readUInt8(1)];
  const type = (first >> 1) & 63;
  const pieces: { head: Buffer; body: Buffer }[] = [];
  for (let at = 2; at < nal.length; at += PAYLOAD_MAX_BYTES - 3) {
    const end = Math.min(nal.length, at + PAYLOAD_MAX_BYTES - 3);
    const edges = (at === 2 ? 0x80 : 0) | (end === nal.length ? 0x40 : 0);
    const head = Buffer.from([(first & 0x81) | (HEVC_FRAGMENT << 1), second, edges | type]);
    pieces.push({ head, body: nal.subarray(at, end) });
  }
  return pieces;
}

export interface Stamp {
  channel: number;
  /** Sequence number of the first packet; the following ones count on. */
  sequence: number;
  timestamp: number;
  ssrc: number;
}

/** A copy of the packets with their numbers in place, ready to be written to a connection. */
export function stampPackets(template: PacketTemplate, stamp: Stamp): Buffer {
  const bytes = Buffer.from(template.bytes);
  template.starts.forEach((at, index) => {
    bytes.writeUInt8(stamp.channel, at + 1);
    bytes.writeUInt16BE((stamp.sequence + index) & 0xffff, at + FRAMING_BYTES + 2);
    bytes.writeUInt32BE(stamp.timestamp >>> 0, at + FRAMING_BYTES + 4);
    bytes.writeUInt32BE(stamp.ssrc >>> 0, at + FRAMING_BYTES + 8);
  });
  return bytes;
}

/** One frame of sound, framed for interleaving: each is whole, and so marked. */
export function soundPacket(stamp: Stamp, payloadType: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(FRAMING_BYTES + HEADER_BYTES);
  head.writeUInt8(0x24, 0);
  head.writeUInt8(stamp.channel, 1);
  head.writeUInt16BE(HEADER_BYTES + payload.length, 2);
  head.writeUInt8(0x80, 4);
  head.writeUInt8(0x80 | payloadType, 5);
  head.writeUInt16BE(stamp.sequence, 6);
  head.writeUInt32BE(stamp.timestamp >>> 0, 8);
  head.writeUInt32BE(stamp.ssrc >>> 0, 12);
  return Buffer.concat([head, payload]);
}

/** Seconds between the NTP epoch (1900) and the Unix epoch. */
const NTP_OFFSET_S = 2_208_988_800;

/** An RTCP sender report framed for interleaving: ties the RTP clock to wall time (RFC 3550 §6.4.1). */
export function senderReport(report: Stamp & { atMs: number; packets: number; octets: number }): Buffer {
  const bytes = Buffer.alloc(FRAMING_BYTES + 28);
  bytes.writeUInt8(0x24, 0);
  bytes.writeUInt8(report.channel, 1);
  bytes.writeUInt16BE(28, 2);
  bytes.writeUInt8(0x80, 4);
  bytes.writeUInt8(200, 5);
  bytes.writeUInt16BE(6, 6);
  bytes.writeUInt32BE(report.ssrc >>> 0, 8);
  bytes.writeUInt32BE((Math.floor(report.atMs / 1000) + NTP_OFFSET_S) >>> 0, 12);
  bytes.writeUInt32BE(Math.floor(((report.atMs % 1000) / 1000) * 2 ** 32) >>> 0, 16);
  bytes.writeUInt32BE(report.timestamp >>> 0, 20);
  bytes.writeUInt32BE(report.packets >>> 0, 24);
  bytes.writeUInt32BE(report.octets >>> 0, 28);
  return bytes;
}
