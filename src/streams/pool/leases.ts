import type { DeviceId } from '../../core/types.ts';

/** A camera that one gateway may pull. */
export interface CameraLease {
  device: DeviceId;
  /** Greater than that of every earlier lease of this camera. What is written of its video carries it. */
  epoch: number;
}

/** Another gateway has the lease of a camera. */
export interface HeldElsewhere {
  /** The other gateway, as it names itself. */
  node: string;
  /** How long it still has it, unless it renews it; at least 0. */
  leftMs: number;
}

/**
 * Which gateway may pull which camera: at each moment at most one, as far as they reach the store. A lease ends `ttlMs`
 * after it was acquired or last renewed; its time is that of the store, so a holder counts from before it asked. Every
 * method rejects while the store is away, and nothing is known then: what was asked may have happened. A holder that
 * gets no answer goes on, so past the end of its lease another one may pull as well; the greater epoch is right then.
 */
export interface Leases {
  readonly ttlMs: number;
  /** Takes the lease of a camera that nobody has, or that this gateway already has (its process before may have). */
  acquire(device: DeviceId): Promise<CameraLease | HeldElsewhere>;
  /** Renews all that nobody has taken meanwhile, also what has run out, and says which they are. */
  renew(leases: readonly CameraLease[]): Promise<ReadonlySet<DeviceId>>;
  /** Gives up what is still held. */
  release(leases: readonly CameraLease[]): Promise<void>;
}
