import { useEffect, useState } from 'preact/hooks';
import { districts } from '../alerts/choices.ts';
import { followAlerts } from '../alerts/store.ts';
import { AlertList } from '../alerts/worklist/list.tsx';
import { useAnswer } from '../case/use-answer.ts';
import { usePolled } from '../devices/page/polled.ts';
import { Header } from '../header.tsx';
import { MapView } from '../map/map-view.tsx';
import { MapPane } from '../map/pane.tsx';
import { followOverview } from '../overview.ts';
import { loadSession, noticeEnd, whoIs } from '../session.ts';
import { age } from '../texts.ts';
import { every, nowMs } from '../ticker.ts';
import type { District, Page } from '../types.ts';
import { Cameras, type ShownWall } from './cameras.tsx';
import { t } from './say.ts';
import './display.css';

/** Whether the screen may still show anything is asked this often: it goes dark within 10 s of its end. */
const STILL_MS = 4_000;
/** Its cameras may be others by now. */
const WALL_MS = 30_000;
/** Two answers that did not come. */
const OLD_MS = 12_000;

interface Screen {
  name: string;
  wall: ShownWall | null;
}

/** A second screen: one view, full, for nobody in particular to look at. */
export function Display({ view }: { view: 'wall' | 'map' | 'desk' }) {
  const heardAtMs = useStill();
  const { answer } = usePolled<Screen>('/session/display', WALL_MS);
  const silentMs = nowMs.value - heardAtMs;
  return (
    <div class={`display display-${view}`}>
      {silentMs > OLD_MS && (
        <p class="banner" role="alert">
          {t('display.silent', { age: age(silentMs) })}
        </p>
      )}
      {view === 'map' && <WholeMap name={answer?.name ?? t('view.screen')} />}
      {view === 'wall' && (
        <main class="screen">
          <h1 class="unseen">{answer?.name ?? t('view.screen')}</h1>
          {answer && <Cameras wall={answer.wall} />}
        </main>
      )}
      {view === 'desk' && <Desk wall={answer?.wall ?? null} />}
    </div>
  );
}

/** Asks again and again whether this is still a second screen; when it was heard last, by the gateway's clock. */
function useStill(): number {
  const [heardAtMs, setHeardAtMs] = useState(nowMs.peek());
  useEffect(
    () =>
      every(STILL_MS, () => {
        loadSession().then(
          () => setHeardAtMs(nowMs.peek()),
          (error) => noticeEnd(error),
        );
      }),
    [],
  );
  return heardAtMs;
}

/** The map, with the names of districts that the list of alerts reads elsewhere. */
function WholeMap({ name }: { name: string }) {
  const { answer } = useAnswer<Page<District>>('/jurisdictions');
  useEffect(() => {
    if (answer) districts.value = answer.items;
  }, [answer]);
  return (
    <main class="screen">
      <h1 class="unseen">{name}</h1>
      <MapView />
    </main>
  );
}

function Desk({ wall }: { wall: ShownWall | null }) {
  useEffect(() => {
    const stop = new AbortController();
    followAlerts(whoIs.value ?? '', stop.signal);
    void followOverview(stop.signal);
    return () => stop.abort();
  }, []);
  return (
    <>
      <Header />
      <main class="screen screen-duty">
        <AlertList />
        <div class={wall ? 'duty-side duty-with-map' : 'duty-side'}>
          <div class="duty-map">
            <MapPane />
          </div>
          {wall && <Cameras wall={wall} most={4} />}
        </div>
      </main>
    </>
  );
}
