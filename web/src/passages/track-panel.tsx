import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { spanText } from '../forms/moments.ts';
import { Trouble } from '../forms/trouble.tsx';
import { lazily } from '../ground/lazy.tsx';
import type { Point } from '../map/geometry.ts';
import { locale } from '../texts.ts';
import type { Checkpoint } from '../types.ts';
import { momentText, PassageRow } from './passage-row.tsx';
import type { Asked } from './question.ts';
import { t } from './say.ts';
import { Search } from './search.ts';
import { type Stop, stopsOf } from './track.ts';

const LazyMap = lazily(async () => (await import('../map/track-map.tsx')).TrackMap);
/** One page of the API: more of them would be further looks. */
const PASSAGES_MAX = 500;

interface TrackProps {
  plate: string;
  /** What it was found by: for the same purpose and time, wherever it was. */
  asked: Asked;
  places: ReadonlyMap<string, Checkpoint>;
  onClose(): void;
}

/** Where one vehicle was read, in order of time, on a map and as a list; it says where nobody read it. */
export function TrackPanel({ plate, asked, places, onClose }: TrackProps) {
  const title = useRef<HTMLHeadingElement>(null);
  const [chosen, setChosen] = useState<string | null>(null);
  const search = useSearch(plate, asked);
  const items = search.items.value;
  const pointOf = (id: string) => pointAt(places.get(id));
  const stops = useMemo(() => stopsOf(items, pointOf), [items, places]);
  const points = useMemo(
    () =>
      stops.flatMap(({ device }) => {
        const at = pointOf(device);
        return at ? [{ id: device, at }] : [];
      }),
    [stops],
  );
  useEffect(() => title.current?.focus({ preventScroll: true }), [plate]);
  return (
    <section class="panel track" aria-labelledby="track-title">
      <div class="paper-head">
        <h3 id="track-title" ref={title} tabIndex={-1}>
          <bdi>{t('pass.trackOf', { plate })}</bdi>
        </h3>
        <span class="bar off-paper">
          <button type="button" onClick={() => print()}>
            {t('page.print')}
          </button>
          <button type="button" class="quiet" onClick={onClose}>
            {t('pass.track.close')}
          </button>
        </span>
      </div>
      <p class="hint">{t('pass.track.hint')}</p>
      <Trouble error={search.error.value} />
      {search.busy.value && <p class="hint">{t('list.loading')}</p>}
      {search.hasMore.value && <p class="hint">{t('pass.track.cut', { n: items.length })}</p>}
      <div class="track-parts">
        {points.length > 0 && <LazyMap points={points} chosen={chosen} title={t('pass.map')} onPoint={setChosen} />}
        {stops.length > 0 && <Stops stops={stops} asked={asked} places={places} chosen={chosen} onChoose={setChosen} />}
      </div>
      {search.isAnswered.value && stops.length === 1 && <p class="hint">{t('pass.track.one')}</p>}
    </section>
  );
}

/** Asks once for all passages of the vehicle: a look of its own. */
function useSearch(plate: string, asked: Asked): Search {
  const stop = useMemo(() => new AbortController(), [plate, asked]);
  const search = useMemo(() => {
    const { from, to, purpose, case: named } = asked;
    const all = { from, to, purpose, plate, ...(named !== undefined && { case: named }) };
    return new Search(all, stop.signal, PASSAGES_MAX);
  }, [stop]);
  useEffect(() => {
    void search.read();
    return () => stop.abort();
  }, [search]);
  return search;
}

function pointAt(place: Checkpoint | undefined): Point | null {
  return place?.location ? [place.location.lon, place.location.lat] : null;
}

interface StopsProps {
  stops: readonly Stop[];
  asked: Asked;
  places: ReadonlyMap<string, Checkpoint>;
  chosen: string | null;
  onChoose(id: string): void;
}

function Stops({ stops, asked, places, chosen, onChoose }: StopsProps) {
  let number = 0;
  return (
    <ol class="stops">
      {stops.map((stop) => {
        const place = places.get(stop.device);
        const isPlaced = pointAt(place) !== null;
        if (isPlaced) number += 1;
        const name = place?.name ?? stop.device;
        const firstAt = stop.passages[0]?.at ?? '';
        return (
          <li key={`${stop.device} ${stop.atMs}`} class={stop.device === chosen ? 'stop-chosen' : undefined}>
            <Between stop={stop} />
            <div class="stop">
              <button
                type="button"
                class="stop-number"
                disabled={!isPlaced}
                aria-pressed={stop.device === chosen}
                aria-label={`${isPlaced ? number : t('pass.noPlace')} ${name} ${momentText(firstAt)}`}
                onClick={() => onChoose(stop.device)}
              >
                {isPlaced ? number : '–'}
              </button>
              <div>
                {stop.passages.map((passage) => (
                  <PassageRow key={passage.receipt + passage.event} passage={passage} asked={asked} place={name} />
                ))}
              </div>
            </div>
          </li>
        );
      })}
    </ol>
  );
}

/** What is not known, or cannot be, of the time before. */
function Between({ stop: { sinceMs, isGap, isTooFast, km } }: { stop: Stop }) {
  if (sinceMs === null) return null;
  if (isTooFast) {
    const far = new Intl.NumberFormat(locale.value, { maximumFractionDigits: 1 }).format(km ?? 0);
    return <p class="between between-wrong">{t('pass.fast', { km: far, time: spanText(sinceMs) })}</p>;
  }
  return isGap ? <p class="between">{t('pass.gap', { time: spanText(sinceMs) })}</p> : null;
}
