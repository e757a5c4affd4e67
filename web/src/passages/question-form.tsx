import type { TargetedEvent } from 'preact';
import { useState } from 'preact/hooks';
import { districtName, districts } from '../alerts/choices.ts';
import { adjust, place } from '../ground/router.ts';
import { lasting } from '../texts.ts';
import { nowMs } from '../ticker.ts';
import type { Checkpoint } from '../types.ts';
import { localText } from '../video/playback/local-time.ts';
import { type Question, queryOf, questionOf, type Range, rangeOf, wordsOf, wrongIn } from './question.ts';
import { t } from './say.ts';

const PURPOSE_MAX = 200;
const CASE_MAX = 64;
const PLATE_MAX = 32;
/** Ranges that are one press away, hours. */
const LAST_H = [1, 6, 24, 168, 744];

interface FormProps {
  places: readonly Checkpoint[] | null;
  busy: boolean;
  onAsk(question: Question, range: Range): void;
}

/** Why somebody looks, for what, where and when. What is typed stands in this tab's history, and asks nothing yet. */
export function QuestionForm({ places, busy, onAsk }: FormProps) {
  const [wrong, setWrong] = useState<'long' | 'backwards' | null>(null);
  const { query, words } = place.value;
  const [question, range] = [questionOf(words), rangeOf(query)];
  const say = (part: Partial<Question>) => adjust(query, wordsOf({ ...question, ...part }));
  const put = (part: Partial<Range>) => {
    setWrong(null);
    adjust(queryOf({ ...range, ...part }), words);
  };
  const submit = (event: TargetedEvent<HTMLFormElement>) => {
    event.preventDefault();
    const found = wrongIn(range, nowMs.value);
    setWrong(found);
    if (found === null) onAsk(question, range);
  };
  const needsCase = question.plate.trim() !== '' || question.whole;
  return (
    <form class="panel paper-fields pass-form off-paper" onSubmit={submit} aria-label={t('pass.ask')}>
      <Words question={question} needsCase={needsCase} say={say} />
      <Where range={range} places={places} put={put} />
      <When range={range} put={put} />
      <label class="check">
        <input
          type="checkbox"
          checked={question.whole}
          onChange={({ currentTarget }) => say({ whole: currentTarget.checked })}
        />
        <span>{t('pass.whole')}</span>
      </label>
      <div class="wide bar">
        <button type="submit" class="primary" disabled={busy}>
          {t(busy ? 'form.busy' : 'pass.do')}
        </button>
        <p class="hint">{t('pass.register')}</p>
      </div>
      {wrong !== null && (
        <p class="trouble wide" role="alert">
          {t(`pass.${wrong}`)}
        </p>
      )}
    </form>
  );
}

interface WordsProps {
  question: Question;
  needsCase: boolean;
  say(part: Partial<Question>): void;
}

function Words({ question, needsCase, say }: WordsProps) {
  return (
    <>
      <label>
        {t('pass.purpose')}
        <input
          name="purpose"
          required
          maxLength={PURPOSE_MAX}
          autocomplete="off"
          value={question.purpose}
          onInput={({ currentTarget }) => say({ purpose: currentTarget.value })}
        />
      </label>
      <label>
        {t('pass.case')}
        <input
          name="case"
          required={needsCase}
          maxLength={CASE_MAX}
          autocomplete="off"
          placeholder={t('pass.case.hint')}
          value={question.case}
          onInput={({ currentTarget }) => say({ case: currentTarget.value })}
        />
      </label>
      <label>
        {t('pass.plate')}
        <input
          name="plate"
          maxLength={PLATE_MAX}
          autocomplete="off"
          spellcheck={false}
          placeholder={t('pass.plate.hint')}
          value={question.plate}
          onInput={({ currentTarget }) => say({ plate: currentTarget.value })}
        />
      </label>
    </>
  );
}

interface RangeProps {
  range: Range;
  put(part: Partial<Range>): void;
}

function Where({ range, places, put }: RangeProps & { places: readonly Checkpoint[] | null }) {
  const inArea = (places ?? []).filter(({ jurisdiction }) => range.area === null || liesIn(jurisdiction, range.area));
  return (
    <>
      <label>
        {t('pass.area')}
        <select
          name="area"
          value={range.area ?? ''}
          onChange={({ currentTarget }) => put({ area: currentTarget.value || null, place: null })}
        >
          <option value="">{t('pass.everywhere')}</option>
          {districts.value.map(({ code }) => (
            <option key={code} value={code}>
              {districtName(code)}
            </option>
          ))}
        </select>
      </label>
      <label>
        {t('pass.place')}
        <select
          name="place"
          value={range.place ?? ''}
          onChange={({ currentTarget }) => put({ place: currentTarget.value || null })}
        >
          <option value="">{t('pass.everywhere')}</option>
          {range.place !== null && !inArea.some(({ id }) => id === range.place) && (
            <option value={range.place}>{range.place}</option>
          )}
          {inArea.map(({ id, name }) => (
            <option key={id} value={id}>
              {name}
            </option>
          ))}
        </select>
      </label>
    </>
  );
}

/** A code with trailing zeros stands for everything below it. */
function liesIn(code: string, area: string): boolean {
  return code.startsWith(area.replace(/(00)+$/, ''));
}

function When({ range, put }: RangeProps) {
  const fields = [
    ['from', range.fromMs],
    ['to', range.toMs],
  ] as const;
  return (
    <>
      {fields.map(([name, ms]) => (
        <label key={name}>
          {t(`pass.${name}`)}
          <input
            type="datetime-local"
            step="1"
            name={name}
            value={ms === null ? '' : localText(ms)}
            onChange={({ currentTarget: { value } }) => {
              const said = value === '' ? null : new Date(value).getTime();
              put(name === 'from' ? { fromMs: said } : { toMs: said });
            }}
          />
        </label>
      ))}
      <fieldset class="pass-last">
        <legend class="unseen">{t('pass.range')}</legend>
        {LAST_H.map((hours) => (
          <button
            type="button"
            key={hours}
            onClick={() => put({ fromMs: nowMs.value - hours * 3_600_000, toMs: null })}
          >
            {t('pass.last', { time: lasting(hours * 3_600) })}
          </button>
        ))}
      </fieldset>
    </>
  );
}
