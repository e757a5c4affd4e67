import type { GapReason } from '../../recorder/camera/gaps.ts';
import { LOWEST_CLASS_FIRST, type RecordingClass } from '../classes.ts';

/** How much room a disk of recordings must have. */
export interface RoomMarks {
  /** Below so many free bytes room is made. */
  markBytes: number;
  /** Below so many nothing at all is written: they belong to what matters more. */
  reserveBytes: number;
}

export interface RoomSettings {
  /** Free bytes below which room is made, or {@link freePercent} where that is more. */
  freeBytes: number;
  /** The same as a share of the disk, percent. */
  freePercent: number;
  reserveBytes: number;
}

/** A part of a disk that counts as a disk of its own. */
export interface RoomQuota {
  bytes: number;
  /** What is left of it. */
  leftBytes: number;
}

/** By so much of the mark more must be free before a class that stopped is recorded again. */
const AGAIN_SHARE = 0.25;

export function marksOf({ freeBytes, freePercent, reserveBytes }: RoomSettings, totalBytes: number): RoomMarks {
  return { markBytes: Math.max(freeBytes, (totalBytes * freePercent) / 100, reserveBytes), reserveBytes };
}

/** Up to so many free bytes room is made once there is too little: then every class is recorded. */
export function aimBytes({ markBytes }: RoomMarks): number {
  return markBytes * (1 + AGAIN_SHARE);
}

/**
 * Which classes are not recorded while so much is free and nothing more may be removed: the lowest below the mark, the
 * next below the middle between mark and reserve. The highest is recorded until the disk itself takes nothing. One
 * that stopped begins again only with a quarter of the mark more.
 */
export function stoppedClasses(
  freeBytes: number,
  marks: RoomMarks,
  stopped: ReadonlySet<RecordingClass>,
): Set<RecordingClass> {
  const { markBytes, reserveBytes } = marks;
  const steps = LOWEST_CLASS_FIRST.length - 1;
  const now = LOWEST_CLASS_FIRST.filter((one, rank) => {
    const belowBytes = markBytes - ((markBytes - reserveBytes) * rank) / steps;
    const againBytes = belowBytes + markBytes * AGAIN_SHARE;
    return rank < steps && freeBytes < (stopped.has(one) ? againBytes : belowBytes);
  });
  return new Set(now);
}

/** Why a camera of a class is not recorded; null where it is. */
export function refusalOf(of: RecordingClass, stopped: ReadonlySet<RecordingClass>): GapReason | null {
  return stopped.has(of) ? { cause: 'disk-full', detail: `class ${of}` } : null;
}
