import type { Clock } from '../../../../src/core/clock.ts';
import { Photos } from '../../../../src/devices/photos/photos.ts';
import { cleanPhoto } from '../../../../src/images/photo-file.ts';
import { LocalBlobs } from '../../../../src/platform/blobs/local-blobs.ts';
import type { Database } from '../../../../src/platform/database/database.ts';
import { AccessRegister } from '../../../../src/platform/records/access-register.ts';
import { firstOwner } from '../../services/ownership.ts';

/** Photos in a directory that is there, as a gateway opens them at its start. */
export function photosIn({ database, clock, directory, needsIncident }: PhotosIn) {
  const disk = { volume: { problem: async () => null }, freeBytes: async () => 1e12, reserveBytes: 0 };
  const blobs = new LocalBlobs({ name: 'photos', directory, clock, ...disk });
  const register = new AccessRegister({ database, clock, needsIncident });
  const ownership = firstOwner();
  const photos = new Photos({ database, ownership, clock, register, blobs, clean: cleanPhoto, keepDays: 30 });
  return { photos, blobs };
}

interface PhotosIn {
  database: Database<never>;
  clock: Clock;
  directory: string;
  needsIncident(device: string): boolean;
}
