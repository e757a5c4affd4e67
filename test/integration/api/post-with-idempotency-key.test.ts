import t from 'tap';
import { OPERATIONS } from '../../../scripts/api-types/part.mjs';
import { CitywatchError } from '../../../src/core/errors.ts';
import { bearer, ELSEWHERE, HERE, MemoryRegistry, startApi, TOKENS } from '../../support/api/api.ts';

const place = { kind: 'recycling-kiosk', name: 'n', location: { lat: 29, lon: 121 } };
const payload = { ...place, jurisdiction: HERE };
const url = '/api/v1/devices';
const withKey = (key: string, token: string = TOKENS.admin) => ({ ...bearer(token), 'idempotency-key': key });

t.test('the same request again gets the first answer, without the secret', async (t) => {
  const { call, registry } = await startApi(t);
  const first = await call({ method: 'POST', url, headers: withKey('k-1'), payload });
  t.equal(first.status, 201);
  t.match(first.body, { secret: 'one-time-secret' });
  const again = await call({ method: 'POST', url, headers: withKey('k-1'), payload });
  t.equal(again.status, 201);
  t.match(again.headers, { 'idempotency-replayed': 'true' });
  const { secret: _shownOnce, ...rest } = first.body as { secret: string };
  t.same(again.body, { ...rest, secretWithheld: true });
  t.equal(registry.devices.size, 2, 'one was there, one was made');
});

t.test('a key belongs to one request and one caller', async (t) => {
  const { call, registry } = await startApi(t);
  t.equal((await call({ method: 'POST', url, headers: withKey('k-1'), payload })).status, 201);
  const other = await call({ method: 'POST', url, headers: withKey('k-1'), payload: { ...payload, name: 'other' } });
  t.equal(other.status, 422);
  t.match(other.body, { code: 'idempotency.mismatch' });
  const elsewhere = await call({ method: 'POST', url: '/api/v1/tokens', headers: withKey('k-1'), payload });
  t.equal(elsewhere.status, 400, 'a wrong body is told first');
  const foreign = { ...place, jurisdiction: ELSEWHERE };
  const theirs = await call({ method: 'POST', url, headers: withKey('k-1', TOKENS.foreign), payload: foreign });
  t.equal(theirs.status, 201);
  t.equal(registry.devices.size, 3);
});

t.test('a request that failed may be tried again with its key', async (t) => {
  const registry = new MemoryRegistry();
  const create = registry.create.bind(registry);
  registry.create = async () => {
    registry.create = create;
    throw new CitywatchError('store.unavailable');
  };
  const { call } = await startApi(t, { registry: registry as never });
  t.equal((await call({ method: 'POST', url, headers: withKey('k-1'), payload })).status, 503);
  t.equal((await call({ method: 'POST', url, headers: withKey('k-1'), payload })).status, 201);
});

t.test('two at once: one works, the other is told to wait', async (t) => {
  const registry = new MemoryRegistry();
  const create = registry.create.bind(registry);
  let open = () => {};
  const held = new Promise<void>((resolve) => {
    open = resolve;
  });
  registry.create = async (...given) => held.then(() => create(...given));
  const { call } = await startApi(t, { registry: registry as never });
  const first = call({ method: 'POST', url, headers: withKey('k-1'), payload });
  const second = await call({ method: 'POST', url, headers: withKey('k-1'), payload });
  t.equal(second.status, 409);
  t.match(second.body, { code: 'idempotency.running' });
  open();
  t.equal((await first).status, 201);
});

t.test('a key that is no key is refused', async (t) => {
  const { call } = await startApi(t);
  for (const key of ['', 'a b', 'x'.repeat(256), 'ü']) {
    const answer = await call({ method: 'POST', url, headers: withKey(key), payload });
    t.equal(answer.status, 400, JSON.stringify(key));
    t.match(answer.body, { issues: [{ path: 'Idempotency-Key' }] });
  }
});

/** Posts of the console that only ask, or begin what is begun once anyway. */
const ASKING = [
  '/audit/verification',
  '/devices/check',
  '/devices/{id}/check',
  '/imports/{id}/secrets',
  '/passages/search',
  '/session',
  '/session/display',
  '/silences/preview',
];

t.test('whatever the console makes takes a key, so that a second press makes no second thing', async (t) => {
  const { call } = await startApi(t);
  const { text } = await call({ method: 'GET', url: '/api/openapi.json' });
  const { paths } = JSON.parse(text);
  const posts = Object.entries(OPERATIONS).filter(([, methods]) => methods.includes('post'));
  const without = posts.filter(([path]) => {
    const { parameters = [] } = paths[path].post as { parameters?: { in: string; name: string }[] };
    return !parameters.some((one) => one.in === 'header' && one.name.toLowerCase() === 'idempotency-key');
  });
  t.ok(posts.length > 40);
  t.same(without.map(([path]) => path.replace('/api/v1', '')).sort(), ASKING);
});
