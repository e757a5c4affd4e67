import { SeverityBadge } from '../../alerts/severity.tsx';
import { titleOf } from '../../alerts/titles.ts';
import { follows } from '../../ground/router.ts';
import { caseAddress } from '../../ground/views.ts';
import { age } from '../../texts.ts';
import { nowMs } from '../../ticker.ts';
import type { CaseAlert, NearAlert, Page } from '../../types.ts';
import { t, tOf } from '../say.ts';
import { useAnswer } from '../use-answer.ts';

const EARLIER_MAX = 8;
const TOGETHER_MAX = 50;

/** Other open alerts of the device or near it, those of the same incident, and what the device had before. */
export function Neighbours({ alert }: { alert: CaseAlert }) {
  // Asked for anew where the alert has been moved on: what stood beside it may have been, too.
  const near = useAnswer<Page<NearAlert>>(`/alerts/${encodeURIComponent(alert.id)}/near#${alert.handling}`);
  const items = near.answer?.items ?? [];
  return (
    <section class="panel" aria-labelledby="near-title">
      <h3 id="near-title">{t('near.title')}</h3>
      {near.refused && <p class="hint">{t('near.failed')}</p>}
      {near.answer && items.length === 0 && <p class="hint">{t('near.none')}</p>}
      <ul class="near">
        {items.map(({ alert: one, distanceM }) => (
          <One key={one.id} alert={one} where={whereText(alert, one, distanceM)} />
        ))}
      </ul>
      {alert.incident !== null && <Together alert={alert} incident={alert.incident} />}
      {alert.device !== null && <Earlier alert={alert} device={alert.device} />}
    </section>
  );
}

function whereText(alert: CaseAlert, { device }: { device: string | null }, distanceM: number | null): string {
  if (device !== null && device === alert.device) return t('near.same');
  return distanceM === null ? '' : t('near.metres', { n: distanceM });
}

function Together({ alert, incident }: { alert: CaseAlert; incident: string }) {
  const path = `/alerts?incident=${encodeURIComponent(incident)}&desk=${alert.desk}&limit=${TOGETHER_MAX}`;
  const others = (useAnswer<Page<CaseAlert>>(path).answer?.items ?? []).filter(({ id }) => id !== alert.id);
  if (others.length === 0) return null;
  return (
    <>
      <h4>{t('near.together')}</h4>
      <ul class="near">
        {others.map((one) => (
          <One key={one.id} alert={one} where="" />
        ))}
      </ul>
    </>
  );
}

function Earlier({ alert, device }: { alert: CaseAlert; device: string }) {
  const query = `device=${encodeURIComponent(device)}&desk=${alert.desk}&open=false&limit=${EARLIER_MAX + 1}`;
  const { answer } = useAnswer<Page<CaseAlert>>(`/alerts?${query}`);
  if (!answer) return null;
  const others = answer.items.filter(({ id }) => id !== alert.id).slice(0, EARLIER_MAX);
  return (
    <>
      <h4>{t('near.earlier')}</h4>
      {others.length === 0 && <p class="hint">{t('near.noEarlier')}</p>}
      <ul class="near">
        {others.map((one) => (
          <One key={one.id} alert={one} where={one.verdict === null ? '' : tOf('verdict', one.verdict)} />
        ))}
      </ul>
    </>
  );
}

type Listed = Pick<CaseAlert, 'id' | 'severity' | 'title' | 'exercise' | 'subject' | 'firstAt' | 'handling'>;

function One({ alert, where }: { alert: Listed; where: string }) {
  const said = [
    where,
    t('alert.ago', { age: age(nowMs.value - Date.parse(alert.firstAt)) }),
    tOf('handling', alert.handling),
  ];
  return (
    <li>
      <a href={caseAddress(alert.id)} onClick={follows}>
        <SeverityBadge severity={alert.severity} />
        <span>
          <bdi>{titleOf(alert)}</bdi>
          <span class="near-place">
            <bdi>{alert.subject.name}</bdi>
          </span>
          <span class="near-facts">{said.filter((text) => text !== '').join(' · ')}</span>
        </span>
      </a>
    </li>
  );
}
