import { z } from 'zod';
import type { Input } from '../condition.ts';
import { DISTRICT, deviceOf, type Subject } from '../subject.ts';

/** What devices are looked at together: of one district, below one parent, or below the topmost of their parents. */
export const GROUPS = z.enum(['district', 'parent', 'site']);

/** What an alert about the group of this device is about; null where it hangs on nothing. */
export function groupOf(by: z.infer<typeof GROUPS>, { message, devices }: Input): Subject | null {
  if (by === 'district') return { type: DISTRICT, id: message.device.jurisdiction };
  const above = by === 'parent' ? devices.parentOf(message.device.id) : devices.topmost(message.device.id);
  return above === null ? null : deviceOf({ id: above });
}
