import type { DeviceId } from '../../core/types.ts';
import type { Database } from '../../platform/database/database.ts';
import type { KeptDays, RecordingClass } from './classes.ts';
import { oldestUnpinnedDays, pinnedDays, removedSince } from './recorded-days.ts';

export interface KeptAsked {
  database: Database;
  devices: readonly DeviceId[];
  /** The first day of each camera of which something is still there, pinned or not. */
  oldest: ReadonlyMap<DeviceId, number>;
  classOf(device: DeviceId): RecordingClass;
  leastDays: KeptDays;
  /** Of China, as a number. */
  today: number;
  atMs: number;
}

/** What is kept of a camera, against what must be. */
export interface Kept {
  class: RecordingClass;
  leastDays: number;
  /** Null where nothing is kept that is not pinned. */
  oldestUnpinned: number | null;
  /** Something was recorded within the least days that is gone. */
  isRemovedEarly: boolean;
  /** How much of each day is pinned, ms. */
  pinnedMs: ReadonlyMap<number, number>;
}

/** Holds what is kept of cameras against the least of their class; what is pinned makes up for nothing. */
export async function keptAgainstLaw(given: KeptAsked): Promise<(device: DeviceId) => Kept> {
  const { database, devices, oldest, classOf, leastDays, today, atMs } = given;
  const pinned = new Map<DeviceId, Map<number, number>>();
  for (const { device, day, pinnedMs } of await pinnedDays(database, devices, atMs)) {
    const days = pinned.get(device) ?? new Map<number, number>();
    pinned.set(device, days.set(day, pinnedMs));
  }
  const unpinned = await oldestUnpinnedDays(database, [...pinned.keys()], atMs);
  const oldestOf = (device: DeviceId) => (pinned.has(device) ? unpinned : oldest).get(device) ?? null;
  // Of the day before this some hours are past the least already. What is pinned tells nothing of what is beside it.
  const mustReach = (device: DeviceId): number => today - leastDays[classOf(device)] + 1;
  const later = devices.filter((device) => (oldestOf(device) ?? today + 1) > mustReach(device));
  const asked = later.map((device) => ({ device, day: mustReach(device) }));
  const gone = await removedSince(database, asked);
  return (device) => ({
    class: classOf(device),
    leastDays: leastDays[classOf(device)],
    oldestUnpinned: oldestOf(device),
    isRemovedEarly: gone.has(device),
    pinnedMs: pinned.get(device) ?? new Map(),
  });
}
