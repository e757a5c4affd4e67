import type { Ref } from 'preact';
import { refine } from '../../ground/router.ts';
import { language, t, tOf } from '../../texts.ts';
import { SEVERITIES } from '../../types.ts';
import { filters } from '../asked.ts';
import { rules } from '../choices.ts';
import { type Filters, HANDLINGS, NO_FILTERS, queryOf } from './filters.ts';

/**
 * What the list shows. Each choice is in the address, so it can be sent to somebody, and back takes it back. On a phone
 * it is folded away.
 */
export function FilterBar({ form, unfolded }: { form: Ref<HTMLFormElement>; unfolded: boolean }) {
  const now = filters.value;
  const change = (part: Partial<Filters>) => refine(queryOf({ ...now, ...part }));
  const isFiltered = queryOf({ ...now, desk: null, order: 'urgency' }).size > 0;
  return (
    <form
      ref={form}
      class={`filters${unfolded || isFiltered ? ' filters-unfolded' : ''}`}
      aria-label={t('filter.title')}
      onSubmit={(event) => event.preventDefault()}
    >
      <Choice
        title={t('filter.severity')}
        value={now.severity}
        choices={SEVERITIES.map((one) => [one, tOf('severity', one)])}
        onChoose={(severity) => change({ severity: severity as Filters['severity'] })}
      />
      <Choice
        title={t('filter.handling')}
        value={now.handling}
        choices={HANDLINGS.map((one) => [one, tOf('handling', one)])}
        onChoose={(handling) => change({ handling: handling as Filters['handling'] })}
      />
      <Choice
        title={t('filter.rule')}
        value={now.rule}
        choices={rules.value.map(({ rule, title }) => [rule.split('@')[0] ?? rule, title[language.value] || rule])}
        onChoose={(rule) => change({ rule })}
      />
      {isFiltered && (
        <button
          type="button"
          class="quiet"
          onClick={() => refine(queryOf({ ...NO_FILTERS, desk: now.desk, order: now.order }))}
        >
          {t('filter.clear')}
        </button>
      )}
    </form>
  );
}

interface ChoiceProps {
  title: string;
  value: string | null;
  choices: readonly (readonly [value: string, text: string])[];
  onChoose(value: string | null): void;
}

/** One of several, or all. What stands in the address and is no choice here is offered as it is. */
function Choice({ title, value, choices, onChoose }: ChoiceProps) {
  const isKnown = value === null || choices.some(([one]) => one === value);
  return (
    <label>
      <span>{title}</span>
      <select
        value={value ?? ''}
        class={value === null ? '' : 'chosen'}
        onChange={(event) => onChoose(event.currentTarget.value || null)}
      >
        <option value="">{t('filter.any')}</option>
        {!isKnown && <option value={value ?? ''}>{value}</option>}
        {choices.map(([one, text]) => (
          <option key={one} value={one}>
            {text}
          </option>
        ))}
      </select>
    </label>
  );
}
