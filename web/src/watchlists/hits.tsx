import { useState } from 'preact/hooks';
import { SeverityBadge } from '../alerts/severity.tsx';
import { dayTime } from '../forms/moments.ts';
import { Pages } from '../forms/pages.tsx';
import { follows } from '../ground/router.ts';
import { caseAddress } from '../ground/views.ts';
import type { ListedHit } from '../types.ts';
import { pathOf } from './deeds.ts';
import { HitSteps } from './hit-steps.tsx';
import { t } from './say.ts';

const PAGE_ROWS = 20;

/** Hits on the plates of a list, the newest first, each with what was done and what is to be done. */
export function Hits({ list }: { list: string }) {
  const [version, setVersion] = useState(0);
  return (
    <section class="panel" aria-labelledby="hits-title">
      <h3 id="hits-title">{t('hits.title')}</h3>
      <Pages<ListedHit>
        path={`${pathOf(list)}/hits?limit=${PAGE_ROWS}`}
        version={version}
        none={t('hits.none')}
        keyOf={({ alert }) => alert}
        row={(hit) => (
          <article class={`paper-row alert-${hit.severity}`}>
            <p class="paper-facts">
              <SeverityBadge severity={hit.severity} />
              <strong class="plate">
                <bdi>{hit.plate}</bdi>
              </strong>
              <span>
                <bdi>{hit.place}</bdi>
              </span>
              <time dateTime={hit.raisedAt}>{dayTime(hit.raisedAt)}</time>
              <a href={caseAddress(hit.alert)} onClick={follows}>
                {t('hit.case')}
              </a>
            </p>
            <HitSteps hit={hit} onChanged={() => setVersion((now) => now + 1)} />
          </article>
        )}
      />
    </section>
  );
}
