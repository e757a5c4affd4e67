import type { Jurisdiction } from '../../core/jurisdiction.ts';
import type { Device, DeviceId } from '../../core/types.ts';
import type { Tables } from '../../platform/database/database.ts';

/** Whose a device is, and whether it is gone for good. */
export interface DeviceStanding {
  jurisdiction: Jurisdiction;
  retired: boolean;
}

/**
 * Holds copies of where devices stand: what it does here is committed with the edit, or not at all. Called last in the
 * transaction, when a device has moved to another district or was retired.
 */
export interface DeviceFollower {
  follow(tx: Tables, device: DeviceId, now: DeviceStanding): Promise<void>;
}

/** Has all follow, one after the other, where the edit moved or retired the device. */
export async function tellFollowers(
  tx: Tables,
  followers: readonly DeviceFollower[],
  { before, after: { id, jurisdiction, state } }: { before: Jurisdiction; after: Device },
): Promise<void> {
  const retired = state === 'retired';
  if (jurisdiction === before && !retired) return;
  for (const follower of followers) await follower.follow(tx, id, { jurisdiction, retired });
}
