import { districtName } from '../../alerts/choices.ts';
import { fieldOf, fieldTitle } from '../../fields.ts';
import { kinds } from '../../overview.ts';
import { clockTime, language } from '../../texts.ts';
import { nowMs } from '../../ticker.ts';
import type { CaseAlert, RuleOfAlert } from '../../types.ts';
import { type Asks, asksOf, isBeyond } from '../limits.ts';
import { t } from '../say.ts';
import { asksText, limitText, saidText } from '../values.ts';

const VALUES_MAX = 24;
const CHARS_MAX = 200;

interface FiredProps {
  alert: CaseAlert;
  rule: RuleOfAlert | null;
  kind: string | null;
}

/** What was reported, by which limits it counts, and what it is about. */
export function Fired({ alert, rule, kind }: FiredProps) {
  const asks = asksOf(rule?.condition ?? {});
  const [name, version] = alert.rule.split('@');
  return (
    <section class="panel" aria-labelledby="fired-title">
      <h3 id="fired-title">{t('fired.title')}</h3>
      <Values alert={alert} asks={asks} kind={kind} />
      {asks.also.length > 0 && <p>{asks.also.map((one) => asksText(one, kind)).join(' · ')}</p>}
      {rule && <Newer rule={rule} version={version ?? ''} />}
      <Facts alert={alert} kind={kind} rule={name ?? ''} />
    </section>
  );
}

/** Says where the limits are not those by which it fired. */
function Newer({ rule, version }: { rule: RuleOfAlert; version: string }) {
  if (rule.version === null) return <p class="hint">{t('fired.noRule')}</p>;
  if (String(rule.version) === version) return null;
  return <p class="hint">{t('fired.newRule', { version: rule.version })}</p>;
}

/** Each value with its limit. What is beyond it is marked by a word and a shape beside the colour. */
export function Values({ alert, asks, kind }: { alert: CaseAlert; asks: Asks; kind: string | null }) {
  const reported = Object.entries(alert.data).filter(([, value]) => value !== null && value !== undefined);
  // What the rule looks at first.
  const all = [...asks.limits.map(({ field }) => field), ...reported.map(([name]) => name)];
  const names = [...new Set(all)];
  if (names.length === 0) return <p class="hint">{t('fired.noValues')}</p>;
  return (
    <table class="values">
      <thead>
        <tr>
          <th scope="col">{t('fired.what')}</th>
          <th scope="col">{t('fired.value')}</th>
          <th scope="col">{t('fired.limit')}</th>
        </tr>
      </thead>
      <tbody>
        {names.slice(0, VALUES_MAX).map((name) => (
          <Value key={name} name={name} value={alert.data[name]} asks={asks} kind={kind} />
        ))}
      </tbody>
    </table>
  );
}

function Value({ name, value, asks, kind }: { name: string; value: unknown; asks: Asks; kind: string | null }) {
  const unit = fieldOf(kind, name)?.unit;
  const limits = asks.limits.filter(({ field }) => field === name);
  const title = fieldTitle(name, kind);
  const over = limits.find((one) => isBeyond(one, value));
  return (
    <tr class={over ? 'beyond' : undefined}>
      <th scope="row">
        <bdi class={title === name ? undefined : 'word'} title={name}>
          {title}
        </bdi>
      </th>
      <td>
        <bdi>{value === undefined || value === null ? '–' : saidText(name, value, unit).slice(0, CHARS_MAX)}</bdi>
        {over && <span class="mark-beyond">▲ {t(over.is === 'equals' ? 'fired.fits' : 'fired.over')}</span>}
      </td>
      <td>
        <bdi>{limits.map((one) => limitText(one, unit)).join(' / ')}</bdi>
      </td>
    </tr>
  );
}

function Facts({ alert, kind, rule }: { alert: CaseAlert; kind: string | null; rule: string }) {
  const now = nowMs.value;
  const title = kind === null ? null : (kinds.value.get(kind)?.title[language.value] ?? kind);
  const rows: [string, string][] = [
    [t('fired.first'), clockTime(alert.firstAt, now)],
    ...(alert.occurrences > 1
      ? ([
          [t('fired.last'), clockTime(alert.lastAt, now)],
          [t('fired.times.n'), String(alert.occurrences)],
        ] as [string, string][])
      : []),
    ...(alert.device === null ? [] : ([[t('fired.device'), alert.device]] as [string, string][])),
    ...(title === null ? [] : ([[t('fired.kind'), title]] as [string, string][])),
    [t('fired.district'), districtName(alert.jurisdiction)],
    [t('fired.rule'), rule],
  ];
  return (
    <dl class="pairs">
      {rows.map(([what, text]) => [
        <dt key={`${what} name`}>{what}</dt>,
        <dd key={what}>
          <bdi>{text}</bdi>
        </dd>,
      ])}
    </dl>
  );
}
