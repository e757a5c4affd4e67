import { useEffect, useRef } from 'preact/hooks';
import { districtName } from '../alerts/choices.ts';
import { usePolled } from '../devices/page/polled.ts';
import { dayTime } from '../forms/moments.ts';
import { Pages } from '../forms/pages.tsx';
import { Pairs } from '../forms/pairs.tsx';
import { follows } from '../ground/router.ts';
import { VIEWS } from '../ground/views.ts';
import { usernamesOf } from '../people.ts';
import { may } from '../session.ts';
import type { Watchlist, WatchlistEntry } from '../types.ts';
import { Decision } from './decision.tsx';
import { pathOf, waits } from './deeds.ts';
import { Hits } from './hits.tsx';
import { ListDeeds } from './list-deeds.tsx';
import { t, tOf } from './say.ts';
import { StateTags } from './state-tags.tsx';
import '../case/case.css';
import '../forms/paper.css';
import './watchlists.css';

const AGAIN_MS = 10_000;
const PAGE_ROWS = 50;

/** One control order: what it is about, what waits for a second person, its plates and its hits. */
export function ListPage({ id }: { id: string }) {
  const title = useRef<HTMLHeadingElement>(null);
  const { answer: list, refused, again } = usePolled<Watchlist>(pathOf(id), AGAIN_MS);
  useEffect(() => title.current?.focus({ preventScroll: true }), [list === null]);
  return (
    <div class="paper">
      <a class="case-back off-paper" href={VIEWS.watchlists.path} onClick={follows}>
        ← {t('page.back')}
      </a>
      {refused && <p class="trouble">{t('watch.gone')}</p>}
      {!list && !refused && <p class="hint">{t('list.loading')}</p>}
      {list && (
        <>
          <div class="paper-head">
            <h2 ref={title} tabIndex={-1}>
              <bdi>{list.name}</bdi>
            </h2>
            <StateTags list={list} />
          </div>
          {waits(list) && <Decision key={list.version} list={list} onChanged={again} />}
          <Facts list={list} />
          {may('watchlists.keep') && <ListDeeds list={list} onChanged={again} />}
          {may('watchlists.keep') && list.state !== 'draft' && <Hits list={id} />}
          <Entries list={list} />
        </>
      )}
    </div>
  );
}

function Facts({ list }: { list: Watchlist }) {
  const { order, ended } = list;
  const by = (name: string | null, at: string | null) =>
    name === null ? null : (
      <bdi title={usernamesOf([{ name }])}>{t('watch.by', { name, time: at === null ? '–' : dayTime(at) })}</bdi>
    );
  const from = list.from === null ? t('watch.now') : dayTime(list.from);
  return (
    <section class="panel">
      <Pairs
        of={[
          [t('watch.reason'), list.reason],
          [t('watch.case'), list.case],
          [t('watch.area'), districtName(list.jurisdiction)],
          [t('watch.inForce'), t('watch.span', { from, until: dayTime(list.until) })],
          [t('watch.category'), order && tOf('category', order.category)],
          [t('watch.level'), order && String(order.level)],
          [t('watch.handling'), order && t(`watch.handling.${order.handling}`)],
          [t('watch.unit'), order?.unit],
          [t('watch.officer'), order && `${order.officer}, ${order.phone}`],
          [t('watch.namedPeople'), list.named && t('watch.people', { n: list.named.length })],
          [t('watch.createdBy'), by(list.createdBy, list.createdAt)],
          [t('watch.requestedBy'), by(list.requestedBy, list.requestedAt)],
          [t('watch.approvedBy'), by(list.approvedBy, list.approvedAt)],
          [
            t('watch.endedBy'),
            ended && (
              <>
                {by(ended.by, ended.at) ?? dayTime(ended.at)}
                {ended.reason && (
                  <>
                    {' · '}
                    <bdi>{ended.reason}</bdi>
                  </>
                )}
              </>
            ),
          ],
        ]}
      />
    </section>
  );
}

function Entries({ list }: { list: Watchlist }) {
  return (
    <section class="panel" aria-labelledby="entries-title">
      <h3 id="entries-title">
        {t('list.entries')} ({list.entries})
      </h3>
      <p class="hint">{t('list.entries.masked')}</p>
      <Pages<WatchlistEntry>
        path={`${pathOf(list.id)}/entries?limit=${PAGE_ROWS}`}
        version={list.entries}
        none={t('list.entries.none')}
        keyOf={({ id }) => id}
        row={({ plate, colour, reason, validUntil }) => (
          <p class="paper-facts">
            <strong class="plate">
              <bdi>{plate}</bdi>
            </strong>
            {colour !== null && <span>{tOf('plateColor', colour)}</span>}
            <span>
              <bdi>{reason}</bdi>
            </span>
            {validUntil !== null && <span>{t('watch.until', { time: dayTime(validUntil) })}</span>}
          </p>
        )}
      />
    </section>
  );
}
