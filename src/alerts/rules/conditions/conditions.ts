import { absence } from './absence.ts';
import type { Condition } from './condition.ts';
import { event } from './event.ts';
import { gateway } from './gateway.ts';
import { threshold } from './threshold.ts';

/** Every condition that a rule may have: one file and one line each. */
export const CONDITIONS: readonly Condition[] = [threshold, event, absence, gateway];
