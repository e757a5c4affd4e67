import t from 'tap';
import { bearer, HERE, KIOSK, makeDevice, startApi, TOKENS } from '../../../support/api/api.ts';

const url = `/api/v1/devices/${KIOSK}`;

t.test('a change needs the ETag that was read', async (t) => {
  const { call } = await startApi(t);
  const { headers } = await call({ method: 'GET', url, headers: bearer(TOKENS.viewer) });
  t.equal(headers.etag, '"1"');
  const change = async (match: string | undefined) => {
    const condition = match === undefined ? {} : { 'if-match': match };
    return call({ method: 'PATCH', url, headers: { ...bearer(TOKENS.admin), ...condition }, payload: { name: 'x' } });
  };
  for (const missing of [undefined, '', '*']) t.equal((await change(missing)).status, 428, String(missing));
  for (const stale of ['"2"', 'W/"1"', '1', '"x"', '"2", "3"']) t.equal((await change(stale)).status, 412, stale);
  const changed = await change('"1"');
  t.equal(changed.status, 200);
  t.equal(changed.headers.etag, '"2"');
  t.match(changed.body, { name: 'x', version: 2 });
  t.equal((await change('"1"')).status, 412);
  const gone = await call({ method: 'DELETE', url, headers: bearer(TOKENS.admin) });
  t.equal(gone.status, 428);
  const retired = await call({ method: 'DELETE', url, headers: { ...bearer(TOKENS.admin), 'if-match': '"2"' } });
  t.equal(retired.status, 204);
  t.equal(retired.text, '');
});

t.test('fields that a device does not have are refused by name', async (t) => {
  const { call } = await startApi(t);
  const base = { kind: 'recycling-kiosk', name: 'n', jurisdiction: HERE, location: { lat: 29, lon: 121 } };
  for (const field of ['role', 'version', 'createdAt', 'updatedAt', 'health', 'unit', 'ownerId', 'verified']) {
    const payload = { ...base, [field]: 1 };
    const answer = await call({ method: 'POST', url: '/api/v1/devices', headers: bearer(TOKENS.admin), payload });
    t.equal(answer.status, 400, field);
    t.match(answer.body, { code: 'request.invalid', issues: [{ path: field, message: 'unknown field' }] });
  }
});

t.test('a list is walked to its end by its cursor, and only by its own', async (t) => {
  const { call, registry } = await startApi(t);
  for (let number = 0; number < 25; number += 1) {
    const id = `d-${String(number).padStart(2, '0')}`;
    registry.devices.set(id, makeDevice({ id }));
  }
  registry.devices.delete(KIOSK);
  const headers = bearer(TOKENS.viewer);
  const seen: string[] = [];
  let cursor: string | undefined;
  let first: string | undefined;
  do {
    const next = cursor === undefined ? '' : `&cursor=${cursor}`;
    const page = await call({ method: 'GET', url: `/api/v1/devices?limit=10${next}`, headers });
    const body = page.body as { items: { id: string }[]; next?: string };
    seen.push(...body.items.map(({ id }) => id));
    cursor = body.next;
    first ??= cursor;
  } while (cursor !== undefined);
  t.same(seen, [...registry.devices.keys()]);
  const misuse = [
    { url: `/api/v1/devices?kind=camera&cursor=${first}`, headers },
    { url: `/api/v1/devices?cursor=${first}`, headers: bearer(TOKENS.operator) },
    { url: `/api/v1/dead-letters?cursor=${first}`, headers: bearer(TOKENS.operator) },
    { url: `/api/v1/devices?cursor=${first}x`, headers },
    { url: '/api/v1/devices?cursor=constructor', headers },
  ];
  for (const request of misuse) t.match((await call({ method: 'GET', ...request })).body, { code: 'request.cursor' });
  t.equal((await call({ method: 'GET', url: `/api/v1/devices?limit=5&cursor=${first}`, headers })).status, 200);
});

t.test('queries are as strict as bodies', async (t) => {
  const { call } = await startApi(t);
  const range = 'from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z';
  const cases: [string, string][] = [
    ['/api/v1/devices?limit=501', 'limit'],
    ['/api/v1/devices?limit=0', 'limit'],
    ['/api/v1/devices?limit=1&limit=2', 'limit'],
    ['/api/v1/devices?limit=1e9', 'limit'],
    ['/api/v1/devices?state=broken', 'state'],
    ['/api/v1/devices?jurisdiction=33', 'jurisdiction'],
    ['/api/v1/kinds?x=1', 'x'],
    [`${url}?x=1`, 'x'],
    [`${url}/history?fields=a&${range}`, 'to'],
    [`${url}/history?fields=a;drop&from=2026-01-01T00:00:00Z&to=2026-01-02T00:00:00Z`, 'fields[0]'],
    [`${url}/history?fields=a&from=yesterday&to=2026-01-02T00:00:00Z`, 'from'],
    [`${url}/history?from=2026-01-01T00:00:00Z&to=2026-01-02T00:00:00Z`, 'fields'],
    [`${url}/history?fields=a&from=2026-01-01T00:00:00Z&to=2026-01-02T00:00:00Z&every=5`, 'every'],
    ['/api/v1/messages', 'querystring'],
    [`/api/v1/messages?device=${KIOSK}`, 'from'],
    [`/api/v1/messages?id=live-1&device=${KIOSK}`, 'querystring'],
    ['/api/v1/messages?id=../1', 'id'],
  ];
  for (const [path, field] of cases) {
    const answer = await call({ method: 'GET', url: path, headers: bearer(TOKENS.admin) });
    t.equal(answer.status, 400, path);
    t.equal((answer.body as { issues: { path: string }[] }).issues[0]?.path, field, path);
  }
});

t.test('a path that takes another method says which', async (t) => {
  const { call } = await startApi(t);
  const answer = await call({ method: 'PUT', url });
  t.equal(answer.status, 405);
  t.equal(answer.headers.allow, 'DELETE, GET, HEAD, PATCH');
  t.match(answer.body, { code: 'request.method' });
});
