import { arePhotosKept, Photos } from '../../../devices/photos/photos.ts';
import { cleanPhoto } from '../../../images/photo-file.ts';
import type { Blobs } from '../../../platform/blobs/blobs.ts';
import { openLocalBlobs } from '../../../platform/blobs/open-local.ts';
import { ROOM_BYTES } from '../../../platform/files/disks.ts';
import type { Ground } from '../ground/ground.ts';
import type { Devices } from './devices.ts';

/** Photos that people take of devices, and where they are. */
export async function composePhotos(
  { database, ownership, clock, observer, place, config }: Ground,
  { register }: Pick<Devices, 'register'>,
): Promise<{ photos: Photos; photoBlobs: Blobs }> {
  const photoBlobs = openLocalBlobs({
    name: 'photos',
    directory: await place.directory('photos'),
    database,
    clock,
    observer,
    reserveBytes: ROOM_BYTES.pictures,
    isExpected: () => arePhotosKept(database),
  });
  const { keepDays } = config.orders;
  const photos = new Photos({ database, ownership, clock, register, blobs: photoBlobs, clean: cleanPhoto, keepDays });
  return { photos, photoBlobs };
}
