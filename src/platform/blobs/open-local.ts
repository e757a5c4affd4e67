import type { Clock } from '../../core/clock.ts';
import type { Observer } from '../../core/observe.ts';
import type { Database } from '../database/database.ts';
import { freeBytesOf } from '../files/disks.ts';
import type { Blobs } from './blobs.ts';
import { LocalBlobs } from './local-blobs.ts';
import { Volume } from './volume.ts';

export interface LocalStore {
  /** Names it in the database and to people: `images`. */
  name: string;
  directory: string;
  /** Free bytes that are left to what matters more. */
  reserveBytes: number;
  database: Database;
  clock: Clock;
  observer: Observer;
  /** Whether rows name files that must be there already; asked only where no identity was ever given. */
  isExpected(): Promise<boolean>;
}

/** Blobs in a directory of this machine, which carries the identity that the database knows. */
export function openLocalBlobs({ reserveBytes, ...store }: LocalStore): Blobs {
  const { name, directory, clock } = store;
  const volume = new Volume(store);
  return new LocalBlobs({ name, directory, volume, clock, freeBytes: freeBytesOf, reserveBytes });
}
