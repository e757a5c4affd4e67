import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { Trouble } from '../forms/trouble.tsx';
import { may } from '../session.ts';
import { t as common } from '../texts.ts';
import { nowMs } from '../ticker.ts';
import type { Checkpoint } from '../types.ts';
import { PassageRow } from './passage-row.tsx';
import { usePlaces } from './places.ts';
import { type Asked, askedOf } from './question.ts';
import { QuestionForm } from './question-form.tsx';
import { t } from './say.ts';
import { Search } from './search.ts';
import { isWhole } from './track.ts';
import { TrackPanel } from './track-panel.tsx';
import '../case/case.css';
import '../forms/paper.css';
import './passages.css';

/** Who passed where. Nothing is asked before somebody presses, because each asking is a look that is registered. */
export function PassagesView() {
  const [search, setSearch] = useState<Search | null>(null);
  const [track, setTrack] = useState<string | null>(null);
  const stop = useRef(new AbortController());
  useEffect(() => () => stop.current.abort(), []);
  const found = usePlaces();
  const places = useMemo(() => new Map((found ?? []).map((one) => [one.id, one])), [found]);
  const ask = (asked: Asked) => {
    stop.current.abort();
    stop.current = new AbortController();
    const next = new Search(asked, stop.current.signal);
    setTrack(null);
    setSearch(next);
    void next.read();
  };
  if (!may('plates.search')) return <p class="plain">{common('error.forbidden')}</p>;
  return (
    <div class="paper">
      <div class="paper-head">
        <h2>{t('pass.title')}</h2>
      </div>
      <QuestionForm
        places={found}
        busy={search?.busy.value ?? false}
        onAsk={(question, range) => ask(askedOf(question, range, nowMs.value))}
      />
      {search && track !== null && (
        <TrackPanel key={track} plate={track} asked={search.asked} places={places} onClose={() => setTrack(null)} />
      )}
      {search && <Found search={search} places={places} onTrack={setTrack} />}
    </div>
  );
}

interface FoundProps {
  search: Search;
  places: ReadonlyMap<string, Checkpoint>;
  onTrack(plate: string): void;
}

function Found({ search, places, onTrack }: FoundProps) {
  const section = useRef<HTMLElement>(null);
  const items = search.items.value;
  const isAnswered = search.isAnswered.value;
  useEffect(() => {
    // On a phone what was found lies below the form.
    const top = section.current?.getBoundingClientRect().top ?? 0;
    if (isAnswered && top > innerHeight * 0.6) section.current?.scrollIntoView({ block: 'start' });
  }, [isAnswered, search]);
  const says = search.hasMore.value ? 'pass.foundMore' : items.length === 0 ? 'pass.none' : 'pass.found';
  return (
    <section ref={section} aria-label={t('pass.title')} class="paper-rows">
      <p role="status">{isAnswered ? t(says, { n: items.length }) : ''}</p>
      <ul class="paper-rows">
        {items.map((passage) => (
          <li key={`${passage.receipt} ${passage.event} ${passage.plate}`} class="paper-row">
            <PassageRow
              passage={passage}
              asked={search.asked}
              place={places.get(passage.device)?.name ?? passage.device}
            >
              {isWhole(passage.plate) && search.asked.case !== undefined && (
                <button type="button" class="off-paper" onClick={() => onTrack(firstOf(passage.plate ?? ''))}>
                  {t('pass.track')}
                </button>
              )}
            </PassageRow>
          </li>
        ))}
      </ul>
      <Trouble error={search.error.value} />
      {search.busy.value && <p class="hint">{t('list.loading')}</p>}
      {search.hasMore.value && !search.busy.value && (
        <button type="button" class="older off-paper" onClick={() => void search.read()}>
          {t('pass.more')}
        </button>
      )}
    </section>
  );
}

/** A car between the mainland and Hong Kong has several plates: any of them finds it. */
function firstOf(plates: string): string {
  return plates.split('|')[0] ?? plates;
}
