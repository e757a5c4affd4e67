import t from 'tap';
import { requireDeclaredRights } from '../../../src/api/guards/auth.ts';
import { listen } from '../../../src/api/server/server.ts';
import { bearer, DEVICE_SECRET, KIOSK, neverSeen, startApi, TOKENS } from '../../support/api/api.ts';

const UP = { ok: true, needed: true };
const SERVICES = { postgres: UP, redis: UP, influx: UP, mqtt: UP };
const PARTS = { ...SERVICES, ffmpeg: UP, journal: UP, disk: UP, pictures: UP, rules: UP, readers: UP };
const READER = { name: 'rules', lane: 'live' as const, position: 12, behind: 30 };
const readers = () => [{ ...READER, stuckMs: null }];

t.test('ready says which part is missing and why, alive does not care', async (t) => {
  const down = { ok: false, needed: true, reason: 'no answer within 1 s' };
  const { call } = await startApi(t, { health: { check: async () => ({ ...PARTS, influx: down }), readers } });
  const answer = await call({ method: 'GET', url: '/readyz' });
  t.equal(answer.status, 503);
  t.same(answer.body, { ready: false, parts: { ...PARTS, influx: down }, readers: [READER] });
  t.ok(answer.headers['retry-after']);
  t.equal((await call({ method: 'GET', url: '/healthz' })).status, 200);
  const spare = { ...down, needed: false };
  const without = await startApi(t, { health: { check: async () => ({ ...PARTS, ffmpeg: spare }), readers } });
  t.equal((await without.call({ method: 'GET', url: '/readyz' })).status, 200);
});

t.test('metrics are for administrators and for who shows the token for them, wherever they are', async (t) => {
  const metricsToken = 'only-for-metrics-0123456789abcdef';
  const { deps } = await startApi(t);
  const { call } = await startApi(t, { settings: { ...deps.settings, metricsToken } });
  const ask = (headers = {}, url = '/metrics') => call({ method: 'GET', url, remoteAddress: '127.0.0.1', headers });
  t.equal((await ask()).status, 401, 'being on this machine, or behind a proxy on it, proves nothing');
  t.equal((await ask(bearer(`${metricsToken}x`))).status, 401);
  t.equal((await ask(bearer(metricsToken), '/api/v1/devices')).status, 401, 'it opens nothing else');
  t.equal((await ask(bearer(TOKENS.viewer))).status, 403);
  t.equal((await ask(bearer(metricsToken))).status, 200);
  const answer = await ask(bearer(TOKENS.admin));
  t.match(answer.text, /citywatch_http_requests_total\{method="GET",route="\/metrics",status="200"\} 1/);
});

t.test('clients cannot make new metric series', async (t) => {
  const { call, deps } = await startApi(t);
  for (const method of ['GET', 'POST', 'TRACE'] as const) await call({ method, url: `/no/${method}/such` });
  const text = await deps.observer.metrics.metrics();
  t.match(text, /citywatch_http_requests_total\{method="unknown",route="unknown",status="404"\} 3/);
  t.notMatch(text, '/such');
});

t.test('one request, one line, and no secret in it', async (t) => {
  const { call, logLines } = await startApi(t);
  logLines.length = 0;
  const headers = {
    ...bearer(`${KIOSK}:${DEVICE_SECRET}`),
    'user-agent': 'a\u001b[31mred',
    'content-type': 'application/json',
  };
  const payload = '{"values":{"note":"payload-secret"}}';
  await call({ method: 'POST', url: `/api/v1/devices/${KIOSK}/telemetry?token=query-secret`, headers, payload });
  await call({ method: 'GET', url: '/a%0d%0a{"level":60}\u001b[31m' });
  t.equal(logLines.length, 2);
  for (const line of logLines) {
    t.match(line, /^[\x20-\x7e]*\n$/, 'one line of printable text');
    t.match(JSON.parse(line), { part: 'api', msg: 'request', requestId: /^[0-9a-f-]{36}$/ });
    t.notMatch(line, /query-secret|payload-secret|device-secret/);
  }
});

t.test('a client that hangs up is logged and counted', async (t) => {
  let arrived = () => {};
  const asked = new Promise<void>((resolve) => {
    arrived = resolve;
  });
  let release = () => {};
  const held = new Promise<typeof PARTS>((resolve) => {
    release = () => resolve(PARTS);
  });
  const check = () => {
    arrived();
    return held;
  };
  const { app, deps, logLines } = await startApi(t, { health: { check, readers } });
  const { url } = await listen(app, { host: '127.0.0.1', port: 0 });
  const controller = new AbortController();
  const answer = fetch(`${url}/readyz`, { signal: controller.signal });
  await asked;
  controller.abort();
  await t.rejects(answer);
  while (!logLines.some((line) => line.includes('client hung up')))
    await new Promise((resolve) => setImmediate(resolve));
  t.match(await deps.observer.metrics.metrics(), /route="\/readyz",status="aborted"\} 1/);
  release();
});

t.test('what breaks inside stays inside', async (t) => {
  const twin = {
    latest: () => {
      throw new Error('connect postgres://citywatch:hunter22@db failed');
    },
    counts: () => new Map(),
    presence: neverSeen,
  };
  const { call, logLines } = await startApi(t, { twin });
  const answer = await call({ method: 'GET', url: `/api/v1/devices/${KIOSK}/latest`, headers: bearer(TOKENS.viewer) });
  t.equal(answer.status, 500);
  t.match(answer.body, { code: 'internal' });
  t.notMatch(answer.text, /hunter22|postgres/);
  const { requestId } = answer.body as { requestId: string };
  t.equal(answer.headers['x-request-id'], requestId);
  t.ok(
    logLines.some((line) => line.includes(requestId) && line.includes('"level":50')),
    'the log knows it by its id',
  );
});

t.test('a route that does not say who may use it stops the start', async (t) => {
  const hooks: ((route: object) => void)[] = [];
  const app = { decorate: () => {}, addHook: (_name: string, run: never) => hooks.push(run) };
  requireDeclaredRights(app as never);
  const [check] = hooks;
  t.throws(() => check?.({ method: 'GET', url: '/open' }), /GET \/open does not say who may use it/);
  t.throws(() => check?.({ method: 'GET', url: '/open', config: { allow: [] } }), /does not say/);
  t.doesNotThrow(() => check?.({ method: 'GET', url: '/open', config: { public: true } }));
});
