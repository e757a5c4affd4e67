import { keepValues, type Values, valuesOf } from '../devices/deeds/drafts.ts';

/** What was filled in for an order and not entered yet: it outlives session and page, as forms of devices do. */
export function drafted(number: string, form: string): Values {
  return valuesOf(number, `order-${form}`);
}

export function keepDrafted(number: string, form: string, values: Values): void {
  keepValues(number, `order-${form}`, values);
}
