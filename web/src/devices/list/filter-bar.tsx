import { useEffect, useRef, useState } from 'preact/hooks';
import { districtName } from '../../alerts/choices.ts';
import { adjust, place, refine } from '../../ground/router.ts';
import { t, tOf } from '../say.ts';
import { kindTitle } from '../words.ts';
import { type DeviceFilters, FACETS, type Facet, optionsOf, queryOf, WORDS_MAX } from './filters.ts';
import type { DeviceRows } from './rows.ts';

/** A search begins when nobody has typed for so long. */
const TYPING_MS = 300;

/** What the list shows. Choices stand in the address; words do not. */
export function FilterBar({ filters, rows }: { filters: DeviceFilters; rows: DeviceRows }) {
  const [unfolded, setUnfolded] = useState(false);
  const isFiltered = Object.keys(filters).length > 0;
  return (
    <search>
      <Words />
      <button type="button" class="quiet unfold" aria-expanded={unfolded} onClick={() => setUnfolded(!unfolded)}>
        {t('devices.filters')}
      </button>
      <form
        class={`filters${unfolded || isFiltered ? ' filters-unfolded' : ''}`}
        aria-label={t('devices.filters')}
        onSubmit={(event) => event.preventDefault()}
      >
        {FACETS.map((facet) => (
          <Choice key={facet} facet={facet} filters={filters} rows={rows} />
        ))}
        {isFiltered && (
          <button type="button" class="quiet" onClick={() => refine(queryOf({}))}>
            {t('devices.clear')}
          </button>
        )}
      </form>
    </search>
  );
}

function Words() {
  const field = useRef<HTMLInputElement>(null);
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const { words, query } = place.value;
  useEffect(() => {
    // Back and forward bring other words; what is being typed stays.
    if (field.current && document.activeElement !== field.current) field.current.value = words;
  }, [words]);
  useEffect(() => () => clearTimeout(timer.current), []);
  const search = () => {
    clearTimeout(timer.current);
    adjust(query, field.current?.value ?? '');
  };
  return (
    <form
      class="device-search"
      onSubmit={(event) => {
        event.preventDefault();
        search();
      }}
    >
      <label>
        <span class="unseen">{t('devices.search')}</span>
        <input
          ref={field}
          type="search"
          name="words"
          defaultValue={words}
          maxLength={WORDS_MAX}
          autocomplete="off"
          placeholder={t('devices.search.hint')}
          onInput={() => {
            clearTimeout(timer.current);
            timer.current = setTimeout(search, TYPING_MS);
          }}
        />
      </label>
    </form>
  );
}

function Choice({ facet, filters, rows }: { facet: Facet; filters: DeviceFilters; rows: DeviceRows }) {
  const chosen = filters[facet];
  const options = optionsOf(facet, rows.counts.value?.[facet] ?? null, chosen);
  if (options.length === 0) return null;
  const choose = (value: string) => {
    const { [facet]: _before, ...others } = filters;
    refine(queryOf(value === '' ? others : { ...others, [facet]: value }));
  };
  return (
    <label>
      <span>{t(facet === 'jurisdiction' ? 'devices.district' : `devices.${facet}`)}</span>
      <select
        value={chosen ?? ''}
        class={chosen === undefined ? '' : 'chosen'}
        onChange={(event) => choose(event.currentTarget.value)}
      >
        <option value="">{t('devices.any')}</option>
        {options.map(({ value, count, depth }) => (
          <option key={value} value={value}>
            {`${'\u2003'.repeat(Math.max(0, depth))}${t('devices.option', { name: nameOf(facet, value), n: count })}`}
          </option>
        ))}
      </select>
    </label>
  );
}

function nameOf(facet: Facet, value: string): string {
  if (facet === 'kind') return kindTitle(value);
  if (facet === 'jurisdiction') return districtName(value);
  if (facet === 'health') return tOf('health', value);
  if (facet === 'state') return tOf('life', value);
  return facet === 'accessClass' ? tOf('pictures', value) : value;
}
