import { type Clock, DAY_MS } from '../../../core/clock.ts';
import type { Observer } from '../../../core/observe.ts';
import type { Directory } from '../../../devices/registry/directory.ts';
import { areImagesKept, Images } from '../../../images/images.ts';
import { ShownImages } from '../../../images/shown-images.ts';
import type { Blobs } from '../../../platform/blobs/blobs.ts';
import { openLocalBlobs } from '../../../platform/blobs/open-local.ts';
import type { Database } from '../../../platform/database/database.ts';
import type { Ownership } from '../../../platform/database/ownership.ts';
import { ROOM_BYTES } from '../../../platform/files/disks.ts';
import type { AccessRegister } from '../../../platform/records/access-register.ts';

export interface ImagesInput {
  database: Database;
  ownership: Ownership;
  clock: Clock;
  observer: Observer;
  /** Where the files are kept. */
  directory: string;
  keepDays: number;
  devices: Pick<Directory, 'get'>;
  register: AccessRegister;
}

/** Pictures of devices for the API, where they are, and the chore that removes old ones. */
export function composeImages(input: ImagesInput): {
  port: ShownImages;
  blobs: Blobs;
  tidy(nowMs: number): Promise<void>;
} {
  const { database, ownership, clock, observer, directory, keepDays, devices, register } = input;
  const blobs = openLocalBlobs({
    name: 'images',
    directory,
    database,
    clock,
    observer,
    reserveBytes: ROOM_BYTES.pictures,
    isExpected: () => areImagesKept(database),
  });
  const images = new Images({ database, ownership, blobs, clock, observer, keepMs: keepDays * DAY_MS });
  const placeOf = (device: string) => devices.get(device)?.identity;
  return { port: new ShownImages({ images, register, placeOf }), blobs, tidy: (nowMs) => images.tidy(nowMs) };
}
