import type { ComponentChildren } from 'preact';
import { districtName, rules } from '../alerts/choices.ts';
import { spanText } from '../forms/moments.ts';
import { language, locale } from '../texts.ts';
import type { DistrictTimes, RulePrecision } from '../types.ts';
import { t } from './say.ts';

const STEPS = ['decided', 'committed', 'sent', 'acked', 'dispatched', 'arrived', 'closed'] as const;
/** A mean of fewer says little of the next one. */
export const FEW_TIMES = 5;
/** Of fewer verdicts no share is told: one more or less would change it by more than a tenth. */
export const FEW_VERDICTS = 10;
const MS_MAX = 1_000;

/** A table that is moved by itself where it is wider than its place, also by the keyboard. */
function Scrolled({ label, children }: { label: string; children: ComponentChildren }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what is scrolled must be reached by the keyboard
    <section class="paper-table" aria-label={label} tabIndex={0}>
      <table>{children}</table>
    </section>
  );
}

/** Of each district the mean and the median of each step, with how many reached it. */
export function TimesTable({ rows }: { rows: readonly DistrictTimes[] }) {
  return (
    <>
      <p class="hint">{t('figures.times.hint', { few: FEW_TIMES })}</p>
      <Scrolled label={t('figures.times')}>
        <thead>
          <tr>
            <th scope="col">{t('figures.district')}</th>
            <th scope="col" class="number">
              {t('figures.alerts')}
            </th>
            {STEPS.map((step) => (
              <th key={step} scope="col">
                {t(`step.${step}`)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(({ jurisdiction, alerts, steps }) => (
            <tr key={jurisdiction}>
              <th scope="row">
                <bdi>{districtName(jurisdiction)}</bdi>
              </th>
              <td class="number">{counted(alerts)}</td>
              {STEPS.map((step) => (
                <Time key={step} of={steps[step]} />
              ))}
            </tr>
          ))}
        </tbody>
        {rows.length > 1 && (
          <tfoot>
            <tr>
              <th scope="row">{t('figures.all')}</th>
              <td class="number">{counted(rows.reduce((sum, { alerts }) => sum + alerts, 0))}</td>
              {STEPS.map((step) => (
                <td key={step}>{t('figures.n', { n: counted(sumOf(rows, step)) })}</td>
              ))}
            </tr>
          </tfoot>
        )}
      </Scrolled>
    </>
  );
}

type Step = DistrictTimes['steps'][string];

/** A mean over districts says nothing of any of them: only what can be added up is. */
function sumOf(rows: readonly DistrictTimes[], step: string): number {
  return rows.reduce((sum, { steps }) => sum + (steps[step]?.alerts ?? 0), 0);
}

function Time({ of }: { of: Step | undefined }) {
  if (!of || of.alerts === 0 || of.meanMs === null) return <td class="few">{t('figures.nobody')}</td>;
  const isFew = of.alerts < FEW_TIMES;
  return (
    <td class={isFew ? 'few' : undefined}>
      {timeText(of.meanMs)} {of.medianMs !== null && t('figures.median', { time: timeText(of.medianMs) })}
      <span class="times-n">
        {t('figures.n', { n: counted(of.alerts) })}
        {isFew && ` · ${t('figures.few')}`}
      </span>
    </td>
  );
}

function timeText(ms: number): string {
  return ms < MS_MAX ? t('figures.ms', { n: Math.round(ms) }) : spanText(ms);
}

/** How often each rule was right; with too few verdicts it says so in place of a share. */
export function RuleTable({ rows }: { rows: readonly RulePrecision[] }) {
  return (
    <>
      <p class="hint">{t('figures.rules.hint', { few: FEW_VERDICTS })}</p>
      <Scrolled label={t('figures.rules')}>
        <thead>
          <tr>
            <th scope="col">{t('figures.rule')}</th>
            {(['alerts', 'right', 'falsely', 'open', 'precision'] as const).map((one) => (
              <th key={one} scope="col" class="number">
                {t(`figures.${one}`)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.rule}>
              <th scope="row">
                <bdi>{ruleTitle(row.rule)}</bdi>
              </th>
              <td class="number">{counted(row.alerts)}</td>
              <td class="number">{counted(row.right)}</td>
              <td class="number">{counted(row.wrong)}</td>
              <td class="number">{counted(row.alerts - row.right - row.wrong)}</td>
              <Share of={row} />
            </tr>
          ))}
        </tbody>
      </Scrolled>
    </>
  );
}

function Share({ of: { right, wrong, precision } }: { of: RulePrecision }) {
  const n = right + wrong;
  if (precision === null || n < FEW_VERDICTS) {
    return <td class="number few">{n === 0 ? t('figures.nobody') : t('figures.tooFew', { n: counted(n) })}</td>;
  }
  const share = new Intl.NumberFormat(locale.value, { style: 'percent', maximumFractionDigits: 1 }).format(precision);
  return <td class="number">{share}</td>;
}

function ruleTitle(name: string): string {
  const title = rules.value.find(({ rule }) => rule.split('@')[0] === name)?.title;
  return (title && (title[language.value] || title.en)) || name;
}

function counted(n: number): string {
  return new Intl.NumberFormat(locale.value).format(n);
}
