import { z } from 'zod';
import { DEVICE_STATES } from '../../core/types.ts';
import { words } from '../file/words.ts';

/** Why a step was made, for those who read the history. */
const lifeReason = words(256);

/** A step of a life. `from` is the state that the caller saw, which guards against a race. */
export const stepInput = z.strictObject({
  from: z.enum(DEVICE_STATES),
  to: z.enum(DEVICE_STATES),
  reason: lifeReason.nullable().default(null),
});

export type StepInput = z.output<typeof stepInput>;
