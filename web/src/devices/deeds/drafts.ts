import { keepValuesUnder, type Values, valuesUnder } from '../../alerts/drafts.ts';

export type { Values } from '../../alerts/drafts.ts';

/** Where the API keeps nothing yet: forms for devices that are not registered. */
export const NEW_DEVICE = '+';

/** What was filled in and not sent. */
export function valuesOf(device: string, form: string): Values {
  return valuesUnder(keyOf(device, form));
}

export function keepValues(device: string, form: string, values: Values): void {
  keepValuesUnder(keyOf(device, form), values);
}

function keyOf(device: string, form: string): string {
  return `device ${form} ${device}`;
}
