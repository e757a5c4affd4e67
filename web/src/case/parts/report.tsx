import { districtName } from '../../alerts/choices.ts';
import { SeverityBadge } from '../../alerts/severity.tsx';
import { titleOf } from '../../alerts/titles.ts';
import { nameOf } from '../../people.ts';
import { session } from '../../session.ts';
import { locale } from '../../texts.ts';
import { nowMs } from '../../ticker.ts';
import type { CaseAlert, HistoryLine, RuleOfAlert } from '../../types.ts';
import { asksOf } from '../limits.ts';
import type { Pictures } from '../pictures.ts';
import { t, tOf } from '../say.ts';
import { Caption } from './evidence.tsx';
import { Values } from './fired.tsx';
import { Line } from './timeline.tsx';

/** What fits one sheet beside the rest. */
const PICTURES_MAX = 2;
const LINES_MAX = 12;

interface ReportProps {
  alert: CaseAlert;
  rule: RuleOfAlert | null;
  kind: string | null;
  history: readonly HistoryLine[];
  pictures: Pictures;
}

/** The same on one sheet of A4. Only a printer sees it. */
export function Report({ alert, rule, kind, history, pictures }: ReportProps) {
  const now = nowMs.value;
  const at = new Intl.DateTimeFormat(locale.value, { dateStyle: 'medium', timeStyle: 'medium' });
  const named = [...people(alert)].join(' · ');
  const rows: [string, string][] = [
    [t('report.id'), alert.id],
    [t('report.place'), `${alert.subject.name} (${alert.subject.id}), ${districtName(alert.jurisdiction)}`],
    [t('fired.first'), at.format(new Date(alert.firstAt))],
    [t('fired.last'), `${at.format(new Date(alert.lastAt))} · ${t('alert.times', { n: alert.occurrences })}`],
    [t('report.handling'), `${tOf('handling', alert.handling)} · ${tOf('condition', alert.condition)}`],
    ...(named === '' ? [] : ([[t('report.people'), named]] as [string, string][])),
    ...(alert.verdict === null ? [] : ([[t('report.verdict'), tOf('verdict', alert.verdict)]] as [string, string][])),
  ];
  const left = history.length - LINES_MAX;
  return (
    <article class="report" aria-hidden="true">
      <header>
        <SeverityBadge severity={alert.severity} />
        <div>
          <p class="report-kind">{t('report.title')}</p>
          <p class="report-title">
            <bdi>{titleOf(alert)}</bdi>
          </p>
        </div>
      </header>
      <dl class="pairs">
        {rows.map(([what, text]) => [
          <dt key={`${what} name`}>{what}</dt>,
          <dd key={what}>
            <bdi>{text}</bdi>
          </dd>,
        ])}
      </dl>
      <Values alert={alert} asks={asksOf(rule?.condition ?? {})} kind={kind} />
      <Sheet alert={alert} pictures={pictures} />
      <ol class="timeline">
        {history.slice(0, LINES_MAX).map((line) => (
          <Line key={line.id} line={line} />
        ))}
      </ol>
      {left > 0 && <p>{t('history.more', { n: left })}</p>}
      <footer>{t('report.printed', { name: session.value?.name ?? '', time: at.format(new Date(now)) })}</footer>
    </article>
  );
}

function Sheet({ alert, pictures }: { alert: CaseAlert; pictures: Pictures }) {
  const shown = alert.evidence.flatMap((item) => {
    const one = item.type === 'picture' ? pictures.shown.value.get(item.id) : undefined;
    return one?.is === 'here' ? [{ item, one }] : [];
  });
  return (
    <div class="sheet">
      {shown.slice(0, PICTURES_MAX).map(({ item, one }) => (
        <figure key={item.id}>
          <img src={one.url} alt="" />
          <Caption item={item} shown={one} />
        </figure>
      ))}
    </div>
  );
}

function* people({ ackedBy, assignedTo, unit, closedBy }: CaseAlert): Iterable<string> {
  if (ackedBy) yield t('alert.ackedBy', { name: ackedBy });
  if (assignedTo) yield t('alert.assignedTo', { name: nameOf(assignedTo) });
  if (unit) yield `${t('what.unit')} ${unit}`;
  if (closedBy) yield t('alert.closedBy', { name: closedBy });
}
