import { messageOf } from '../../core/errors.ts';
import type { Jurisdiction } from '../../core/jurisdiction.ts';
import type { Logger } from '../../core/observe.ts';
import type { Device, DeviceId } from '../../core/types.ts';
import type { Tables } from '../../platform/database/database.ts';
import type { DirectoryEntry } from './directory.ts';

/** Whose a device is, and whether it is gone for good. */
export interface DeviceStanding {
  jurisdiction: Jurisdiction;
  retired: boolean;
}

/** Holds copies of where devices stand. */
export interface DeviceFollower {
  /**
   * Devices have moved to another district or were retired. Called last in the transaction of the edits, once for all
   * of them: what it does is committed with them, or not at all.
   */
  follow(tx: Tables, devices: ReadonlyMap<DeviceId, DeviceStanding>): Promise<void>;
  /** Once more after the commit: what was written meanwhile by somebody who did not know of it yet. */
  settle(device: DeviceId, now: DeviceStanding): Promise<void>;
}

/** Has all follow, one after the other, where the edit moved or retired the device. */
export async function tellFollowers(
  tx: Tables,
  followers: readonly DeviceFollower[],
  { before, after: { id, jurisdiction, state } }: { before: Jurisdiction; after: Device },
): Promise<void> {
  const retired = state === 'retired';
  if (jurisdiction === before && !retired) return;
  for (const follower of followers) await follower.follow(tx, new Map([[id, { jurisdiction, retired }]]));
}

/** Has all follow once more after an edit was committed, where it moved or retired the device. Never rejects. */
export async function settleFollowers(
  followers: readonly DeviceFollower[],
  { entry, previous }: { entry: DirectoryEntry; previous: DirectoryEntry | null },
  log: Logger,
): Promise<void> {
  const { identity, state } = entry;
  const moved = previous?.identity.jurisdiction !== identity.jurisdiction;
  if (previous === null || (!moved && previous.state === state)) return;
  const now = { jurisdiction: identity.jurisdiction, retired: state === 'retired' };
  for (const follower of followers) {
    try {
      await follower.settle(identity.id, now);
    } catch (error) {
      log.warn({ part: 'followers', error: messageOf(error) }, 'what a device left behind follows at the next start');
    }
  }
}
