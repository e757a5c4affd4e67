import { absence } from './absence.ts';
import { change } from './change.ts';
import type { Condition } from './condition.ts';
import { count } from './count.ts';
import { event } from './event.ts';
import { gateway } from './gateway.ts';
import { geofence } from './geofence.ts';
import { rate } from './rate.ts';
import { threshold } from './threshold.ts';
import { together } from './together.ts';
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
  unchanged,
  volume,
  gateway,
];
