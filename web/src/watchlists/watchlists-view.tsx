import { useState } from 'preact/hooks';
import { districtName } from '../alerts/choices.ts';
import { usePolled } from '../devices/page/polled.ts';
import { isBegun } from '../forms/kept-form.tsx';
import { dayTime } from '../forms/moments.ts';
import { follows, go, place, refine } from '../ground/router.ts';
import { watchlistAddress } from '../ground/views.ts';
import { usernamesOf } from '../people.ts';
import { may } from '../session.ts';
import { t as common } from '../texts.ts';
import type { Page, Watchlist } from '../types.ts';
import { waits } from './deeds.ts';
import { NEW_LIST_DRAFT, NewList } from './new-list.tsx';
import { t, tOf } from './say.ts';
import { StateTags } from './state-tags.tsx';
import '../case/case.css';
import '../forms/paper.css';
import './watchlists.css';

const AGAIN_MS = 10_000;

/** Control orders: what waits for the reader first, then all others. */
export function WatchlistsView() {
  const isAlsoEnded = place.value.query.get('ended') === 'true';
  const [isNew, setNew] = useState(() => isBegun(NEW_LIST_DRAFT));
  const { answer } = usePolled<Page<Watchlist>>(`/watchlists${isAlsoEnded ? '?ended=true' : ''}`, AGAIN_MS);
  if (!may('watchlists.keep') && !may('watchlists.approve')) return <p class="plain">{common('error.forbidden')}</p>;
  const lists = answer?.items.toReversed() ?? [];
  const theirs = lists.filter((one) => waits(one) && !one.byYou && may('watchlists.approve'));
  const others = lists.filter((one) => !theirs.includes(one));
  return (
    <div class="paper">
      <div class="paper-head">
        <h2>{t('watch.title')}</h2>
        <span class="bar">
          <label class="check">
            <input
              type="checkbox"
              checked={isAlsoEnded}
              onChange={({ currentTarget: { checked } }) => {
                refine(new URLSearchParams(checked ? { ended: 'true' } : {}));
              }}
            />
            <span>{t('watch.ended')}</span>
          </label>
          {may('watchlists.keep') && (
            <button type="button" class="primary" aria-expanded={isNew} onClick={() => setNew(!isNew)}>
              {t('watch.new')}
            </button>
          )}
        </span>
      </div>
      {isNew && may('watchlists.keep') && (
        <NewList onMade={(id) => go(watchlistAddress(id))} onLeave={() => setNew(false)} />
      )}
      {!answer && <p class="hint">{t('list.loading')}</p>}
      {theirs.length > 0 && <Lists title={t('watch.waiting')} lists={theirs} />}
      {answer && others.length > 0 && <Lists title={t('watch.all')} lists={others} />}
      {answer && lists.length === 0 && <p class="hint">{t('watch.none')}</p>}
    </div>
  );
}

function Lists({ title, lists }: { title: string; lists: readonly Watchlist[] }) {
  return (
    <section aria-label={title} class="paper-rows">
      <h3>{title}</h3>
      <ul class="paper-rows">
        {lists.map((list) => (
          <li key={list.id}>
            <a class="paper-row" href={watchlistAddress(list.id)} onClick={follows}>
              <span class="paper-facts">
                <strong>
                  <bdi>{list.name}</bdi>
                </strong>
                <StateTags list={list} />
              </span>
              <span class="paper-facts">
                {list.order && <span>{tOf('category', list.order.category)}</span>}
                <span>{t('watch.plates', { n: list.entries })}</span>
                <span>
                  <bdi>{districtName(list.jurisdiction)}</bdi>
                </span>
                <span>{t('watch.until', { time: dayTime(list.until) })}</span>
                <span>
                  <bdi title={usernamesOf([{ name: list.requestedBy ?? list.createdBy }])}>
                    {list.requestedBy ?? list.createdBy}
                  </bdi>
                </span>
              </span>
            </a>
          </li>
        ))}
      </ul>
    </section>
  );
}
