import type { LatestFields } from './tags.ts';

export interface Latest {
  /** Newest value of each field (core/device-time.ts), plates masked; of whatever lane or channel it came. */
  fields: LatestFields;
  /** The same for each value of the structural tag of the kind, such as a lane; null where it has none. */
  tagged: { tag: string; values: Map<string, LatestFields> } | null;
  /** Null where only others have spoken for the device, as its will does. */
  lastMessageAtMs: number | null;
  /** What the device said last: any message but a report of being offline says that it is online. */
  online: boolean;
  /** Silent for longer than its kind allows. */
  stale: boolean;
  firmware: string | null;
}

/** How a device is; one that was registered and never heard of is no device that fell silent. */
export type Presence = 'not-yet-seen' | 'online' | 'offline' | 'stale';

/** Each device counts once: `silent` was never heard of, and only one that is not offline is `stale`. */
export interface PresenceCounts {
  online: number;
  offline: number;
  stale: number;
  silent: number;
}
