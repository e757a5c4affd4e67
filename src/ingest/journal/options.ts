import { type Clock, DAY_MS } from '../../core/clock.ts';
import type { Observer } from '../../core/observe.ts';
import type { Lane } from '../../core/types.ts';
import { ROOM_BYTES } from '../../platform/files/disks.ts';
import { diskFiles, type JournalFiles } from './files.ts';
import type { LaneLineage } from './lineage.ts';
import { UplinkNumbers } from './uplink-numbers.ts';

export interface JournalDeps {
  /** One directory per lane. */
  directory: string;
  lane: Lane;
  /** The lives it went through; what is appended belongs to the last (`ingest/lives`). */
  lineage: LaneLineage;
  clock: Clock;
  observer: Observer;
  options: JournalOptions;
}

export interface JournalOptions {
  /** A file is full when it holds this much; the next group starts a new one. */
  segmentBytes: number;
  /** Writes for several senders begin this far apart, further at a high rate; a sender that is alone does not wait. */
  groupDelayMs: number;
  /** A group of this size is written without waiting for the delay. */
  groupBytes: number;
  /** Records waiting for the disk; beyond this `append` rejects with `ingest.full`. */
  unsyncedBytesMax: number;
  /** Free bytes left on the disk; below this `append` rejects with `ingest.full`. */
  reserveBytes: number;
  /** Parts that every reader has read are kept this long … */
  keepMs: number;
  /** … and up to this size, whichever ends first. */
  keepBytes: number;
  /** Newest messages kept in memory for readers who keep up. */
  cacheBytes: number;
  /** The pause after a failed write in which nothing is tried. */
  failurePauseMs: number;
  files: JournalFiles;
  /** What records call the uplinks. */
  uplinks: UplinkNumbers;
}

const MiB = 1024 * 1024;

/** Those of the live lane of a gateway, but for the numbers of its uplinks. */
export const JOURNAL_DEFAULTS: JournalOptions = {
  segmentBytes: 64 * MiB,
  groupDelayMs: 5,
  groupBytes: 256 * 1024,
  unsyncedBytesMax: 16 * MiB,
  reserveBytes: ROOM_BYTES.journal,
  keepMs: DAY_MS,
  keepBytes: 8 * 1024 * MiB,
  cacheBytes: 8 * MiB,
  failurePauseMs: 250,
  files: diskFiles,
  uplinks: new UplinkNumbers(),
};
