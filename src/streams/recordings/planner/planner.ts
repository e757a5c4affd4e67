import { DAY_MS } from '../../../core/clock.ts';
import type { RecordingClass } from '../classes.ts';

/** Cameras that are alike, as far as room is concerned. */
export interface CameraGroup {
  of: RecordingClass;
  cameras: number;
  /** Of the picture that is recorded. */
  bitsPerSecond: number;
  /** How long it is recorded of a day, on average, 0 to 24. */
  hoursPerDay: number;
  /** How long it is kept. */
  days: number;
  /** How much of it lies in the cameras and recorders themselves and not here, percent. */
  edgePercent: number;
}

/** What is not video, and of what there are several. Sizes of disks and links are decimal, as they are sold. */
export interface PlanAssumptions {
  /** What file system, heads of files, index and the room that stays free take besides, percent of the video. */
  overheadPercent: number;
  /** Of one disk, bytes. */
  diskBytes: number;
  /** What one disk writes while it is read and old files are removed, bytes/s. */
  diskBytesPerSecond: number;
  linkBitsPerSecond: number;
  /** How much of a link video may take, percent. */
  linkUsePercent: number;
}

/**
 * Overhead: 3 % for file system, heads and index, 2 % that stay free. A rotating disk of 16 TB writes 200 MB/s in a
 * row, and half of that while it seeks.
 */
export const PLAN_ASSUMPTIONS: PlanAssumptions = {
  overheadPercent: 5,
  diskBytes: 16e12,
  diskBytesPerSecond: 100e6,
  linkBitsPerSecond: 10e9,
  linkUsePercent: 70,
};

export interface PlannedGroup extends CameraGroup {
  /** Video that lies here once the days are full, without overhead. */
  centralBytes: number;
  edgeBytes: number;
  /** While all of them are recorded at once. */
  centralBitsPerSecond: number;
}

export interface StoragePlan {
  groups: PlannedGroup[];
  cameras: number;
  centralBytes: number;
  edgeBytes: number;
  overheadBytes: number;
  /** Room that is needed here: {@link centralBytes} and {@link overheadBytes}. */
  neededBytes: number;
  centralBitsPerSecond: number;
  /** By room, or by what they write, whichever needs more. */
  disks: number;
  links: number;
}

const HOURS_OF_DAY = 24;
const DAY_S = DAY_MS / 1_000;

/** What recordings of cameras need: room, disks and links. Pure, and linear in cameras, bit rate, hours and days. */
export function planStorage(groups: readonly CameraGroup[], assumptions = PLAN_ASSUMPTIONS): StoragePlan {
  const planned = groups.map(plannedGroup);
  const sumOf = (key: 'cameras' | 'centralBytes' | 'edgeBytes' | 'centralBitsPerSecond'): number =>
    planned.reduce((sum, group) => sum + group[key], 0);
  const { overheadPercent, diskBytes, diskBytesPerSecond, linkBitsPerSecond, linkUsePercent } = assumptions;
  const centralBytes = sumOf('centralBytes');
  const overheadBytes = (centralBytes * overheadPercent) / 100;
  const neededBytes = centralBytes + overheadBytes;
  const centralBitsPerSecond = sumOf('centralBitsPerSecond');
  const byRoom = neededBytes / diskBytes;
  const byWriting = centralBitsPerSecond / 8 / diskBytesPerSecond;
  return {
    groups: planned,
    cameras: sumOf('cameras'),
    centralBytes,
    edgeBytes: sumOf('edgeBytes'),
    overheadBytes,
    neededBytes,
    centralBitsPerSecond,
    disks: Math.ceil(Math.max(byRoom, byWriting)),
    links: Math.ceil(centralBitsPerSecond / ((linkBitsPerSecond * linkUsePercent) / 100)),
  };
}

function plannedGroup(group: CameraGroup): PlannedGroup {
  const { cameras, bitsPerSecond, hoursPerDay, days, edgePercent } = group;
  const bytes = (cameras * bitsPerSecond * DAY_S * (hoursPerDay / HOURS_OF_DAY) * days) / 8;
  const edgeBytes = (bytes * edgePercent) / 100;
  const centralBitsPerSecond = (cameras * bitsPerSecond * (100 - edgePercent)) / 100;
  return { ...group, centralBytes: bytes - edgeBytes, edgeBytes, centralBitsPerSecond };
}

/** Sizes as disks are sold: 192 TB, 2.85 PB. */
export function sizeText(bytes: number): string {
  return scaled(bytes, ['B', 'kB', 'MB', 'GB', 'TB', 'PB', 'EB']);
}

export function rateText(bitsPerSecond: number): string {
  return scaled(bitsPerSecond, ['bit/s', 'kbit/s', 'Mbit/s', 'Gbit/s', 'Tbit/s']);
}

function scaled(value: number, units: readonly string[]): string {
  let [left, at] = [value, 0];
  // 999.6 would be shown as 1000.
  while (Number(left.toPrecision(3)) >= 1_000 && at < units.length - 1) {
    left /= 1_000;
    at += 1;
  }
  return `${Number(left.toPrecision(3))} ${units[at]}`;
}
