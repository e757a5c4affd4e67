import t from 'tap';
import type { ApiLimits } from '../../../src/api/deps.ts';
import { bearer, KIOSK, startApi, TOKENS } from '../../support/api/api.ts';
import { limited } from '../../support/api/api-settings.ts';

const url = `/api/v1/devices/${KIOSK}`;
const A = '192.0.2.1';
const B = '192.0.2.2';

function withLimits(limits: Partial<ApiLimits>) {
  return { settings: limited(limits) };
}

t.test('guessing tokens is slowed by address; right ones from there still work', async (t) => {
  const { call } = await startApi(t, withLimits({ failedAuthPerMinute: 3 }));
  const guess = (remoteAddress: string) => call({ method: 'GET', url, headers: bearer('guess'), remoteAddress });
  for (let attempt = 0; attempt < 3; attempt += 1) t.equal((await guess(A)).status, 401);
  const refused = await guess(A);
  t.equal(refused.status, 429);
  t.ok(Number(refused.headers['retry-after']) >= 1);
  t.match(refused.body, { code: 'request.rate' });
  t.equal((await guess(B)).status, 401, 'another address has its own count');
  const right = await call({ method: 'GET', url, headers: bearer(TOKENS.viewer), remoteAddress: A });
  t.equal(right.status, 200);
});

t.test('an address has a limit for everything, also for what does not exist', async (t) => {
  const { call } = await startApi(t, withLimits({ addressPerMinute: 4 }));
  const statuses = [];
  for (const path of [url, '/healthz', '/nothing', '/api/docs/', '/healthz', '/nothing']) {
    statuses.push((await call({ method: 'GET', url: path, remoteAddress: A })).status);
  }
  t.same(statuses, [401, 200, 404, 200, 429, 429]);
});

t.test('what a client says of its address counts nothing', async (t) => {
  const { call } = await startApi(t, withLimits({ addressPerMinute: 2 }));
  const ask = (spoof: string) =>
    call({ method: 'GET', url: '/healthz', remoteAddress: A, headers: { 'x-forwarded-for': spoof, host: 'evil' } });
  t.same(
    [(await ask('1.1.1.1')).status, (await ask('2.2.2.2')).status, (await ask('3.3.3.3')).status],
    [200, 200, 429],
  );
});

t.test('a token has a limit of its own', async (t) => {
  const { call } = await startApi(t, withLimits({ callerPerMinute: 2 }));
  const ask = (token: string) => call({ method: 'GET', url, headers: bearer(token) });
  const statuses = [await ask(TOKENS.viewer), await ask(TOKENS.viewer), await ask(TOKENS.viewer)];
  t.same(
    statuses.map(({ status }) => status),
    [200, 200, 429],
  );
  t.equal((await ask(TOKENS.operator)).status, 200);
});

t.test('work at the same time is bounded, per caller and per district', async (t) => {
  let release = () => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  const history = {
    history: () => held.then(() => ({ points: [], truncated: false, source: 'raw' as const })),
    events: async () => ({ items: [], next: null }),
  };
  const limits = withLimits({ callerAtOnce: 3, heavyAtOnce: 6, heavyPerCaller: 2 });
  const { call } = await startApi(t, { ...limits, history });
  const heavy = `${url}/history?fields=fill_pct&from=2026-01-01T00:00:00Z&to=2026-01-02T00:00:00Z`;
  const ask = (token: string, path = heavy) => call({ method: 'GET', url: path, headers: bearer(token) });
  const running = [ask(TOKENS.viewer), ask(TOKENS.viewer)];
  const third = await ask(TOKENS.viewer);
  t.equal(third.status, 429, 'two heavy questions of this caller are being worked on');
  t.match(third.body, { detail: /one caller/ });
  t.equal(third.headers['retry-after'], '1');
  running.push(ask(TOKENS.operator));
  const beyond = await ask(TOKENS.technician);
  t.equal(beyond.status, 429, 'half of all places are taken by this district');
  t.match(beyond.body, { detail: /District 330212/ });
  t.equal((await ask(TOKENS.technician, url)).status, 200, 'a light one passes');
  const elsewhere = await ask(TOKENS.foreign, '/api/v1/dead-letters/groups');
  t.equal(elsewhere.status, 200, 'another district asks what it likes');
  release();
  for (const answer of await Promise.all(running)) t.equal(answer.status, 200);
  t.equal((await ask(TOKENS.viewer)).status, 200, 'and then there is room again');
});
