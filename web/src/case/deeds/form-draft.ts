import { draftOf, keepDraft } from '../../alerts/drafts.ts';
import { DEEDS, type DeedName, hasForm } from './deeds.ts';

export type Values = Readonly<Record<string, string>>;

/** Forms whose values are kept: of deeds, and the one that asks for a bundle. */
type FormOf = DeedName | 'bundle';

function keyOf(alert: string, deed: FormOf): string {
  return `${deed} ${alert}`;
}

/** What was filled in and not sent: it outlives the session and the page. */
export function valuesOf(alert: string, deed: FormOf): Values {
  try {
    const kept: unknown = JSON.parse(draftOf(keyOf(alert, deed)) || '{}');
    if (typeof kept !== 'object' || kept === null) return {};
    return Object.fromEntries(Object.entries(kept).filter(([, value]) => typeof value === 'string'));
  } catch {
    return {};
  }
}

export function keepValues(alert: string, deed: FormOf, values: Values): void {
  keepDraft(keyOf(alert, deed), Object.keys(values).length === 0 ? '' : JSON.stringify(values));
}

/** The form that somebody had begun to fill in when the page went away. */
export function begunForm(alert: string): DeedName | null {
  return DEEDS.find((deed) => hasForm(deed) && Object.keys(valuesOf(alert, deed)).length > 0) ?? null;
}

/** Text as the gateway takes it: on one line. */
export function lineOf(text: string | undefined): string {
  return (text ?? '').replace(/\s*[\p{Cc}\u2028\u2029]+\s*/gu, ' ').trim();
}
