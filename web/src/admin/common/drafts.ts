import { draftOf, keepDraft } from '../../alerts/drafts.ts';
import { personal } from '../../ground/personal.ts';

export type Values = Readonly<Record<string, string>>;

/** What was filled in and not sent: it outlives the session and the page. */
export function valuesOf(form: string): Values {
  try {
    const kept: unknown = JSON.parse(draftOf(keyOf(form)) || '{}');
    if (typeof kept !== 'object' || kept === null) return {};
    return Object.fromEntries(Object.entries(kept).filter(([, value]) => typeof value === 'string'));
  } catch {
    return {};
  }
}

export function keepValues(form: string, values: Values): void {
  keepDraft(keyOf(form), Object.keys(values).length === 0 ? '' : JSON.stringify(values));
}

function keyOf(form: string): string {
  return `admin ${form}`;
}

/** Passwords and secrets by their form: no storage holds them. */
const secrets = personal<Readonly<Record<string, Values>>>({});

export function secretsOf(form: string): Values {
  return secrets.value[form] ?? {};
}

export function keepSecrets(form: string, values: Values): void {
  secrets.value = { ...secrets.value, [form]: values };
}

/** Somebody had begun to fill it in when the page went away. */
export function isBegun(form: string): boolean {
  return Object.keys(valuesOf(form)).length > 0;
}
