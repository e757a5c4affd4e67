import { absence } from './absence.ts';
import { change } from './change.ts';
import type { Condition } from './condition.ts';
import { count } from './count.ts';
import { differs } from './differs.ts';
import { event } from './event.ts';
import { gateway } from './gateway.ts';
import { geofence } from './geofence.ts';
import { rate } from './rate.ts';
import { shareOfDevices } from './several/share-of-devices.ts';
import { together } from './several/together.ts';
import { shareOfReadings } from './share-of-readings.ts';
import { threshold } from './threshold.ts';
import { unchanged } from './unchanged.ts';
import { volume } from './volume.ts';

/** Every condition that a rule may have: one file and one line each. */
export const CONDITIONS: readonly Condition[] = [
  threshold,
  rate,
  event,
  count,
  change,
  absence,
  geofence,
  together,
  shareOfDevices,
  shareOfReadings,
  differs,
  unchanged,
  volume,
  gateway,
];
