import { computed, signal } from '@preact/signals';
import { keep, kept } from './ground/kept.ts';
import { ALERTS_TEXTS } from './texts/alerts.ts';
import { CAMERAS_TEXTS } from './texts/cameras.ts';
import { COMMON_TEXTS } from './texts/common.ts';
import { FIELD_TEXTS } from './texts/fields.ts';
import { MAP_TEXTS } from './texts/map.ts';
import { WORKLIST_TEXTS } from './texts/worklist.ts';

/**
 * Every text of the console, in both languages. `{name}` is filled in by `t`; `{n:plate|plates}` is the first word for
 * one, else the second.
 */
const TEXTS = {
  ...COMMON_TEXTS,
  ...ALERTS_TEXTS,
  ...CAMERAS_TEXTS,
  ...WORKLIST_TEXTS,
  ...FIELD_TEXTS,
  ...MAP_TEXTS,
};

export type TextKey = keyof typeof TEXTS;
export type Language = 'en' | 'zh';

export const language = signal<Language>(chosen() ?? ofBrowser(navigator.languages));

/** The language tag for `lang` attributes and for dates. */
export const locale = computed(() => (language.value === 'zh' ? 'zh-CN' : 'en-GB'));

export type Fill = Record<string, string | number>;

export function t(key: TextKey, fill: Fill = {}): string {
  return filled(TEXTS[key], fill);
}

/** As {@link t}, of texts that are read with the view that says them. */
export function wording<Key extends string>(texts: Record<Key, readonly [string, string]>) {
  return (key: Key, fill: Fill = {}): string => filled(texts[key], fill);
}

function filled(texts: readonly [string, string], fill: Fill): string {
  const text = texts[language.value === 'zh' ? 1 : 0];
  return text
    .replace(/\{(\w+):([^|}]*)\|([^}]*)\}/g, (_, name: string, one: string, many: string) =>
      Number(fill[name]) === 1 ? one : many,
    )
    .replace(/\{(\w+)\}/g, (whole, name: string) => String(fill[name] ?? whole));
}

/** A text whose key is put together from what the gateway says; what this page does not know is shown as it is. */
export function tOf(prefix: string, word: string): string {
  const key = `${prefix}.${word}`;
  return Object.hasOwn(TEXTS, key) ? t(key as TextKey) : word;
}

export function switchLanguage(): void {
  language.value = language.value === 'zh' ? 'en' : 'zh';
  keep('language', language.value);
}

/** The first language of the browser that this page speaks. */
export function ofBrowser(languages: readonly string[]): Language {
  for (const tag of languages) {
    if (/^zh\b/i.test(tag)) return 'zh';
    if (/^en\b/i.test(tag)) return 'en';
  }
  return 'en';
}

function chosen(): Language | null {
  const stored = kept('language');
  return stored === 'zh' || stored === 'en' ? stored : null;
}

/** How long ago, in the largest whole unit. */
export function age(ms: number): string {
  const s = Math.max(0, Math.floor(ms / 1_000));
  if (s < 60) return t('age.s', { n: s });
  if (s < 3_600) return t('age.min', { n: Math.floor(s / 60) });
  if (s < 86_400) return t('age.h', { n: Math.floor(s / 3_600) });
  return t('age.d', { n: Math.floor(s / 86_400) });
}

/** How long something lasts, in the largest unit that leaves nothing over. */
export function lasting(s: number): string {
  if (s > 0 && s % 86_400 === 0) return t('age.d', { n: s / 86_400 });
  if (s > 0 && s % 3_600 === 0) return t('age.h', { n: s / 3_600 });
  if (s > 0 && s % 60 === 0) return t('age.min', { n: s / 60 });
  return t('age.s', { n: s });
}

/** Time of day here; with the date when that is not today, the month as a word: 01/12 is two days, by who reads it. */
export function clockTime(rfc3339: string, nowMs: number): string {
  const at = new Date(rfc3339);
  const today = new Date(nowMs).toDateString() === at.toDateString();
  return timesOf(locale.value, !today).format(at);
}

/** Each made once: to make one costs a hundred times what it costs to use it, and a list has one in each row. */
const times = new Map<string, Intl.DateTimeFormat>();

function timesOf(language: string, withDay: boolean): Intl.DateTimeFormat {
  const key = `${language} ${withDay}`;
  const known = times.get(key);
  if (known) return known;
  const made = new Intl.DateTimeFormat(language, {
    month: withDay ? 'short' : undefined,
    day: withDay ? 'numeric' : undefined,
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    hourCycle: 'h23',
  });
  times.set(key, made);
  return made;
}
