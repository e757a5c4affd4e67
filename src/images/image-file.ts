/** Media types that are taken, with the ending of their files. */
export const IMAGE_TYPES = { 'image/jpeg': 'jpg', 'image/png': 'png' } as const;

export type ImageType = keyof typeof IMAGE_TYPES;

export interface ImageShape {
  type: ImageType;
  width: number;
  height: number;
}

/** What a viewer's memory can bear: a header may promise far more pixels than its bytes have. */
const IMAGE_SIDE_MAX = 16_384;
const IMAGE_PIXELS_MAX = 64_000_000;

/**
 * What a file is by its own bytes, or one sentence on why it is not taken. The whole file is walked, without decoding
 * a pixel: it must be one picture from its first byte to its last, so that nothing else hides before or behind it.
 */
export function readImage(bytes: Buffer): ImageShape | string {
  const type = typeOf(bytes);
  if (type === null) return 'is neither JPEG nor PNG';
  const shape = type === 'image/jpeg' ? readJpeg(bytes) : readPng(bytes);
  if (typeof shape === 'string') return shape;
  const { width, height } = shape;
  if (width === 0 || height === 0) return 'has no pixels';
  if (width > IMAGE_SIDE_MAX || height > IMAGE_SIDE_MAX || width * height > IMAGE_PIXELS_MAX) {
    return `has ${width} x ${height} pixels; at most ${IMAGE_SIDE_MAX} a side and ${IMAGE_PIXELS_MAX} in all`;
  }
  return { type, width, height };
}

const PNG_SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

export function typeOf(bytes: Buffer): ImageType | null {
  if (bytes[0] === 0xff && bytes[1] === 0xd8 && bytes[2] === 0xff) return 'image/jpeg';
  return bytes.subarray(0, PNG_SIGNATURE.length).equals(PNG_SIGNATURE) ? 'image/png' : null;
}

interface Size {
  width: number;
  height: number;
}

const CUT_SHORT = 'is cut short or damaged';
const MORE_BEHIND = 'has something behind its end; send the picture alone';

const START_OF_SCAN = 0xda;
const END_OF_IMAGE = 0xd9;
/** Tables and arithmetic coding share the range of the frame headers (ITU-T T.81, table B.1). */
const NOT_A_FRAME = [0xc4, 0xc8, 0xcc];

function readJpeg(bytes: Buffer): Size | string {
  let size: Size | null = null;
  let scanned = false;
  for (let at = 2; at + 4 <= bytes.length || bytes[at + 1] === END_OF_IMAGE; ) {
    if (bytes[at] !== 0xff) return CUT_SHORT;
    const marker = bytes[at + 1]!;
    // A marker may be preceded by any number of fill bytes.
    if (marker === 0xff) {
      at += 1;
      continue;
    }
    if (marker === END_OF_IMAGE) {
      if (!size || !scanned) return CUT_SHORT;
      return isPadding(bytes, at + 2) ? size : MORE_BEHIND;
    }
    const length = bytes.readUInt16BE(at + 2);
    if (length < 2 || at + 2 + length > bytes.length) return CUT_SHORT;
    if (marker >= 0xc0 && marker <= 0xcf && !NOT_A_FRAME.includes(marker)) {
      if (size || length < 8) return CUT_SHORT;
      size = { height: bytes.readUInt16BE(at + 5), width: bytes.readUInt16BE(at + 7) };
    }
    at += 2 + length;
    if (marker !== START_OF_SCAN) continue;
    if (!size) return CUT_SHORT;
    scanned = true;
    at = endOfScan(bytes, at);
  }
  return CUT_SHORT;
}

/** Where the next marker stands. Within a scan, 0xff is followed by 0 or is a restart mark. */
export function endOfScan(bytes: Buffer, from: number): number {
  for (let at = nextMark(bytes, from); at < bytes.length; at = nextMark(bytes, at + 1)) {
    const next = bytes[at + 1] ?? 0;
    if (next !== 0 && next !== 0xff && (next < 0xd0 || next > 0xd7)) return at;
  }
  return bytes.length;
}

/** Those that stand close are found by hand: the search is quick over a distance, and costs much to begin. */
const CLOSE = 16;

function nextMark(bytes: Buffer, from: number): number {
  const far = Math.min(from + CLOSE, bytes.length);
  for (let at = from; at < far; at += 1) if (bytes[at] === 0xff) return at;
  const found = bytes.indexOf(0xff, far);
  return found === -1 ? bytes.length : found;
}

function isPadding(bytes: Buffer, from: number): boolean {
  for (let at = from; at < bytes.length; at += 1) if (bytes[at] !== 0) return false;
  return true;
}

/** Length, type and check sum of a chunk. */
const CHUNK_FRAME_BYTES = 12;
/** Their four letters as a number: a file may have many chunks with nothing in them. */
const IHDR = 0x49484452;
const IEND = 0x49454e44;

function readPng(bytes: Buffer): Size | string {
  let size: Size | null = null;
  for (let at = PNG_SIGNATURE.length; at + CHUNK_FRAME_BYTES <= bytes.length; ) {
    const length = bytes.readUInt32BE(at);
    const name = bytes.readUInt32BE(at + 4);
    const end = at + CHUNK_FRAME_BYTES + length;
    if (end > bytes.length || (name === IHDR) !== (size === null)) return CUT_SHORT;
    if (name === IHDR) {
      if (length !== 13) return CUT_SHORT;
      size = { width: bytes.readUInt32BE(at + 8), height: bytes.readUInt32BE(at + 12) };
    }
    if (name === IEND) return isPadding(bytes, end) ? size! : MORE_BEHIND;
    at = end;
  }
  return CUT_SHORT;
}
