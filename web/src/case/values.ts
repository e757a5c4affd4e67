import { valueText } from '../fields.ts';
import { kinds } from '../overview.ts';
import { language, lasting } from '../texts.ts';
import type { Asks, Limit } from './limits.ts';
import { t, tOf } from './say.ts';

/** Values that are words of a short list, which the page has in both languages. */
const WORDS: readonly string[] = ['direction', 'plateColor', 'vehicleClass', 'vehicleColor'];

/** The same, of words that mean the same in several fields. */
const SAID: readonly string[] = ['network', 'video_state'];

/** What an event is called: by its kind, else by the page; its name in messages where nobody calls it else. */
export function eventTitle(type: string, kind: string | null): string {
  const known = kind === null ? undefined : kinds.value.get(kind);
  return known?.events[type]?.title?.[language.value] ?? tOf('event', type);
}

/** A value of a field that is known by its name, as people write it. */
export function saidText(name: string, value: unknown, unit: string | null | undefined): string {
  if (typeof value !== 'string') return valueText(value, unit);
  if (WORDS.includes(name)) return tOf(name, value);
  return SAID.includes(name) ? tOf('word', value) : value;
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

export function asksText({ text, n = '', s = 0 }: Asks['also'][number], kind: string | null): string {
  const what = text === 'event' ? eventTitle(String(n), kind) : n;
  return t(`fired.${text}`, { n: what, time: lasting(s) });
}
