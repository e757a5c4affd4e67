import { crc32c } from '@node-rs/crc32';
import type { Lane } from '../../../core/types.ts';
import { LANES } from '../codec.ts';

/** First bytes of a segment file; records follow. Described in `docs/journal-format.md`. */
export const HEADER_BYTES = 64;
const MAGIC = Buffer.from('CWJL');
const HEADER_VERSION = 1;

export interface SegmentHeader {
  lane: Lane;
  /** Offset in the log of the first byte after the header. */
  base: number;
  /** Where the log durably ended when this file was begun: bytes of the file before it beyond that do not count. */
  previousEnd: number;
  createdAtMs: number;
  /** Times of receipt in the file before it; 0 when that file had no record. */
  previousFirstAtMs: number;
  previousLastAtMs: number;
  salt: number;
  /** Life of the journal it was begun in, 8 hex digits; empty in files of versions without it. */
  incarnation: string;
}

export function encodeHeader(header: SegmentHeader): Buffer {
  const bytes = Buffer.alloc(HEADER_BYTES);
  MAGIC.copy(bytes);
  bytes[4] = HEADER_VERSION;
  bytes[5] = LANES.indexOf(header.lane);
  bytes.writeBigUInt64LE(BigInt(header.base), 8);
  bytes.writeBigUInt64LE(BigInt(header.previousEnd), 16);
  bytes.writeBigUInt64LE(BigInt(header.createdAtMs), 24);
  bytes.writeBigUInt64LE(BigInt(header.previousFirstAtMs), 32);
  bytes.writeBigUInt64LE(BigInt(header.previousLastAtMs), 40);
  bytes.writeUInt32LE(header.salt, 48);
  if (header.incarnation !== '') bytes.write(header.incarnation, 52, 'hex');
  bytes.writeUInt32LE(crc32c(bytes.subarray(0, HEADER_BYTES - 4)), HEADER_BYTES - 4);
  return bytes;
}

/** Returns null for anything that is not an undamaged header of this version. */
export function decodeHeader(bytes: Buffer): SegmentHeader | null {
  if (bytes.length < HEADER_BYTES || !bytes.subarray(0, 4).equals(MAGIC) || bytes[4] !== HEADER_VERSION) return null;
  if (crc32c(bytes.subarray(0, HEADER_BYTES - 4)) !== bytes.readUInt32LE(HEADER_BYTES - 4)) return null;
  const lane = LANES[bytes[5]!];
  if (!lane) return null;
  return {
    lane,
    base: Number(bytes.readBigUInt64LE(8)),
    previousEnd: Number(bytes.readBigUInt64LE(16)),
    createdAtMs: Number(bytes.readBigUInt64LE(24)),
    previousFirstAtMs: Number(bytes.readBigUInt64LE(32)),
    previousLastAtMs: Number(bytes.readBigUInt64LE(40)),
    salt: bytes.readUInt32LE(48),
    incarnation: bytes.readUInt32LE(52) === 0 ? '' : bytes.toString('hex', 52, 56),
  };
}

/** File name of a segment: its base offset, padded so that names sort like offsets. */
export function segmentName(base: number): string {
  return `${String(base).padStart(16, '0')}.seg`;
}

export function baseOfName(name: string): number | null {
  const digits = /^(\d{16})\.seg$/.exec(name)?.[1];
  return digits === undefined ? null : Number(digits);
}
