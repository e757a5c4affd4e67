import { signal } from '@preact/signals';
import { useEffect, useState } from 'preact/hooks';
import { loaded } from '../alerts/store.ts';
import { CameraWall } from '../cameras/wall.tsx';
import { keep, kept } from '../ground/kept.ts';
import { lazily } from '../ground/lazy.tsx';
import { may } from '../session.ts';
import { t } from '../texts.ts';

const LazyMap = lazily(async () => (await import('../map/pane.tsx')).MapPane);
const WIDE = matchMedia('(min-width: 60rem)');
/** The list of alerts comes first; the map is read when there is nothing else to do, or after this. */
const IDLE_MS = 1_500;

const isWide = signal(WIDE.matches);
WIDE.addEventListener('change', ({ matches }) => {
  isWide.value = matches;
});
const wantsMap = signal(kept('duty-map') !== 'no');

/** Beside the list of alerts: where things are, and what cameras see. On a phone the map is a view of its own. */
export function DutySide() {
  const hasMap = isWide.value && may('registry.read');
  const isShown = hasMap && wantsMap.value;
  return (
    <div class={isShown ? 'duty-side duty-with-map' : 'duty-side'}>
      {hasMap && (
        <button type="button" class="quiet duty-switch" aria-pressed={isShown} onClick={() => show(!isShown)}>
          {t(isShown ? 'duty.map.hide' : 'duty.map.show')}
        </button>
      )}
      {isShown && <Later />}
      <CameraWall />
    </div>
  );
}

function show(wanted: boolean): void {
  wantsMap.value = wanted;
  keep('duty-map', wanted ? 'yes' : 'no');
}

function Later() {
  const [isDue, setDue] = useState(false);
  const isReady = loaded.value;
  useEffect(() => {
    if (!isReady || isDue) return;
    const due = () => setDue(true);
    if (typeof requestIdleCallback === 'undefined') {
      const timer = setTimeout(due, IDLE_MS);
      return () => clearTimeout(timer);
    }
    const asked = requestIdleCallback(due, { timeout: IDLE_MS });
    return () => cancelIdleCallback(asked);
  }, [isReady]);
  return <div class="duty-map">{isDue ? <LazyMap /> : <p class="hint">{t('loading')}</p>}</div>;
}
