import { readlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { DiskPlace } from '../../platform/files/disks.ts';
import type { Config } from '../config/config.ts';

/** Where the gateway keeps what, as far as it is on this machine. */
export async function placesOnDisk({ dataDir, database, influx }: Config): Promise<DiskPlace[]> {
  const own = (name: string): string => join(dataDir, name);
  // As root, PostgreSQL's data is elsewhere, and a link leads there.
  const cluster = await readlink(own('postgres')).catch(() => own('postgres'));
  return [
    { use: 'journal', path: own('journal') },
    ...(database.url === null ? [{ use: 'database', path: cluster } as const] : []),
    { use: 'evidence', path: own('evidence') },
    { use: 'pictures', path: own('images') },
    { use: 'pictures', path: own('photos') },
    ...(influx.url === null ? [{ use: 'telemetry', path: own('influx') } as const] : []),
  ];
}
