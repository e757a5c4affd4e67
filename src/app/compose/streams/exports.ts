import { samePersonAmong } from '../../../access/owners.ts';
import { freeBytesOf } from '../../../platform/files/disks.ts';
import { Signer } from '../../../platform/records/signing.ts';
import { EXPORTS_QUEUE } from '../../../streams/exports/export-steps.ts';
import { type ExportsDeps, RecordingExports } from '../../../streams/exports/exports.ts';
import type { Ground } from '../ground/ground.ts';

/** What exports are made of. */
export interface RecordedForExports extends Pick<ExportsDeps, 'recordings' | 'gaps' | 'pins' | 'register' | 'namesOf'> {
  /** Who reads the disks of recordings. */
  readers: ExportsDeps['readers'];
}

/** RecordingExports of recordings, which are made in the data directory. */
export async function openExports(ground: Ground, recorded: RecordedForExports): Promise<RecordingExports> {
  const { config, clock, database, observer, place, keys, work } = ground;
  const exports = new RecordingExports({
    ...recorded,
    database,
    clock,
    observer,
    directory: await place.directory('exports'),
    freeBytes: freeBytesOf,
    signer: new Signer(keys.exports),
    needsApproval: config.recordings.exportApproval === 'other-person',
    samePersonAmong,
  });
  // One after the other: each reads and writes as fast as its disks can.
  work.handle(EXPORTS_QUEUE, (id) => exports.handle(id), { atOnce: 1 });
  return exports;
}
