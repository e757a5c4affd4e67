import { useEffect, useRef, useState } from 'preact/hooks';
import { lazily } from '../ground/lazy.tsx';
import { adjust, place, refine } from '../ground/router.ts';
import { may } from '../session.ts';
import { every } from '../ticker.ts';
import { addressOf, pagesOf, queryOf, toggled, type WallAddress } from './address.ts';
import { know, useFirst } from './cameras.ts';
import { pageWithin, Stage } from './stage/stage.tsx';
import { CameraTree } from './tree/camera-tree.tsx';
import { WallBar } from './wall-bar.tsx';
import { Walls } from './walls/walls.tsx';
import { v } from './words.ts';
import './video.css';

const LazyPlayback = lazily(async () => (await import('./playback/playback.tsx')).Playback);

/** Cameras on a wall, chosen from a tree of areas; all of it is in the address. */
export function VideoView() {
  if (!may('video.look')) return <p class="hint">{v('video.forbidden')}</p>;
  return <Wall />;
}

function Wall() {
  const said = addressOf(place.value.query);
  const first = useFirst(said.layout, said.cameras === null);
  const cameras = said.cameras ?? first.ids ?? [];
  const address = { ...said, page: pageWithin(said, cameras.length) };
  const [arranges, setArranges] = useState(false);
  const stage = useRef<HTMLElement>(null);
  const change = (to: Partial<WallAddress>) => refine(queryOf({ ...address, ...to }));
  const turn = (page: number) => adjust(queryOf({ ...address, page }));
  useTour(address, cameras.length, turn);
  useEscape(address.focus !== null, () => change({ focus: null }));
  return (
    <div class="video-view">
      <section class="video-stage" ref={stage} aria-labelledby="video-title">
        <h2 id="video-title" class="unseen">
          {v('video.title')}
        </h2>
        <WallBar
          address={address}
          cameras={cameras.length}
          arranges={arranges}
          stage={() => stage.current}
          onChange={change}
          onPage={turn}
          onArrange={setArranges}
        />
        <Nothing of={said.cameras} first={first} />
        {address.atMs === null ? (
          <Stage address={address} cameras={cameras} arranges={arranges} onChange={change} />
        ) : (
          <LazyPlayback
            address={{ ...address, atMs: address.atMs }}
            cameras={cameras}
            onMoment={(atMs) => (atMs === null ? change({ atMs }) : adjust(queryOf({ ...address, atMs })))}
          />
        )}
      </section>
      <aside class="video-side" aria-label={v('tree.title')}>
        <Walls
          shown={{ layout: address.layout, cameras }}
          onOpen={({ layout, cameras: kept }) => change({ layout, cameras: kept, page: 0, focus: null })}
        />
        <CameraTree
          onWall={new Set(cameras)}
          onToggle={(camera) => {
            know([camera]);
            change({ cameras: toggled(cameras, camera.id), focus: null });
          }}
          onAll={(some) => {
            know(some);
            change({ cameras: some.map(({ id }) => id), page: 0, focus: null });
          }}
        />
      </aside>
    </div>
  );
}

/** Why there is no picture at all. */
function Nothing({ of, first }: { of: readonly string[] | null; first: ReturnType<typeof useFirst> }) {
  if (of !== null) return of.length === 0 ? <p class="hint">{v('video.empty')}</p> : null;
  if (first.failed) return <p class="hint">{v('video.failed')}</p>;
  if (first.ids === null) return <p class="hint">{v('video.waiting')}</p>;
  return first.ids.length === 0 ? <p class="hint">{v('video.none')}</p> : null;
}

/** Goes on to the next page again and again, but not from a camera that somebody looks at. */
function useTour(
  { tourS, page, layout, focus, atMs }: WallAddress,
  cameras: number,
  turn: (page: number) => void,
): void {
  const pages = pagesOf(cameras, layout);
  const latest = useRef(turn);
  latest.current = turn;
  useEffect(() => {
    if (tourS === null || focus !== null || atMs !== null || pages < 2) return;
    return every(tourS * 1_000, () => document.hidden || latest.current((page + 1) % pages));
  }, [tourS, page, pages, focus, atMs]);
}

function useEscape(active: boolean, end: () => void): void {
  const latest = useRef(end);
  latest.current = end;
  useEffect(() => {
    if (!active) return;
    const onKey = ({ key, defaultPrevented }: KeyboardEvent) => {
      if (key === 'Escape' && !defaultPrevented && !document.fullscreenElement) latest.current();
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  }, [active]);
}
