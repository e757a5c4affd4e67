import { effect } from '@preact/signals';
import { render } from 'preact';
import { useEffect } from 'preact/hooks';
import { pieceAt } from './admin/pieces.ts';
import { deedsAreOf } from './alerts/deeds/of-person.ts';
import { finishAll, unfinished } from './alerts/deeds/undo.ts';
import { followAlerts } from './alerts/store.ts';
import { link } from './alerts/stream.ts';
import { AlertList } from './alerts/worklist/list.tsx';
import { resumeStreams } from './cameras/sleepers.ts';
import { readAnswer } from './case/use-answer.ts';
import { DutySide } from './duty/side.tsx';
import { undone } from './ground/ending.ts';
import { lazily } from './ground/lazy.tsx';
import { go, place } from './ground/router.ts';
import { screenToken, wasDisplay } from './ground/screen-token.ts';
import { Shell } from './ground/shell.tsx';
import { caseAt, deviceAt, orderAt, startOf, VIEWS, type ViewName, viewAt, watchlistAt } from './ground/views.ts';
import { Login } from './login.tsx';
import { guardKept, remember } from './orders/kept/person.ts';
import { countedDesk, followOverview, overview } from './overview.ts';
import { keepNames } from './people.ts';
import { display, isRemembered, loadSession, may, session, whoIs } from './session.ts';
import { resumeLeaving } from './settings/leave.tsx';
import { Settings } from './settings/settings.tsx';
import { language, locale, t } from './texts.ts';
import { retryPause } from './ticker.ts';
import { SEVERITIES } from './types.ts';
import './style.css';

const LazyCase = lazily(async () => (await import('./case/case.tsx')).Case);
const LazyDevices = lazily(async () => (await import('./devices/list/devices-view.tsx')).DevicesView);
const LazyDevice = lazily(async () => (await import('./devices/page/device-view.tsx')).DeviceView);
const LazyAddDevice = lazily(async () => (await import('./devices/add/add-view.tsx')).AddView);
const LazyOrders = lazily(async () => (await import('./orders/view/orders-view.tsx')).OrdersView);
const LazyOrder = lazily(async () => (await import('./orders/view/order-view.tsx')).OrderView);
const LazyAdmin = lazily(async () => (await import('./admin/admin-view.tsx')).AdminView);
const LazyDisplay = lazily(async () => (await import('./display/display.tsx')).Display);
const LazyScreen = lazily(async () => (await import('./display/set-up.tsx')).SetUp);
const LazyMap = lazily(async () => (await import('./map/map-view.tsx')).MapView);
const LazyPassages = lazily(async () => (await import('./passages/passages-view.tsx')).PassagesView);
const LazyWatchlists = lazily(async () => (await import('./watchlists/watchlists-view.tsx')).WatchlistsView);
const LazyWatchlist = lazily(async () => (await import('./watchlists/list-page.tsx')).ListPage);
const LazyShift = lazily(async () => (await import('./shift/shift-view.tsx')).ShiftView);
const LazyFigures = lazily(async () => (await import('./figures/figures-view.tsx')).FiguresView);
const LazyVideo = lazily(async () => (await import('./video/video-view.tsx')).VideoView);

function Page() {
  if (session.value === undefined) return <p class="plain">{t('loading')}</p>;
  if (display.value !== null) return <LazyDisplay view={display.value} />;
  if (session.value === null) return isScreen() ? <LazyScreen /> : <Login />;
  return <Console key={whoIs.value} role={session.value.role} />;
}

/** Whether this is a second screen, or is to be one. */
function isScreen(): boolean {
  const view = viewAt(place.value.path);
  return wasDisplay.value || screenToken.value !== null || view === 'wall' || view === 'desk';
}

/** What opens the names of people; who has none of these is shown user names. */
const NAMING = ['alerts.handle', 'orders.work', 'duty.keep', 'people.keep', 'audit.read', 'register.read'];

function Console({ role }: { role: string }) {
  useEffect(() => {
    const stop = new AbortController();
    if (place.value.path === VIEWS.duty.path && place.value.query.size === 0) start(role);
    deedsAreOf(whoIs.value ?? '');
    followAlerts(whoIs.value ?? '', stop.signal);
    void followOverview(stop.signal);
    if (NAMING.some(may)) void keepNames((ended) => readAnswer('/users/names', ended), stop.signal);
    if (may('orders.work')) void sendOrders(whoIs.value ?? '', stop.signal);
    return () => {
      if (unfinished() > 0) void finishAll().then(tellUndone);
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

/** Of a session that ended, by itself too: whoever signs in next knows that there is something to look at. */
function tellUndone(alerts: number): void {
  if (!session.value) undone.value = alerts;
}

function Shown({ view }: { view: ViewName | null }) {
  if (view === 'duty') {
    return (
      <>
        <AlertList />
        <DutySide />
      </>
    );
  }
  if (view === 'video') return <LazyVideo />;
  if (view === 'passages') return <LazyPassages />;
  if (view === 'watchlists') return <LazyWatchlists />;
  if (view === 'watchlist') {
    const id = watchlistAt(place.value.path) ?? '';
    return <LazyWatchlist key={id} id={id} />;
  }
  if (view === 'shift') return <LazyShift />;
  if (view === 'figures') return <LazyFigures />;
  if (view === 'settings') return <Settings />;
  if (view === 'admin' || view === 'adminPiece') return <LazyAdmin piece={pieceAt(place.value.path)} />;
  if (view === 'map') return <LazyMap />;
  if (view === 'wall' || view === 'desk') return <LazyScreen />;
  if (view === 'devices') return <LazyDevices />;
  if (view === 'addDevice') return <LazyAddDevice />;
  if (view === 'device') {
    const id = deviceAt(place.value.path) ?? '';
    return <LazyDevice key={id} id={id} />;
  }
  if (view === 'orders') return <LazyOrders />;
  if (view === 'order') {
    const number = orderAt(place.value.path) ?? '';
    return <LazyOrder key={number} number={number} />;
  }
  if (view === 'case') {
    const id = caseAt(place.value.path) ?? '';
    return <LazyCase key={id} id={id} />;
  }
  return <p class="plain">{t('view.none')}</p>;
}

/** Who comes by no particular address begins where their work is. */
function start(role: string): void {
  if (startOf(role) !== place.value.path) go(startOf(role));
}

/** What was entered without the network is sent from whatever view somebody looks at. */
async function sendOrders(owner: string, signal: AbortSignal): Promise<void> {
  const { sendAll } = await import('./orders/queue/sender.ts');
  if (!signal.aborted) await sendAll(owner, signal);
}

/**
 * Asks who we are until the gateway answers: it may be just starting, or there is no network. Meanwhile who kept work
 * orders here goes on with them.
 */
async function findSession(): Promise<void> {
  const never = new AbortController().signal;
  for (let attempt = 0; session.value === undefined || isRemembered.value; attempt += 1) {
    await loadSession().catch(async () => {
      if (session.value === undefined && (await remember()) && orderAt(place.value.path) === null)
        go(VIEWS.orders.path);
      await retryPause(attempt, 5_000, never);
    });
  }
}

// Who waits for a camera need not wait any longer once the gateway is heard again.
effect(() => {
  if (link.value === 'live') resumeStreams();
});

effect(() => {
  document.documentElement.lang = locale.value;
  // Whoever installs the page has its name in the language that it speaks then.
  const manifest = document.querySelector<HTMLLinkElement>('link[rel=manifest]');
  if (manifest) manifest.href = language.value === 'zh' ? '/zh-CN.webmanifest' : '/en.webmanifest';
});

effect(() => {
  const numbers = session.value ? overview.value?.[countedDesk.value] : undefined;
  const open = numbers ? SEVERITIES.reduce((sum, severity) => sum + (numbers[severity] ?? 0), 0) : 0;
  document.title = open > 0 ? `(${open}) citywatch` : 'citywatch';
});

guardKept();
void resumeLeaving();

const page = document.getElementById('page');
if (page) render(<Page />, page);
void findSession();
