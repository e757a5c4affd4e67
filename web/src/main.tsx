import { effect } from '@preact/signals';
import { render } from 'preact';
import { useEffect } from 'preact/hooks';
import { AlertList } from './alerts/list.tsx';
import { followAlerts } from './alerts/store.ts';
import { link } from './alerts/stream.ts';
import { resumeStreams } from './cameras/player.ts';
import { CameraWall } from './cameras/wall.tsx';
import { Header } from './header.tsx';
import { Login } from './login.tsx';
import { followOverview, overview } from './overview.ts';
import { loadSession, session } from './session.ts';
import { locale, t } from './texts.ts';
import { backoffMs, pause } from './ticker.ts';
import { SEVERITIES } from './types.ts';
import './style.css';

function Page() {
  if (session.value === undefined) return <p class="plain">{t('loading')}</p>;
  return session.value === null ? <Login /> : <Console />;
}

function Console() {
  useEffect(() => {
    const stop = new AbortController();
    void followAlerts(stop.signal);
    void followOverview(stop.signal);
    return () => stop.abort();
  }, []);
  return (
    <>
      <Header />
      <main class="screen">
        <CameraWall />
        <AlertList />
      </main>
    </>
  );
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
