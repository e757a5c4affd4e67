import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { useAnswer } from '../case/use-answer.ts';
import { dayTime } from '../forms/moments.ts';
import { place, refine } from '../ground/router.ts';
import { may, session } from '../session.ts';
import { t as common, language } from '../texts.ts';
import { nowMs } from '../ticker.ts';
import type { DistrictTimes, Page, RulePrecision } from '../types.ts';
import { localText } from '../video/playback/local-time.ts';
import { DESKS, type Desk, type FigureRange, isRight, LAST_DAYS, queryOf, rangeOf, spanOf } from './range.ts';
import { t } from './say.ts';
import { RuleTable, TimesTable } from './tables.tsx';
import '../case/case.css';
import '../forms/paper.css';
import './figures.css';

const ROWS_MAX = 500;

/** How long the steps of alerts took in each district, and how often each rule was right. */
export function FiguresView() {
  const desks = DESKS.filter((desk) => may(desk === 'police' ? 'alerts.read' : 'faults.read'));
  const range = rangeOf(place.value.query, desks);
  // What is shown stays as it was asked for: figures that move while somebody reads them help nobody.
  const [askedAtMs] = useState(nowMs.peek());
  const span = spanOf(range, askedAtMs);
  if (desks.length === 0) return <p class="plain">{common('error.forbidden')}</p>;
  const from = dayTime(new Date(span.fromMs).toISOString());
  const to = dayTime(new Date(span.toMs).toISOString());
  return (
    <div class="paper figures">
      <div class="paper-head">
        <h2>{t('figures.title')}</h2>
        <p>{t('figures.of', { desk: t(`figures.desk.${range.desk}`), from, to })}</p>
        <span class="bar off-paper">
          <button type="button" onClick={() => print()}>
            {t('page.print')}
          </button>
        </span>
      </div>
      <RangeForm range={range} desks={desks} span={span} />
      {isRight(span) ? <Reports desk={range.desk} span={span} /> : <p class="trouble">{t('figures.wrong')}</p>}
      <p class="on-paper">
        {t('page.printed', { name: session.value?.name ?? '', time: dayTime(new Date(nowMs.value).toISOString()) })}
      </p>
    </div>
  );
}

interface Span {
  fromMs: number;
  toMs: number;
}

function RangeForm({ range, desks, span }: { range: FigureRange; desks: readonly Desk[]; span: Span }) {
  const put = (part: Partial<FigureRange>) => refine(queryOf({ ...range, ...part }));
  const own = 'own';
  return (
    <form
      class="panel paper-fields figures-form off-paper"
      aria-label={t('figures.range')}
      onSubmit={(event) => event.preventDefault()}
    >
      <label>
        {t('figures.range')}
        <select
          value={range.days === null ? own : String(range.days)}
          onChange={({ currentTarget: { value } }) =>
            put(value === own ? { days: null, ...span } : { days: Number(value), fromMs: null, toMs: null })
          }
        >
          {LAST_DAYS.map((days) => (
            <option key={days} value={days}>
              {t('figures.last', { n: days })}
            </option>
          ))}
          <option value={own}>{t('figures.own')}</option>
        </select>
      </label>
      {range.days === null &&
        (['from', 'to'] as const).map((name) => (
          <label key={name}>
            {t(`figures.${name}`)}
            <input
              type="datetime-local"
              step="1"
              name={name}
              value={localText(name === 'from' ? span.fromMs : span.toMs)}
              onChange={({ currentTarget: { value } }) => {
                const ms = new Date(value).getTime();
                if (Number.isFinite(ms)) put(name === 'from' ? { ...span, fromMs: ms } : { ...span, toMs: ms });
              }}
            />
          </label>
        ))}
      {desks.length > 1 && (
        <label>
          {t('figures.desk')}
          <select value={range.desk} onChange={({ currentTarget }) => put({ desk: currentTarget.value as Desk })}>
            {desks.map((desk) => (
              <option key={desk} value={desk}>
                {t(`figures.desk.${desk}`)}
              </option>
            ))}
          </select>
        </label>
      )}
    </form>
  );
}

function Reports({ desk, span }: { desk: Desk; span: Span }) {
  const query = new URLSearchParams({
    desk,
    from: new Date(span.fromMs).toISOString(),
    to: new Date(span.toMs).toISOString(),
    limit: String(ROWS_MAX),
  });
  const times = useAnswer<Page<DistrictTimes>>(`/reports/alert-times?${query}`);
  const rules = useAnswer<Page<RulePrecision>>(`/reports/rule-precision?${query}`);
  return (
    <>
      <Report title={t('figures.times')} name="alert-times" query={query} asked={times}>
        {(items) => <TimesTable rows={items} />}
      </Report>
      <Report title={t('figures.rules')} name="rule-precision" query={query} asked={rules}>
        {(items) => <RuleTable rows={items} />}
      </Report>
    </>
  );
}

interface ReportProps<Row> {
  title: string;
  /** Of the report of the API. */
  name: string;
  query: URLSearchParams;
  asked: { answer: Page<Row> | null; refused: boolean };
  children(rows: readonly Row[]): ComponentChildren;
}

function Report<Row>({ title, name, query, asked: { answer, refused }, children }: ReportProps<Row>) {
  const table = new URLSearchParams([...query].filter(([key]) => key !== 'limit'));
  table.set('format', 'csv');
  table.set('titles', language.value);
  return (
    <section class="panel">
      <div class="paper-head">
        <h3>{title}</h3>
        <span class="bar off-paper">
          <a href={`/api/v1/reports/${name}?${table}`} download>
            {t('figures.csv')}
          </a>
        </span>
      </div>
      {refused && <p class="trouble">{t('figures.refused')}</p>}
      {!answer && !refused && <p class="hint">{t('list.loading')}</p>}
      {answer?.items.length === 0 && <p class="hint">{t('figures.none')}</p>}
      {answer && answer.items.length > 0 && children(answer.items)}
    </section>
  );
}
