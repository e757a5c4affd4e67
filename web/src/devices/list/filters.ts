import type { FacetCounts } from '../../types.ts';

/** What the list of devices can be narrowed by beside words; each may stand in a link. */
export const FACETS = ['health', 'kind', 'jurisdiction', 'state', 'tag', 'accessClass'] as const;
export type Facet = (typeof FACETS)[number];

export type DeviceFilters = Readonly<Partial<Record<Facet, string>>>;

/** As the gateway takes them; a tag may be of any letters. */
const VALUE = /^[\p{L}\p{N}][\p{L}\p{N} ._-]{0,63}$/u;
/** Of a search, as the gateway takes it. */
export const WORDS_MAX = 100;
/** Labels of one sheet, as the gateway prints them. */
export const LABELS_MAX = 240;

/** What a query says; what makes no sense in it says nothing. */
export function filtersOf(query: URLSearchParams): DeviceFilters {
  const named = FACETS.flatMap((facet) => {
    const value = query.get(facet === 'jurisdiction' ? 'district' : facet) ?? '';
    return VALUE.test(value) ? [[facet, value] as const] : [];
  });
  return Object.fromEntries(named);
}

/** The query of a link that shows the same. */
export function queryOf(filters: DeviceFilters): URLSearchParams {
  const query = new URLSearchParams();
  for (const facet of FACETS) {
    const value = filters[facet];
    if (value !== undefined) query.set(facet === 'jurisdiction' ? 'district' : facet, value);
  }
  return query;
}

/** What the gateway is asked with: the filters, and words that stand in no address of the page. */
export function asked(filters: DeviceFilters, words: string): URLSearchParams {
  const query = new URLSearchParams(Object.entries(filters));
  const text = wordsOf(words);
  if (text !== '') query.set('q', text);
  return query;
}

/** Words as the gateway takes them: on one line. */
export function wordsOf(text: string): string {
  return text
    .replace(/[\p{Cc}\u2028\u2029]+/gu, ' ')
    .trim()
    .slice(0, WORDS_MAX);
}

/** A value that can be chosen, with how many devices it would leave. */
export interface Option {
  value: string;
  count: number;
  /** How deep an area lies below the first; 0 for what is no area. */
  depth: number;
}

/** What a facet offers, the areas in order of their codes; what is chosen and no longer there is offered as nothing. */
export function optionsOf(facet: Facet, counts: FacetCounts | null, chosen: string | undefined): Option[] {
  const given: readonly Counted[] = counts?.[facet] ?? [];
  const levels = [...new Set(given.map((one) => levelOf(one)))].sort((a, b) => a - b);
  const options = given.map((one) => ({ value: one.value, count: one.count, depth: levels.indexOf(levelOf(one)) }));
  if (facet === 'jurisdiction') options.sort((a, b) => (a.value < b.value ? -1 : 1));
  const isThere = chosen === undefined || options.some(({ value }) => value === chosen);
  return isThere ? options : [...options, { value: chosen, count: 0, depth: 0 }];
}

interface Counted {
  value: string;
  count: number;
  /** Of an area. */
  level?: string;
}

const LEVELS = ['province', 'city', 'county', 'township', 'community', 'zone'];

function levelOf(one: Counted): number {
  return one.level === undefined ? 0 : LEVELS.indexOf(one.level);
}
