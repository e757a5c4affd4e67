import { keepValuesUnder, type Values, valuesUnder } from '../../alerts/drafts.ts';
import { DEEDS, type DeedName, hasForm } from './deeds.ts';

export type { Values } from '../../alerts/drafts.ts';

/** Forms whose values are kept: of deeds, and the one that asks for a bundle. */
type FormOf = DeedName | 'bundle';

function keyOf(alert: string, deed: FormOf): string {
  return `${deed} ${alert}`;
}

/** What was filled in and not sent: it outlives the session and the page. */
export function valuesOf(alert: string, deed: FormOf): Values {
  return valuesUnder(keyOf(alert, deed));
}

export function keepValues(alert: string, deed: FormOf, values: Values): void {
  keepValuesUnder(keyOf(alert, deed), values);
}

/** The form that somebody had begun to fill in when the page went away. */
export function begunForm(alert: string): DeedName | null {
  return DEEDS.find((deed) => hasForm(deed) && Object.keys(valuesOf(alert, deed)).length > 0) ?? null;
}

/** Text as the gateway takes it: on one line. */
export function lineOf(text: string | undefined): string {
  return (text ?? '').replace(/\s*[\p{Cc}\u2028\u2029]+\s*/gu, ' ').trim();
}
