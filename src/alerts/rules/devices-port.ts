import type { DeviceId } from '../../core/types.ts';
import type { DevicesAround } from './conditions/condition.ts';
import type { Labels } from './reach.ts';

/** How long something that a device of a kind raised is believed, seconds. */
export interface Ages {
  /** Without a word of it. */
  silenceS: number;
  /** Where nothing ends it. */
  unendedS: number;
}

/** What the rules ask of the registry. */
export interface DevicesPort extends DevicesAround {
  /** What is written of a device by which rules choose; undefined where nothing is. */
  labelsOf(device: DeviceId): Labels | undefined;
  /** Null for a kind that nobody knows: then what it raised is always believed. */
  agesOf(kind: string): Ages | null;
}
