/** Writing of Matroska elements (RFC 8794 and RFC 9559). */

/** An element whose size is told in eight bytes. */
export function element(id: string, parts: readonly Buffer[]): Buffer {
  const bytes = parts.reduce((sum, { length }) => sum + length, 0);
  const size = Buffer.alloc(8);
  size.writeBigUInt64BE(BigInt(bytes) | (1n << 56n));
  return Buffer.concat([Buffer.from(id, 'hex'), size, ...parts]);
}

/** An element that is a number of eight bytes. */
export function whole(id: string, value: number): Buffer {
  const data = Buffer.alloc(8);
  data.writeBigUInt64BE(BigInt(value));
  return element(id, [data]);
}

/** Identifiers of elements, as they are written. */
export const ID = {
  head: '1a45dfa3',
  docType: '4282',
  segment: '18538067',
  info: '1549a966',
  timestampScale: '2ad7b1',
  tracks: '1654ae6b',
  track: 'ae',
  number: 'd7',
  uid: '73c5',
  type: '83',
  codec: '86',
  codecPrivate: '63a2',
  defaultDuration: '23e383',
  video: 'e0',
  width: 'b0',
  height: 'ba',
  cluster: '1f43b675',
  timestamp: 'e7',
  block: 'a3',
} as const;

export const MATROSKA_CODECS = { h264: 'V_MPEG4/ISO/AVC', hevc: 'V_MPEGH/ISO/HEVC' } as const;
