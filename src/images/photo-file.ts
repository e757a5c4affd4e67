import { crc32 } from 'node:zlib';
import { type Exif, NO_CLAIMS, type PhotoClaims, readExif } from './exif.ts';
import { endOfScan, type ImageType, readImage, typeOf } from './image-file.ts';

/** A photo that tells nothing but what it shows. */
export interface CleanPhoto {
  type: ImageType;
  /** As the pixels are stored; a viewer turns them. */
  width: number;
  height: number;
  bytes: Buffer;
  claimed: PhotoClaims;
}

/**
 * Takes a photo as a telephone made it apart: what it claims of place and time is read, and only what is needed to draw
 * it is kept. Everything else goes, known or not: place, owner, maker, thumbnails, films that hang behind it. How it is
 * to be turned stays. One sentence where it is no picture that is taken.
 */
export function cleanPhoto(sent: Buffer): CleanPhoto | string {
  const type = typeOf(sent);
  if (type === null) return 'is neither JPEG nor PNG';
  const parts = type === 'image/jpeg' ? jpegParts(sent) : pngParts(sent);
  if (parts === null) return 'is cut short or damaged';
  const bytes = Buffer.concat(parts.kept);
  const shape = readImage(bytes);
  if (typeof shape === 'string') return shape;
  const { orientation: _orientation, ...claimed } = parts.exif;
  return { ...shape, bytes, claimed };
}

interface Parts {
  kept: Buffer[];
  exif: Exif;
}

const NOTHING_SAID: Exif = { ...NO_CLAIMS, orientation: 1 };

const END_OF_IMAGE = 0xd9;
const START_OF_SCAN = 0xda;
const APP1 = 0xe1;
const APP14 = 0xee;
/** Tables, frames, scans: what a decoder needs (ITU-T T.81, table B.1). */
const DRAWN = [0xda, 0xdb, 0xdc, 0xdd];
const EXIF_MARK = Buffer.from('Exif\0\0', 'latin1');
/** A telephone writes some dozens; each costs a look, whatever is in it. */
const PARTS_MAX = 8_192;
/** Says how colours are to be mixed, in exactly these many bytes. */
const ADOBE_MARK = Buffer.from('Adobe', 'latin1');
const ADOBE_BYTES = 14;

function jpegParts(bytes: Buffer): Parts | null {
  const kept: Buffer[] = [];
  let exif: Exif | null = null;
  let parts = 0;
  for (let at = 2; at + 1 < bytes.length; ) {
    if (bytes[at] !== 0xff || parts > PARTS_MAX) return null;
    const marker = bytes[at + 1]!;
    parts += 1;
    if (marker === 0xff) {
      at += 1;
      continue;
    }
    if (marker === END_OF_IMAGE) {
      const { orientation } = exif ?? NOTHING_SAID;
      const turned = orientation === 1 ? [] : [orientationSegment(orientation)];
      return {
        exif: exif ?? NOTHING_SAID,
        kept: [bytes.subarray(0, 2), ...turned, ...kept, bytes.subarray(at, at + 2)],
      };
    }
    if (at + 4 > bytes.length) return null;
    const length = bytes.readUInt16BE(at + 2);
    const data = bytes.subarray(at + 4, at + 2 + length);
    if (length < 2 || data.length !== length - 2) return null;
    if (marker === APP1 && startsWith(data, EXIF_MARK)) exif ??= readExif(data.subarray(EXIF_MARK.length));
    const end = marker === START_OF_SCAN ? endOfScan(bytes, at + 2 + length) : at + 2 + length;
    if (isDrawn(marker, data)) kept.push(bytes.subarray(at, end));
    at = end;
  }
  return null;
}

function isDrawn(marker: number, data: Buffer): boolean {
  if (marker === APP14) return data.length === ADOBE_BYTES - 2 && startsWith(data, ADOBE_MARK);
  return DRAWN.includes(marker) || (marker >= 0xc0 && marker <= 0xcf);
}

function startsWith(data: Buffer, mark: Buffer): boolean {
  return data.subarray(0, mark.length).equals(mark);
}

/** A TIFF block with this one field. */
function orientationBlock(orientation: number): Buffer {
  const block = Buffer.from('4d4d002a000000080001011200030000000100000000' + '00000000', 'hex');
  block.writeUInt16BE(orientation, 18);
  return block;
}

function orientationSegment(orientation: number): Buffer {
  const data = Buffer.concat([EXIF_MARK, orientationBlock(orientation)]);
  const head = Buffer.from([0xff, APP1, 0, 0]);
  head.writeUInt16BE(data.length + 2, 2);
  return Buffer.concat([head, data]);
}

const PNG_HEAD_BYTES = 8;
const CHUNK_FRAME_BYTES = 12;
/** What draws the picture (PNG, third edition, 11.2 and 11.3.1). */
const PNG_DRAWN: ReadonlySet<string> = new Set(['IHDR', 'PLTE', 'tRNS', 'IDAT', 'IEND']);
/** As long as a block of a JPEG may be. */
const EXIF_BYTES_MAX = 64 * 1024;

function pngParts(bytes: Buffer): Parts | null {
  const kept: Buffer[] = [bytes.subarray(0, PNG_HEAD_BYTES)];
  let exif: Exif | null = null;
  let parts = 0;
  for (let at = PNG_HEAD_BYTES; at + CHUNK_FRAME_BYTES <= bytes.length; ) {
    const end = at + CHUNK_FRAME_BYTES + bytes.readUInt32BE(at);
    if (end > bytes.length || parts > PARTS_MAX) return null;
    parts += 1;
    const name = bytes.toString('latin1', at + 4, at + 8);
    if (name === 'eXIf' && end - at <= EXIF_BYTES_MAX) exif ??= readExif(bytes.subarray(at + 8, end - 4));
    if (PNG_DRAWN.has(name)) kept.push(bytes.subarray(at, end));
    if (name === 'IEND') {
      const { orientation } = exif ?? NOTHING_SAID;
      // Behind the header, before what draws.
      if (orientation !== 1) kept.splice(2, 0, orientationChunk(orientation));
      return { exif: exif ?? NOTHING_SAID, kept };
    }
    at = end;
  }
  return null;
}

function orientationChunk(orientation: number): Buffer {
  const block = orientationBlock(orientation);
  const body = Buffer.concat([Buffer.from('eXIf', 'latin1'), block]);
  const frame = Buffer.alloc(4);
  frame.writeUInt32BE(block.length);
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE(crc32(body));
  return Buffer.concat([frame, body, sum]);
}
