import type { Clock } from '../../core/clock.ts';
import type { Observer } from '../../core/observe.ts';
import type { DeviceId } from '../../core/types.ts';
import type { Database } from '../../platform/database/database.ts';
import type { Ownership } from '../../platform/database/ownership.ts';
import type { CameraPool } from '../pool/camera-pool.ts';
import type { RecordingClass } from '../recordings/classes.ts';
import { GapTable } from '../recordings/gap-table.ts';
import { KeptFiles } from '../recordings/kept-files.ts';
import { Recordings } from '../recordings/recordings.ts';
import type { GapReason } from './camera/gaps.ts';
import type { Wanted } from './camera/wanted.ts';
import type { DiskOptions } from './disk/disk-options.ts';
import { type DiskPlace, Disks } from './disk/disks.ts';
import { Fsck } from './fsck/fsck.ts';
import { Notes } from './notes.ts';
import { Recorder } from './recorder.ts';

export interface RecorderParts {
  database: Database;
  ownership: Pick<Ownership, 'hold' | 'write'>;
  clock: Clock;
  observer: Observer;
  pool: Pick<CameraPool, 'lease'>;
  /** Where recordings lie at first; disks may come and go later. */
  places: readonly DiskPlace[];
  /** Those of a gateway are `DISK_OPTIONS`. */
  limits: DiskOptions;
  wanted(atMs: number): readonly Wanted[];
  unplanned(atMs: number): readonly Wanted[];
  classOf(device: DeviceId): RecordingClass;
  /** Why a camera gives way to others; null where it does not. */
  refusal(device: DeviceId): GapReason | null;
}

/** The recorder with its disks and its tables. Starts nothing. */
export function openRecorder({ places, limits, ...deps }: RecorderParts) {
  const { database, ownership, clock, observer, pool, wanted, unplanned, classOf, refusal } = deps;
  const recordings = new Recordings({ database, ownership, classOf });
  const gaps = new GapTable({ database, ownership });
  const disks = new Disks(
    {
      clock,
      observer,
      database,
      isExpected: (name) => recordings.isAny(name),
      found: (file) => recorder.found(file),
    },
    limits,
  );
  for (const place of places) disks.add(place);
  const notes = new Notes({ clock, observer, recordings, gaps, disks });
  const kept = new KeptFiles({ database, ownership });
  const fsck = new Fsck({ clock, disks, recordings, kept, gaps, wake: () => recorder.wake() });
  const recorder = new Recorder({
    clock,
    observer,
    pool,
    disks,
    recordings,
    gaps,
    notes,
    wanted,
    unplanned,
    classOf,
    refusal,
    adopt: (disk) => fsck.adopt(disk),
  });
  return { recorder, recordings, gaps, disks, fsck, notes };
}
