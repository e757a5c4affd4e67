import type { Clock } from '../../core/clock.ts';
import type { Observer } from '../../core/observe.ts';
import type { DeviceId } from '../../core/types.ts';
import { Volume } from '../../platform/blobs/volume.ts';
import type { Database } from '../../platform/database/database.ts';
import type { Ownership } from '../../platform/database/ownership.ts';
import type { CameraPool } from '../pool/camera-pool.ts';
import type { RecordingClass } from '../recordings/classes.ts';
import { GapTable } from '../recordings/gap-table.ts';
import { Recordings } from '../recordings/recordings.ts';
import type { GapReason } from './camera/gaps.ts';
import type { Wanted } from './camera/wanted.ts';
import { Disk, type DiskOptions } from './disk/disk.ts';
import { Notes } from './notes.ts';
import { Recorder } from './recorder.ts';

export interface RecorderParts {
  database: Database;
  ownership: Pick<Ownership, 'hold' | 'write'>;
  clock: Clock;
  observer: Observer;
  pool: Pick<CameraPool, 'lease'>;
  /** Directory of the recordings, on the disk that is theirs. */
  directory: string;
  /** Those of a gateway are `DISK_OPTIONS`. */
  limits: Omit<DiskOptions, 'directory'>;
  wanted(atMs: number): readonly Wanted[];
  classOf(device: DeviceId): RecordingClass;
  /** Why a camera gives way to others; null where it does not. */
  refusal(device: DeviceId): GapReason | null;
}

/** What the directory of recordings is called in the database. */
const DISK = 'recordings';

/** The recorder with its disk and its tables. Starts nothing. */
export function openRecorder({ directory, limits, ...deps }: RecorderParts) {
  const { database, ownership, clock, observer, pool, wanted, classOf, refusal } = deps;
  const recordings = new Recordings({ database, ownership, disk: DISK, classOf });
  const gaps = new GapTable({ database, ownership });
  const isExpected = () => recordings.isAny();
  const volume = new Volume({ name: DISK, directory, database, clock, observer, isExpected });
  const disk = new Disk(
    { clock, observer, problem: () => volume.problem(), found: (file) => recorder.found(file) },
    { directory, ...limits },
  );
  const notes = new Notes({ clock, observer, recordings, gaps, disk });
  const recorder = new Recorder({ clock, observer, pool, disk, recordings, gaps, notes, wanted, refusal });
  return { recorder, recordings, gaps, disk };
}
