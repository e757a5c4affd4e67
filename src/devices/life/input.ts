import { z } from 'zod';
import { DEVICE_STATES } from '../../core/types.ts';
import { remark, words } from '../file/words.ts';

/** Why a step was made, for those who read the history. */
const lifeReason = remark(256);

/** A step of a life. `from` is the state that the caller saw, which guards against a race. */
export const stepInput = z.strictObject({
  from: z.enum(DEVICE_STATES),
  to: z.enum(DEVICE_STATES),
  reason: lifeReason.nullable().default(null),
});

/** Why a site is closed. */
export const closingInput = z.strictObject({ reason: lifeReason });

/** What a maintenance is begun with. The longest time is a setting. */
export const maintenanceInput = z.strictObject({
  reason: lifeReason,
  minutes: z.int().min(1).describe('How long it lasts at most; then it ends by itself'),
});

/** What a device is accepted with. */
export const acceptanceInput = z.strictObject({
  id: z.uuid().describe('A UUID of your own for this request; sent again it changes nothing'),
  photo: z.uuid().describe('Id of the photo of the sign that tells people of the device'),
  purpose: words(128).nullable().default(null).describe('What it is for; needed where its file does not say'),
  note: lifeReason.nullable().default(null),
  despite: lifeReason.nullable().default(null).describe('Why it is accepted though the check failed'),
});

export type AcceptanceInput = z.output<typeof acceptanceInput>;
export type MaintenanceInput = z.output<typeof maintenanceInput>;
export type StepInput = z.output<typeof stepInput>;
