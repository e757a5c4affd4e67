import { usePolled } from '../devices/page/polled.ts';
import type { CaseAlert, Hit } from '../types.ts';
import { HitSteps } from './hit-steps.tsx';
import { t } from './say.ts';
import '../forms/paper.css';
import './watchlists.css';

const AGAIN_MS = 15_000;

/** What was done with a hit on a watchlist, and what is to be done, in its case. */
export function HitPart({ alert }: { alert: Pick<CaseAlert, 'id' | 'version'> }) {
  const { answer, again } = usePolled<Hit>(`/alerts/${encodeURIComponent(alert.id)}/hit#${alert.version}`, AGAIN_MS);
  if (!answer) return null;
  return (
    <section class="panel" aria-labelledby="hit-title">
      <h3 id="hit-title">{t('hit.title')}</h3>
      <HitSteps key={answer.alert} hit={answer} onChanged={again} />
    </section>
  );
}
