import { computed, signal } from '@preact/signals';
import { get } from '../api.ts';
import { locale } from '../texts.ts';
import type { District, Page, Rule } from '../types.ts';

/** What filters offer: read once for whoever signs in. */
export const rules = signal<readonly Rule[]>([]);
export const districts = signal<readonly District[]>([]);

const kindsByRule = computed(() => new Map(rules.value.map(({ rule, kinds }) => [rule.split('@')[0] ?? rule, kinds])));

/** Kinds of devices that some rule watches. */
export const kinds = computed(() => [...new Set(rules.value.flatMap((rule) => rule.kinds))].sort());

/** Kinds of devices that a rule watches, by its name. */
export function kindsOf(rule: string): readonly string[] {
  return kindsByRule.value.get(rule) ?? [];
}

/** A filter without its choices is no reason to show no alerts: what cannot be read is not offered. */
export async function readChoices(signal: AbortSignal): Promise<void> {
  const none = () => ({ items: [] });
  const [ruled, areas] = await Promise.all([
    get<Page<Rule>>('/rules', signal).catch(none),
    get<Page<District>>('/jurisdictions', signal).catch(none),
  ]);
  if (signal.aborted) return;
  rules.value = ruled.items;
  districts.value = areas.items;
}

/** The name of a district in the page's language; its code where it is not known. */
export function districtName(code: string): string {
  const name = districts.value.find((one) => one.code === code)?.name;
  return (locale.value === 'zh-CN' ? name?.zh : name?.en) || name?.zh || code;
}
