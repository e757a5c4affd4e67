import { hash } from 'node:crypto';
import type { DeviceId } from './types.ts';

/**
 * A share of the devices, 0 to {@link SLOTS} - 1. What must happen once for a device is done by the owner of its slot.
 */
export type Slot = number;

/** As many as will ever be shared out: more nodes than this have nothing to own. */
export const SLOTS = 64;

/** A node in one of its lives. */
export interface Owner {
  /** Stays the same from start to start. */
  node: string;
  /** Greater than that of every owner before. What an owner writes carries it, and a lower one is refused. */
  epoch: number;
}

/**
 * The slot of a device: of the hash of its topmost parent's id, or of its own where it has no parent, so that a
 * recorder and its channels have one. What is no device (a district) has the slot of its name. It can never change:
 * rows are kept by it, and the numbers of `slots-never-change.test.ts` hold it.
 */
export function slotOf(topmost: DeviceId): Slot {
  return hash('sha256', topmost, 'buffer').readUInt8(0) % SLOTS;
}
