import { randomBytes } from 'node:crypto';
import { crc32 as checkSum, deflateSync } from 'node:zlib';
import { type Clock, systemClock } from '../../../src/core/clock.ts';
import type { Observer } from '../../../src/core/observe.ts';
import { Images, type ImagesDeps } from '../../../src/images/images.ts';
import { LocalBlobs, type LocalBlobsDeps } from '../../../src/platform/blobs/local-blobs.ts';
import { ROOM_BYTES } from '../../../src/platform/files/disks.ts';
import { firstOwner } from '../services/ownership.ts';
import { quietObserver } from '../services/services.ts';

/** A whole PNG; `salt` makes it differ from others. */
export function tinyPicture({ width = 2, height = 2, salt = '' } = {}): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 0, 0, 0, 0], 8);
  const pixels = deflateSync(Buffer.alloc(Math.min(height, 64) * (Math.min(width, 64) + 1)));
  const text = Buffer.from(`salt\0${salt}`);
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  const chunks = [chunk('IHDR', header), chunk('tEXt', text), chunk('IDAT', pixels), chunk('IEND', Buffer.alloc(0))];
  return Buffer.concat([signature, ...chunks]);
}

function chunk(name: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(name), data]);
  const frame = Buffer.alloc(4);
  frame.writeUInt32BE(data.length);
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE(checkSum(body));
  return Buffer.concat([frame, body, sum]);
}

/** The skeleton of a baseline JPEG with a comment and a scan of `scanBytes`; no decoder would draw much of it. */
export function tinyJpeg({ width = 2, height = 2, scanBytes = 64, comment = 'x' } = {}): Buffer {
  const frame = Buffer.from([8, 0, 0, 0, 0, 1, 1, 0x11, 0]);
  frame.writeUInt16BE(height, 1);
  frame.writeUInt16BE(width, 3);
  const scan = randomBytes(scanBytes).map((byte) => (byte === 0xff ? 0xfe : byte));
  return Buffer.concat([
    Buffer.from([0xff, 0xd8]),
    segment(0xfe, Buffer.from(comment)),
    segment(0xc0, frame),
    segment(0xda, Buffer.from([1, 1, 0, 0, 63, 0])),
    Buffer.from(scan),
    // A stuffed byte and a restart mark belong to the scan.
    Buffer.from([0xff, 0x00, 0xff, 0xd0, 1, 2, 3]),
    Buffer.from([0xff, 0xd9]),
  ]);
}

function segment(marker: number, data: Buffer): Buffer {
  const head = Buffer.from([0xff, marker, 0, 0]);
  head.writeUInt16BE(data.length + 2, 2);
  return Buffer.concat([head, data]);
}

export interface OpenImages {
  database: ImagesDeps['database'];
  directory: string;
  clock?: Clock;
  observer?: Observer;
  freeBytes?: LocalBlobsDeps['freeBytes'];
  volume?: LocalBlobsDeps['volume'];
}

/** Pictures in a directory, on a disk with room unless told otherwise. */
export function openImages({ database, directory, clock = systemClock, observer, ...disk }: OpenImages): Images {
  const room = { volume: { problem: async () => null }, freeBytes: async () => 1e12, ...disk };
  const blobs = new LocalBlobs({ name: 'images', directory, clock, reserveBytes: ROOM_BYTES.pictures, ...room });
  return new Images({
    database,
    ownership: firstOwner(),
    blobs,
    clock,
    observer: observer ?? quietObserver(),
    keepMs: 30 * 24 * 3600 * 1000,
  });
}
