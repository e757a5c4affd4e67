import type { Ref } from 'preact';
import { refine } from '../../ground/router.ts';
import { kinds as allKinds } from '../../overview.ts';
import { language, t, tOf } from '../../texts.ts';
import { SEVERITIES } from '../../types.ts';
import { filters } from '../asked.ts';
import { districtName, districts, kinds, rules } from '../choices.ts';
import { type Filters, HANDLINGS, NO_FILTERS, queryOf } from './filters.ts';

/**
 * What the list shows. Each choice is in the address, so it can be sent to somebody, and back takes it back. On a phone
 * it is folded away.
 */
export function FilterBar({ form, unfolded }: { form: Ref<HTMLFormElement>; unfolded: boolean }) {
  const now = filters.value;
  const change = (part: Partial<Filters>) => refine(queryOf({ ...now, ...part }));
  const isFiltered = queryOf({ ...now, desk: null }).size > 0;
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
      <Choice
        title={t('filter.district')}
        value={now.district}
        choices={districts.value.map(({ code }) => [code, districtName(code)])}
        onChoose={(district) => change({ district })}
      />
      <Choice
        title={t('filter.kind')}
        value={now.kind}
        choices={kinds.value.map((kind) => [kind, allKinds.value.get(kind)?.title[language.value] || kind])}
        onChoose={(kind) => change({ kind })}
      />
      <WhenAndWhose now={now} change={change} />
      {isFiltered && (
        <button type="button" class="quiet" onClick={() => refine(queryOf({ ...NO_FILTERS, desk: now.desk }))}>
          {t('filter.clear')}
        </button>
      )}
    </form>
  );
}

interface PartProps {
  now: Filters;
  change(part: Partial<Filters>): void;
}

/** From when to when, and whether the reader's own alone. */
function WhenAndWhose({ now, change }: PartProps) {
  return (
    <>
      <Time title={t('filter.from')} value={now.fromMs} onChoose={(fromMs) => change({ fromMs })} />
      <Time title={t('filter.to')} value={now.toMs} onChoose={(toMs) => change({ toMs })} />
      <label class="switch">
        <input
          type="checkbox"
          checked={now.mine}
          onChange={({ currentTarget }) => change({ mine: currentTarget.checked })}
        />
        <span>{t('filter.mine')}</span>
      </label>
      {now.storm !== null && <strong class="storm">{t('filter.storm')}</strong>}
    </>
  );
}

interface ChoiceProps {
  title: string;
  value: string | null;
  choices: readonly (readonly [value: string, text: string])[];
  onChoose(value: string | null): void;
}

interface TimeProps {
  title: string;
  value: number | null;
  onChoose(ms: number | null): void;
}

/** A moment in the reader's own time, or none. */
function Time({ title, value, onChoose }: TimeProps) {
  return (
    <label>
      <span>{title}</span>
      <input
        type="datetime-local"
        class={value === null ? '' : 'chosen'}
        value={value === null ? '' : localText(value)}
        onChange={({ currentTarget }) => onChoose(currentTarget.value ? new Date(currentTarget.value).getTime() : null)}
      />
    </label>
  );
}

/** As a field of that type has it. */
function localText(ms: number): string {
  return new Date(ms - new Date(ms).getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
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
