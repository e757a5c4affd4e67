import { kinds } from '../overview.ts';
import { lasting, locale } from '../texts.ts';
import type { Kind } from '../types.ts';
import type { Asks, Limit } from './limits.ts';
import { t, tOf } from './say.ts';

type Field = Kind['fields'][string];

/** What a kind says of a value: of its readings, else of the events that carry it. */
export function fieldOf(kind: string | null, name: string): Field | null {
  const known = kind === null ? undefined : kinds.value.get(kind);
  if (!known) return null;
  if (Object.hasOwn(known.fields, name)) return known.fields[name] ?? null;
  const event = Object.values(known.events).find(({ fields }) => Object.hasOwn(fields, name));
  return event?.fields[name] ?? null;
}

/** What a value is called; its name in messages where nobody has translated it. */
export function fieldTitle(name: string): string {
  const title = tOf('field', name);
  return title === '' ? name : title;
}

/** Values that are words of a short list, which the page has in both languages. */
const WORDS: readonly string[] = ['direction', 'plateColor', 'vehicleClass', 'vehicleColor'];

/** The same, of words that mean the same in several fields. */
const SAID: readonly string[] = ['network', 'video_state'];

/** What an event is called; its name in messages where nobody has translated it. */
export function eventTitle(type: string): string {
  return tOf('event', type);
}

/** A value of a field that is known by its name, as people write it. */
export function saidText(name: string, value: unknown, unit: string | null | undefined): string {
  if (typeof value !== 'string') return valueText(value, unit);
  if (WORDS.includes(name)) return tOf(name, value);
  return SAID.includes(name) ? tOf('word', value) : value;
}

/** A value with its unit, as people write it. */
export function valueText(value: unknown, unit: string | null | undefined): string {
  if (typeof value === 'boolean') return t(value ? 'fired.yes' : 'fired.no');
  if (typeof value === 'number') {
    const number = new Intl.NumberFormat(locale.value, { maximumFractionDigits: 2 }).format(value);
    return unit ? `${number} ${unit}` : number;
  }
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

export function limitText({ is, limit, says }: Limit, unit: string | null | undefined): string {
  if (is !== 'other') {
    const key = is === 'equals' ? 'fired.is' : is === 'above' ? 'fired.above' : 'fired.below';
    return t(key, { n: valueText(limit, unit) });
  }
  if (says === null) return '';
  const n = says.text === 'fallPct' ? (says.n ?? '') : valueText(says.n, unit);
  return t(`fired.${says.text}`, { n, time: lasting(says.s ?? 0) });
}

export function asksText({ text, n = '', s = 0 }: Asks['also'][number]): string {
  const what = text === 'event' ? eventTitle(String(n)) : n;
  return t(`fired.${text}`, { n: what, time: lasting(s) });
}
