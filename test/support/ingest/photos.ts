import { tinyJpeg } from './images.ts';

/** What a made-up telephone writes into a photo. */
export interface Written {
  big?: boolean;
  orientation?: number;
  /** Degrees, minutes and seconds as fractions, with the letter of the side. */
  lat?: [string, [number, number][]];
  lon?: [string, [number, number][]];
  errorM?: [number, number];
  original?: string;
  offset?: string;
  gpsDate?: string;
  gpsTime?: [number, number][];
  owner?: string;
}

/** 29.8716667 N, 121.5512500 E within 4.7 m, in the morning of 21 November 2026 in Ningbo. */
export const IN_NINGBO: Written = {
  lat: [
    'N',
    [
      [29, 1],
      [52, 1],
      [1800, 100],
    ],
  ],
  lon: [
    'E',
    [
      [121, 1],
      [33, 1],
      [450, 100],
    ],
  ],
  errorM: [47, 10],
  original: '2026:11:21 08:00:05',
  offset: '+08:00',
  owner: 'OWNER-LI',
};

type Field = [tag: number, type: number, values: number[] | string | [number, number][]];

/** A TIFF block as telephones write it. */
export function exifBlock(written: Written): Buffer {
  const { big = true, orientation, lat, lon, errorM, original, offset, gpsDate, gpsTime, owner } = written;
  const photo: Field[] = [];
  if (original) photo.push([0x9003, 2, original]);
  if (offset) photo.push([0x9011, 2, offset]);
  const gps: Field[] = [];
  if (lat) gps.push([1, 2, lat[0]], [2, 5, lat[1]]);
  if (lon) gps.push([3, 2, lon[0]], [4, 5, lon[1]]);
  if (gpsTime) gps.push([7, 5, gpsTime]);
  if (gpsDate) gps.push([0x1d, 2, gpsDate]);
  if (errorM) gps.push([0x1f, 5, [errorM]]);
  const image = (photoAt: number, gpsAt: number): Field[] => [
    ...(orientation === undefined ? [] : ([[0x112, 3, [orientation]]] as Field[])),
    ...(owner ? ([[0x13b, 2, owner]] as Field[]) : []),
    [0x8769, 4, [photoAt]],
    [0x8825, 4, [gpsAt]],
  ];
  const photoAt = 8 + directory(image(0, 0), 8, big).length;
  const photoBytes = directory(photo, photoAt, big);
  const gpsAt = photoAt + photoBytes.length;
  const head = Buffer.from(big ? '4d4d002a00000008' : '49492a0008000000', 'hex');
  return Buffer.concat([head, directory(image(photoAt, gpsAt), 8, big), photoBytes, directory(gps, gpsAt, big)]);
}

const SIZES: Record<number, number> = { 2: 1, 3: 2, 4: 4, 5: 8 };

function directory(fields: Field[], at: number, big: boolean): Buffer {
  const table = Buffer.alloc(2 + fields.length * 12 + 4);
  const u16 = (buffer: Buffer, value: number, to: number) =>
    big ? buffer.writeUInt16BE(value, to) : buffer.writeUInt16LE(value, to);
  const u32 = (buffer: Buffer, value: number, to: number) =>
    big ? buffer.writeUInt32BE(value, to) : buffer.writeUInt32LE(value, to);
  const behind: Buffer[] = [];
  let end = at + table.length;
  u16(table, fields.length, 0);
  for (const [index, [tag, type, values]] of fields.entries()) {
    const entry = 2 + index * 12;
    const list = typeof values === 'string' ? [...Buffer.from(`${values}\0`, 'latin1')] : values;
    const data = Buffer.alloc(list.length * SIZES[type]!);
    for (const [position, value] of list.entries()) {
      if (type === 2) data[position] = value as number;
      else if (type === 3) u16(data, value as number, position * 2);
      else if (type === 4) u32(data, value as number, position * 4);
      else for (const [half, part] of (value as number[]).entries()) u32(data, part, position * 8 + half * 4);
    }
    u16(table, tag, entry);
    u16(table, type, entry + 2);
    u32(table, list.length, entry + 4);
    if (data.length <= 4) {
      data.copy(table, entry + 8);
      continue;
    }
    u32(table, end, entry + 8);
    behind.push(data);
    end += data.length;
  }
  return Buffer.concat([table, ...behind]);
}

function segment(marker: number, data: Buffer): Buffer {
  const head = Buffer.from([0xff, marker, 0, 0]);
  head.writeUInt16BE(data.length + 2, 2);
  return Buffer.concat([head, data]);
}

/** A JPEG with all that a telephone hangs on it: EXIF, XMP, a maker's block, a comment, a film behind its end. */
export function phonePhoto(written: Written = IN_NINGBO, salt = 'x'): Buffer {
  const jpeg = tinyJpeg({ comment: `COMMENT-${salt}` });
  return Buffer.concat([
    jpeg.subarray(0, 2),
    segment(0xe1, Buffer.concat([Buffer.from('Exif\0\0'), exifBlock(written)])),
    segment(0xe1, Buffer.from('http://ns.adobe.com/xap/1.0/\0<x:xmpmeta>XMP-PLACE</x:xmpmeta>')),
    segment(0xed, Buffer.from('Photoshop 3.0\0MAKER-BLOCK')),
    jpeg.subarray(2),
    Buffer.from('FILM-BEHIND'),
  ]);
}

/** What must not be left of {@link phonePhoto}. */
export const TELLTALE = /OWNER-LI|XMP-PLACE|MAKER-BLOCK|FILM-BEHIND|COMMENT-|2026:11:21|Photoshop/;
