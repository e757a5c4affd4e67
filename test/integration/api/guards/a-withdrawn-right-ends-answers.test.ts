import t, { type Test } from 'tap';
import type { ApiDeps } from '../../../../src/api/deps.ts';
import type { DeclaredRoute } from '../../../../src/api/guards/auth.ts';
import { listen } from '../../../../src/api/server/server.ts';
import { CitywatchError } from '../../../../src/core/errors.ts';
import type { Caller } from '../../../../src/core/types.ts';
import { startAlertsApi } from '../../../support/alerts/alerts-api.ts';
import { bearer, CAMERA, ELSEWHERE, KIOSK, startApi, TOKENS } from '../../../support/api/api.ts';
import { ManualClock, passTime } from '../../../support/time/clock.ts';
import { until } from '../../../support/time/until.ts';

/** An answer ends this soon after its right, by the issue. */
const WITHIN_MS = 10_000;

const { alerts, desk } = await startAlertsApi(t);

/** What asks for an answer that goes on; a lasting route without one here fails the test. */
const QUESTIONS: Record<string, string> = {
  'GET /api/v1/alerts/stream': '/api/v1/alerts/stream',
  'GET /api/v1/devices/health/stream': '/api/v1/devices/health/stream',
  'GET /api/v1/devices/export': '/api/v1/devices/export',
  'GET /api/v1/recording-exports/:id/export.tar':
    '/api/v1/recording-exports/00000000-0000-4000-8000-000000000005/export.tar',
  'GET /api/v1/recording-exports/:id/viewing-copies/:copy/copy.tar':
    '/api/v1/recording-exports/00000000-0000-4000-8000-000000000005/viewing-copies/' +
    '00000000-0000-4000-8000-000000000006/copy.tar',
  'GET /api/v1/devices.geojson': '/api/v1/devices.geojson',
  'GET /api/v1/live': '/api/v1/live',
  'GET /api/v1/devices/:id/export': `/api/v1/devices/${KIOSK}/export?from=2026-01-01T00:00:00Z&to=2026-01-02T00:00:00Z`,
};

const CLIP = '00000000-0000-4000-8000-000000000004';
const SPAN = 'from=2026-01-01T00:00:00Z&to=2026-01-01T00:01:00Z';

/** What asks for a file that is large; a route of those without one here fails the test. */
const FILES: Record<string, string> = {
  'GET /api/v1/streams/:id/clips/:clip/clip.mp4': `/api/v1/streams/${CAMERA}/clips/${CLIP}/clip.mp4?purpose=routine`,
  'GET /api/v1/streams/:id/clip.mp4': `/api/v1/streams/${CAMERA}/clip.mp4?purpose=routine&${SPAN}`,
  'GET /api/v1/streams/:id/recordings/:file': `/api/v1/streams/${CAMERA}/recordings/1-1.mp4?purpose=routine`,
  'GET /api/v1/alerts/:id/evidence/:evidence': '/api/v1/alerts/00000000-0000-4000-8000-000000000001/evidence/one',
};

/** More than two ends of a connection keep for a client that does not read. */
const FILE = Buffer.alloc(48 * 1024 * 1024);

/** What may become of a right while its answer goes on. */
const WITHDRAWALS: Record<string, (caller: Caller) => Caller | null> = {
  'the token is revoked': () => null,
  'the role has the right no more': (caller) => ({ ...caller, role: 'device' as Caller['role'] }),
  'the area is another': (caller) => ({ ...caller, jurisdiction: ELSEWHERE }),
  'it is limited to a police agency': (caller) => ({ ...caller, police: '330212510000' }),
};

interface Credentials {
  now: (caller: Caller) => Caller | null;
}

async function start(t: Test, clock: ManualClock, credentials: Credentials) {
  const probe = await startApi(t);
  const verify = async (token: string) => {
    const caller = await probe.deps.tokens.verify(token);
    return caller && credentials.now(caller);
  };
  const endless = async function* (signal: AbortSignal) {
    yield 'time\r\n';
    await clock.sleep(Number.MAX_SAFE_INTEGER, signal);
  };
  const exports: ApiDeps['exports'] = {
    open: async (_question, signal) => ({ contentType: 'text/csv', fileName: 'x.csv', pieces: endless(signal!) }),
  };
  const tokens = { ...probe.deps.tokens, verify };
  const unending = new AbortController();
  t.teardown(() => unending.abort());
  const deviceExport: ApiDeps['deviceExport'] = {
    open: async () => ({ contentType: 'text/csv', fileName: 'x.csv', pieces: endless(unending.signal) }),
  };
  const pages: ApiDeps['search']['pages'] = async function* () {
    yield [];
    await clock.sleep(Number.MAX_SAFE_INTEGER, unending.signal);
  };
  const search = { ...probe.deps.search, pages };
  const next = async (_seq: number, signal: AbortSignal) => {
    await clock.sleep(Number.MAX_SAFE_INTEGER, signal);
    return [];
  };
  const archive = async () => {
    const read = async function* () {
      yield Buffer.of(0);
      await clock.sleep(Number.MAX_SAFE_INTEGER, unending.signal);
    };
    return { name: 'x.tar', tar: { bytes: 1_000, read } };
  };
  const { recordings: kept } = probe.deps;
  const clips = { ...kept.clips, file: async () => FILE, cut: async () => FILE };
  const file = async () => ({ bytes: FILE.length, read: async () => FILE });
  const playback = { ...kept.playback, file };
  const lasting = { exports: { ...kept.exports, archive }, copies: { ...kept.copies, archive } };
  const recordings = { ...kept, ...lasting, clips, playback };
  const shown = async () => ({ camera: CAMERA, type: 'video/mp4' as const, data: FILE, platesOf: null });
  const withClip = { ...alerts, evidence: { ...alerts.evidence, shown } };
  const { deviceHealth: well } = probe.deps;
  const deviceHealth: ApiDeps['deviceHealth'] = { ...well, changes: { ...well.changes, next } };
  const api = await startApi(t, {
    alerts: withClip,
    clock,
    tokens,
    exports,
    deviceExport,
    search,
    deviceHealth,
    recordings,
  });
  const { url } = await listen(api.app, { host: '127.0.0.1', port: 0 });
  return { api, url };
}

/** A WebSocket, until the other side ends it. */
async function beginSocket(url: string, token: string) {
  const state = { begun: false, ended: false };
  const options = { headers: bearer(token) } as unknown as string[];
  const socket = new WebSocket(url.replace('http', 'ws'), options);
  socket.addEventListener('open', () => {
    state.begun = true;
  });
  socket.addEventListener('close', () => {
    state.ended = true;
  });
  await until('it has begun', () => state.begun);
  return state;
}

/** Reads until the other side ends it, whichever way. */
async function begin(url: string, token: string) {
  if (url.endsWith('/live')) return beginSocket(url, token);
  const answer = await fetch(url, { headers: bearer(token) });
  const reader = answer.body!.getReader();
  const state = { begun: false, ended: false };
  const read = async () => {
    for (;;) {
      const { done } = await reader.read();
      state.begun = true;
      if (done) return;
    }
  };
  void read()
    .catch(() => {})
    .finally(() => {
      state.ended = true;
    });
  await until('it has begun', () => state.begun);
  return state;
}

t.test('each answer that goes on ends within 10 s of its right, whatever took that', async (t) => {
  const clock = new ManualClock();
  const credentials: Credentials = { now: (caller) => caller };
  const { api, url } = await start(t, clock, credentials);
  const lasting = api.app.declaredRoutes.filter((route) => route.lasting && route.method === 'GET');
  const nameOf = ({ method, url }: DeclaredRoute) => `${method} ${url}`;
  t.same(
    lasting.map(nameOf).filter((name) => !QUESTIONS[name]),
    [],
    'every lasting route is asked',
  );
  for (const route of lasting) {
    for (const [what, now] of Object.entries(WITHDRAWALS)) {
      credentials.now = (caller) => caller;
      const state = await begin(url + QUESTIONS[nameOf(route)], TOKENS.operator);
      await clock.advance(30_000);
      t.equal(state.ended, false, `${route.url} goes on while it may`);
      credentials.now = now;
      const ms = await passTime(clock, () => state.ended, 100);
      t.ok(ms <= WITHIN_MS, `${route.url}, ${what}: ended after ${ms} ms`);
    }
  }
});

/** Takes the beginning of a file and no more; `ended` once the server has, `rest` reads on. */
async function beginFile(api: Awaited<ReturnType<typeof startApi>>, url: string, token: string) {
  const state = { ended: false };
  api.app.server.once('request', (_request, response) => {
    response.once('close', () => {
      state.ended = true;
    });
  });
  const answer = await fetch(url, { headers: bearer(token) });
  t.equal(answer.status, 200);
  const reader = answer.body!.getReader();
  let bytes = (await reader.read()).value!.length;
  const rest = async (): Promise<number> => {
    for (let piece = await reader.read(); !piece.done; piece = await reader.read()) bytes += piece.value.length;
    return bytes;
  };
  return { state, rest };
}

t.test('a file that is being sent ends within 10 s of its right, however slowly it is read', async (t) => {
  const clock = new ManualClock();
  const credentials: Credentials = { now: (caller) => caller };
  const { api, url } = await start(t, clock, credentials);
  const large = api.app.declaredRoutes
    .filter((route) => route.large && route.method === 'GET')
    .map(({ method, url }) => `${method} ${url}`);
  t.same(large.toSorted(), Object.keys(FILES).toSorted(), 'every file that is large is asked for');
  for (const [route, path] of Object.entries(FILES)) {
    const whole = await beginFile(api, url + path, TOKENS.operator);
    await clock.advance(30_000);
    t.equal(await whole.rest(), FILE.length, `${route} goes on while it may`);
    for (const [what, now] of Object.entries(WITHDRAWALS)) {
      credentials.now = (caller) => caller;
      const { state, rest } = await beginFile(api, url + path, TOKENS.operator);
      credentials.now = now;
      const ms = await passTime(clock, () => state.ended, 100);
      t.ok(ms <= WITHIN_MS, `${route}, ${what}: ended after ${ms} ms`);
      await t.rejects(rest(), 'and the rest never comes');
    }
    credentials.now = (caller) => caller;
  }
});

t.test('what was long in coming goes out to nobody whose right to it was withdrawn meanwhile', async (t) => {
  const clock = new ManualClock();
  const credentials: Credentials = { now: (caller) => caller };
  const probe = await startApi(t);
  const verify = async (token: string) => {
    const caller = await probe.deps.tokens.verify(token);
    return caller && credentials.now(caller);
  };
  const state = { waiting: false };
  const snapshot: ApiDeps['streams']['snapshot'] = async (_view, signal) => {
    state.waiting = true;
    await clock.sleep(12_000, signal);
    return { contentType: 'image/jpeg', body: Buffer.from('a picture'), quality: 'main', atMs: 0 };
  };
  const { streams, tokens } = probe.deps;
  const deps = { alerts, clock, tokens: { ...tokens, verify }, streams: { ...streams, snapshot } };
  const { app } = await startApi(t, deps as Partial<ApiDeps>);
  const held = async (now: Credentials['now']) => {
    credentials.now = (caller) => caller;
    state.waiting = false;
    const url = `/api/v1/streams/${CAMERA}/snapshot.jpg?purpose=routine`;
    const asked = app.inject({ method: 'GET', url, headers: bearer(TOKENS.operator) }).then((answer) => answer);
    await until('it is being waited for', () => state.waiting);
    credentials.now = now;
    await clock.advance(12_000);
    return await asked;
  };
  const shown = await held((caller) => caller);
  t.equal(shown.statusCode, 200, shown.body);
  for (const [what, now] of Object.entries(WITHDRAWALS)) {
    const refused = await held(now);
    t.equal(refused.statusCode, 401, what);
    t.notMatch(refused.body, /a picture/);
  }
  const unknown = await held(() => {
    throw new CitywatchError('store.unavailable');
  });
  t.equal(unknown.statusCode, 200, 'while nobody can tell it goes out');
});

t.test('while nobody can tell, an answer goes on for 50 s and no longer', async (t) => {
  const clock = new ManualClock();
  const credentials: Credentials = { now: (caller) => caller };
  const { url } = await start(t, clock, credentials);
  const state = await begin(`${url}/api/v1/alerts/stream`, TOKENS.viewer);
  credentials.now = () => {
    throw new CitywatchError('store.unavailable');
  };
  await clock.advance(45_000);
  t.equal(state.ended, false);
  const ms = await passTime(clock, () => state.ended, 100);
  t.ok(ms <= WITHIN_MS, `ended ${ms} ms later`);
  t.ok(desk);
});

t.test('who asked for plates whole by role is told nothing more once the role shows none', async (t) => {
  const clock = new ManualClock();
  const credentials: Credentials = { now: (caller) => caller };
  const { url } = await start(t, clock, credentials);
  const stream = `${url}/api/v1/alerts/stream`;
  const whole = await begin(`${stream}?plates=whole&purpose=theft&case=A-1`, TOKENS.operator);
  const masked = await begin(stream, TOKENS.operator);
  credentials.now = (caller) => ({ ...caller, role: 'viewer' });
  const ms = await passTime(clock, () => whole.ended, 100);
  t.ok(ms <= WITHIN_MS, `ended after ${ms} ms`);
  await clock.advance(30_000);
  t.equal(masked.ended, false, 'who has them masked goes on');
});
