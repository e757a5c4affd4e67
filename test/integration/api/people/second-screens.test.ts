import { once } from 'node:events';
import t, { type Test } from 'tap';
import { WebSocket } from 'ws';
import { DISPLAY_VIEWS, type DisplayView } from '../../../../src/access/displays/displays.ts';
import { listen } from '../../../../src/api/server/server.ts';
import type { Caller } from '../../../../src/core/types.ts';
import { startAlertsApi } from '../../../support/alerts/alerts-api.ts';
import { bearer, CAMERA, HERE, startApi, TOKENS, tokenOf } from '../../../support/api/api.ts';
import { memoryStreams } from '../../../support/api/api-parts.ts';
import { memoryAlerts } from '../../../support/api/memory/alerts.ts';
import { memoryDisplays, ON_DISPLAY } from '../../../support/api/memory/people.ts';
import { memoryWalls } from '../../../support/api/view-requests.ts';
import { openRegistry } from '../../../support/devices/registry.ts';
import { ManualClock, passTime } from '../../../support/time/clock.ts';
import { until } from '../../../support/time/until.ts';

const { cookie, address } = ON_DISPLAY;
const WALL = '5c0d1a52-8a0e-4bd5-8d6a-0a7c5a0f6d11';

/** What goes on ends this soon after a screen was revoked, by the issue, or does not show it any more. */
const WITHIN_MS = 10_000;

/** What is open to a second screen, and nothing else: a route that is added here was thought about. */
const EVERY = ['GET /api/v1/session', 'GET /api/v1/session/display', 'GET /api/v1/kinds', 'GET /api/v1/jurisdictions'];
const VIDEO = [
  'GET /api/v1/live',
  'GET /api/v1/streams/:id/live.m3u8',
  'GET /api/v1/streams/:id/media.m3u8',
  'GET /api/v1/streams/:id/:part',
  'GET /api/v1/streams/:id/snapshot.jpg',
];
const MAP = [
  'GET /api/v1/map/devices',
  'GET /api/v1/map/moving',
  'GET /api/v1/map/base',
  'GET /api/v1/map/outlines.geojson',
  'GET /api/v1/map/city.pmtiles',
  'GET /api/v1/map/tiles/:tile',
];
const ALERTS = ['GET /api/v1/alerts', 'GET /api/v1/alerts/stream', 'GET /api/v1/overview', 'GET /api/v1/rules'];
const OPEN: Record<DisplayView, readonly string[]> = {
  wall: [...EVERY, ...VIDEO],
  map: [...EVERY, ...MAP],
  desk: [...EVERY, ...VIDEO, ...MAP, ...ALERTS],
};

function nameOf(method: string, url: string): string {
  return `${method === 'HEAD' ? 'GET' : method} ${url}`;
}

for (const view of DISPLAY_VIEWS) {
  t.test(`a ${view} screen opens what it shows, and no other route`, async (t) => {
    const { app, call } = await startApi(t, { displays: memoryDisplays(view) });
    const closed = app.declaredRoutes.filter(
      (route) => !route.public && !OPEN[view].includes(nameOf(route.method, route.url)),
    );
    const opened = app.declaredRoutes.filter(({ displays }) => displays.includes(view));
    t.same(new Set(opened.map(({ method, url }) => nameOf(method, url))), new Set(OPEN[view]));
    const wrong: string[] = [];
    for (const { method, url } of closed) {
      const headers = { cookie, 'x-citywatch': 'console', 'if-match': '"1"' };
      const path = url.replace(/:\w+/g, 'x');
      const { status } = await call({
        method: method as 'GET',
        url: path,
        headers,
        remoteAddress: address,
        payload: {},
      });
      if (status !== 403) wrong.push(`${method} ${url}: ${status}`);
    }
    t.same(wrong, []);
    t.ok(closed.length > 200);
  });
}

t.test('it is asked for its address each time, and looks at nothing for a case', async (t) => {
  const { call } = await startApi(t, { displays: memoryDisplays('wall'), walls: memoryWalls([CAMERA]) });
  const still = `/api/v1/streams/${CAMERA}/snapshot.jpg`;
  const look = (url: string, remoteAddress = address) =>
    call({ method: 'GET', url, headers: { cookie }, remoteAddress });
  t.equal((await look(still)).status, 200);
  t.match((await look('/api/v1/session')).body, { display: 'wall', username: null });
  t.equal((await look(still, '192.0.2.8')).status, 401);
  t.equal((await look('/api/v1/session', '192.0.2.8')).status, 401);
  t.equal((await look(`${still}?case=A-1`)).status, 403);
  const asBearer = { authorization: `Bearer ${cookie.split('=')[1]}` };
  t.equal((await call({ method: 'GET', url: still, headers: asBearer, remoteAddress: address })).status, 401);
});

t.test('the screen of a wall shows the cameras of that wall, and no other of its area', async (t) => {
  let cameras: string[] = [];
  const walls = { ...memoryWalls(), get: async (caller: Caller, id: string) => memoryWalls(cameras).get(caller, id) };
  const screen = memoryDisplays('wall');
  const { app, call } = await startApi(t, { displays: screen, walls });
  for (const name of ['snapshot.jpg', 'live.m3u8', 'media.m3u8', 'init-1.mp4']) {
    const url = `/api/v1/streams/${CAMERA}/${name}`;
    const { status } = await call({ method: 'GET', url, headers: { cookie }, remoteAddress: address });
    t.equal(status, 403, name);
  }
  const { url } = await listen(app, { host: '127.0.0.1', port: 0 });
  const { verify } = screen;
  screen.verify = (secret) => verify(secret, address);
  const socket = new WebSocket(`${url.replace('http', 'ws')}/api/v1/live`, { headers: { cookie } });
  t.teardown(() => socket.terminate());
  await once(socket, 'open');
  const ask = async (look: object) => {
    socket.send(JSON.stringify({ type: 'open', channel: 1, ...look }));
    const [told] = await once(socket, 'message');
    return JSON.parse(String(told));
  };
  t.match(await ask({ camera: CAMERA }), { type: 'end', code: 'not-found' });
  t.match(await ask({ cameras: [CAMERA] }), { type: 'end', code: 'not-found' });
  cameras = [CAMERA];
  t.notMatch(await ask({ camera: CAMERA }), { code: 'not-found' });
});

t.test('the screen of a desk shows its wall and the cameras of open alerts, and no other of its area', async (t) => {
  const alerts = memoryAlerts();
  let seen: string[] = [];
  const askedFor: string[][] = [];
  const open = {
    ...alerts.open,
    seenBy: async (_caller: Caller, cameras: readonly string[]) => {
      askedFor.push([...cameras]);
      return new Set(seen);
    },
  };
  const screen = memoryDisplays('desk');
  const { call } = await startApi(t, { displays: screen, alerts: { ...alerts, open } });
  const look = async (name: string) => {
    const url = `/api/v1/streams/${CAMERA}/${name}`;
    return (await call({ method: 'GET', url, headers: { cookie }, remoteAddress: address })).status;
  };
  for (const name of ['snapshot.jpg', 'live.m3u8', 'media.m3u8', 'init-1.mp4']) t.equal(await look(name), 403, name);
  t.same(askedFor[0], [CAMERA]);
  seen = [CAMERA];
  t.equal(await look('snapshot.jpg'), 200);
  seen = [];
  t.equal(await look('snapshot.jpg'), 403, 'the alert was closed');
  const { verify } = screen;
  screen.verify = async (...given) => {
    const found = await verify(...given);
    return found && { ...found, wall: WALL };
  };
  const walled = await startApi(t, { displays: screen, walls: memoryWalls([CAMERA]), alerts: { ...alerts, open } });
  const url = `/api/v1/streams/${CAMERA}/snapshot.jpg`;
  t.equal((await walled.call({ method: 'GET', url, headers: { cookie }, remoteAddress: address })).status, 200);
});

t.test('a look that goes on ends when the alert is closed that it was shown for', async (t) => {
  const clock = new ManualClock();
  const alerts = memoryAlerts();
  let seen = [CAMERA];
  const open = { ...alerts.open, seenBy: async () => new Set(seen) };
  const screen = memoryDisplays('desk');
  const { verify } = screen;
  screen.verify = (secret) => verify(secret, address);
  let leases = 0;
  const lease = async () => {
    leases += 1;
    return { quality: 'sub' as const, listen: () => () => {}, release: () => {} };
  };
  const streams = { ...memoryStreams(), lease } as never;
  const { app } = await startApi(t, { displays: screen, alerts: { ...alerts, open }, clock, streams });
  const { url } = await listen(app, { host: '127.0.0.1', port: 0 });
  const socket = new WebSocket(`${url.replace('http', 'ws')}/api/v1/live`, { headers: { cookie } });
  t.teardown(() => socket.terminate());
  await once(socket, 'open');
  const told: { code?: string }[] = [];
  socket.on('message', (data) => told.push(JSON.parse(String(data))));
  socket.send(JSON.stringify({ type: 'open', channel: 1, camera: CAMERA }));
  await until('it is shown', () => leases === 1);
  await clock.advance(30_000);
  t.same(told, [], 'it goes on while the alert is open');
  seen = [];
  const ms = await passTime(clock, () => told.length > 0, 100);
  t.ok(ms <= WITHIN_MS, `ended after ${ms} ms`);
  t.match(told, [{ type: 'end', channel: 1, code: 'not-found' }]);
});

t.test('a token is exchanged once for a cookie that no script reads; a foreign page exchanges none', async (t) => {
  const { displays } = await openRegistry(t);
  const walls = memoryWalls();
  const { call } = await startApi(t, { displays, walls });
  const payload = { name: 'lobby', view: 'map', jurisdiction: HERE, address: '10.1.2.3' };
  const create = (body: object) =>
    call({ method: 'POST', url: '/api/v1/displays', headers: bearer(TOKENS.admin), payload: body });
  const made = await create(payload);
  t.equal(made.status, 201, made.text);
  const { token, id } = made.body as { token: string; id: string };
  t.equal((await create({ ...payload, view: 'wall' })).status, 400, 'a wall names its cameras');
  const begin = (headers: Record<string, string> = {}) =>
    call({ method: 'POST', url: '/api/v1/session/display', headers, payload: { token }, remoteAddress: '10.1.2.3' });
  t.equal((await begin({ 'sec-fetch-site': 'cross-site' })).status, 403);
  const begun = await begin();
  t.equal(begun.status, 200, begun.text);
  t.same(begun.body, { view: 'map' });
  const set = String(begun.headers['set-cookie']);
  t.match(set, /^cw_display=[A-Za-z0-9_-]{43}; Path=\/; Max-Age=34560000; HttpOnly; SameSite=Strict$/);
  t.notMatch(begun.text, token);
  t.equal((await begin()).status, 401);
  const own = { cookie: set.split(';')[0]! };
  const shown = await call({ method: 'GET', url: '/api/v1/session/display', headers: own, remoteAddress: '10.1.2.3' });
  t.same(shown.body, { name: 'lobby', view: 'map', wall: null });
  const headers = { ...bearer(tokenOf('operator')), 'if-match': '"1"' };
  t.equal((await call({ method: 'DELETE', url: `/api/v1/displays/${id}`, headers })).status, 403);
});

t.test('the stream of a screen ends when it is revoked', async (t: Test) => {
  const clock = new ManualClock();
  const { alerts } = await startAlertsApi(t);
  const screen = memoryDisplays('desk');
  let revoked = false;
  const displays = {
    ...screen,
    verify: async (secret: string) => (revoked ? null : await screen.verify(secret, address)),
  };
  const { app } = await startApi(t, { displays, alerts, clock });
  const { url } = await listen(app, { host: '127.0.0.1', port: 0 });
  const answer = await fetch(`${url}/api/v1/alerts/stream`, { headers: { cookie } });
  t.equal(answer.status, 200);
  let ended = false;
  void answer.text().finally(() => {
    ended = true;
  });
  await clock.advance(30_000);
  t.equal(ended, false, 'it goes on while it may');
  revoked = true;
  const ms = await passTime(clock, () => ended, 100);
  t.ok(ms <= WITHIN_MS, `ended after ${ms} ms`);
});
