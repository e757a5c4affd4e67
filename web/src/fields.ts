import { kinds } from './overview.ts';
import { language, locale, t, tOf } from './texts.ts';
import type { Kind } from './types.ts';

type Field = Kind['fields'][string];

/** What a kind says of a value: of its readings, else of the events that carry it. */
export function fieldOf(kind: string | null, name: string): Field | null {
  const known = kind === null ? undefined : kinds.value.get(kind);
  if (!known) return null;
  if (Object.hasOwn(known.fields, name)) return known.fields[name] ?? null;
  const event = Object.values(known.events).find(({ fields }) => Object.hasOwn(fields, name));
  return event?.fields[name] ?? null;
}

/** What a value is called: by its kind, else by what the page has for the name; the name where nobody calls it else. */
export function fieldTitle(name: string, kind: string | null): string {
  return fieldOf(kind, name)?.title?.[language.value] ?? wordFor(name);
}

/** What the page calls a value of that name; the name where it has no word. */
export function wordFor(name: string): string {
  return tOf('field', name) || name;
}

/** A value with its unit, as people write it. */
export function valueText(value: unknown, unit: string | null | undefined): string {
  if (typeof value === 'boolean') return t(value ? 'field-is.yes' : 'field-is.no');
  if (typeof value === 'number') {
    const number = new Intl.NumberFormat(locale.value, { maximumFractionDigits: 2 }).format(value);
    return unit ? `${number} ${unit}` : number;
  }
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
