import type { ImagesPort } from '../../../api/ports.ts';
import { type Clock, DAY_MS } from '../../../core/clock.ts';
import { CitywatchError } from '../../../core/errors.ts';
import { covers } from '../../../core/jurisdiction.ts';
import type { Observer } from '../../../core/observe.ts';
import type { Directory } from '../../../devices/registry/directory.ts';
import type { KeptImage } from '../../../images/image-table.ts';
import { Images } from '../../../images/images.ts';
import type { Database } from '../../../platform/database/database.ts';
import { freeBytesOf } from '../../../platform/files/disks.ts';
import { Volume } from '../../../platform/files/volume.ts';
import type { AccessRegister } from '../../../platform/records/access-register.ts';

export interface ImagesInput {
  database: Database;
  clock: Clock;
  observer: Observer;
  /** Where the files are kept. */
  directory: string;
  keepDays: number;
  devices: Pick<Directory, 'get'>;
  register: AccessRegister;
}

/** Pictures of devices for the API, and the chore that removes old ones. */
export function composeImages(input: ImagesInput): { port: ImagesPort; disk: Volume; tidy(): Promise<void> } {
  const { database, clock, observer, directory, keepDays, devices, register } = input;
  const disk = new Volume({
    ...{ name: 'images', directory, database, clock, observer },
    isExpected: () => images.areKept(),
  });
  const images: Images = new Images({
    ...{ database, clock, observer, directory, freeBytes: freeBytesOf, volume: disk },
    keepMs: keepDays * DAY_MS,
  });
  /** Where the device stands now, as for everything of a device; a retired one stands where it stood last. */
  const areaOf = ({ device, jurisdiction }: KeptImage) => devices.get(device)?.identity.jurisdiction ?? jurisdiction;
  const port: ImagesPort = {
    keep: (device, type, bytes) => images.keep(device, type, bytes),
    find: async (caller, id) => {
      const image = await images.find(id);
      if (!image || !covers(caller.jurisdiction, areaOf(image))) throw new CitywatchError('not-found');
      return image;
    },
    read: (image) => images.read(image),
    registerLook: async ({ caller, image, purpose, case: caseNumber }) => {
      const place = { device: image.device, jurisdiction: areaOf(image) };
      await register.add({ viewer: caller, act: 'image', ...place, purpose, case: caseNumber });
    },
  };
  return { port, disk, tidy: () => images.tidy() };
}
