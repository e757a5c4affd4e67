import { effect } from '@preact/signals';
import { render } from 'preact';
import { useEffect } from 'preact/hooks';
import { finishAll } from './alerts/deeds/undo.ts';
import { followAlerts } from './alerts/store.ts';
import { link } from './alerts/stream.ts';
import { AlertList } from './alerts/worklist/list.tsx';
import { resumeStreams } from './cameras/player.ts';
import { CameraWall } from './cameras/wall.tsx';
import { LazyCase } from './case/lazy-case.tsx';
import { go, place } from './ground/router.ts';
import { Shell } from './ground/shell.tsx';
import { caseAt, startOf, VIEWS, type ViewName, viewAt } from './ground/views.ts';
import { Login } from './login.tsx';
import { followOverview, overview } from './overview.ts';
import { loadSession, session } from './session.ts';
import { Settings } from './settings/settings.tsx';
import { locale, t } from './texts.ts';
import { backoffMs, pause } from './ticker.ts';
import { SEVERITIES } from './types.ts';
import './style.css';

function Page() {
  if (session.value === undefined) return <p class="plain">{t('loading')}</p>;
  return session.value === null ? <Login /> : <Console key={session.value.name} who={session.value} />;
}

function Console({ who }: { who: { name: string; role: string } }) {
  useEffect(() => {
    const stop = new AbortController();
    if (place.value.path === VIEWS.duty.path && place.value.query.size === 0) start(who.role);
    followAlerts(who.name, stop.signal);
    void followOverview(stop.signal);
    return () => {
      finishAll();
      stop.abort();
    };
  }, []);
  const view = viewAt(place.value.path);
  return (
    <Shell view={view}>
      <Shown view={view} />
    </Shell>
  );
}

function Shown({ view }: { view: ViewName | null }) {
  if (view === 'duty') {
    return (
      <>
        <AlertList />
        <CameraWall />
      </>
    );
  }
  if (view === 'video') return <CameraWall />;
  if (view === 'settings') return <Settings />;
  if (view === 'case') return <LazyCase id={caseAt(place.value.path) ?? ''} />;
  return <p class="plain">{t('view.none')}</p>;
}

/** Who comes by no particular address begins where their work is. */
function start(role: string): void {
  if (startOf(role) !== place.value.path) go(startOf(role));
}

/** Asks who we are until the gateway answers: it may be just starting. */
async function findSession(): Promise<void> {
  const never = new AbortController().signal;
  for (let attempt = 0; session.value === undefined; attempt += 1) {
    await loadSession().catch(() => pause(backoffMs(attempt, 5_000), never));
  }
}

// Who waits for a camera need not wait any longer once the gateway is heard again.
effect(() => {
  if (link.value === 'live') resumeStreams();
});

effect(() => {
  document.documentElement.lang = locale.value;
});

effect(() => {
  const numbers = session.value ? overview.value?.alerts : undefined;
  const open = numbers ? SEVERITIES.reduce((sum, severity) => sum + (numbers[severity] ?? 0), 0) : 0;
  document.title = open > 0 ? `(${open}) citywatch` : 'citywatch';
});

const page = document.getElementById('page');
if (page) render(<Page />, page);
void findSession();
