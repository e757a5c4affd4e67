import { connect } from 'node:net';
import t from 'tap';
import { listen } from '../../../../src/api/server/server.ts';
import { bearer, KIOSK, startApi, TOKENS } from '../../../support/api/api.ts';

const headers = bearer(TOKENS.admin);
const DEVICES = '/api/v1/devices';

function ask(port: number, method: string, path: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk;
    });
    socket.on('error', () => {});
    socket.on('close', () => resolve(text));
    socket.write(`${method} ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
  });
}

t.test('a known path says what it takes, whatever the method and the body', async (t) => {
  const { app, call } = await startApi(t);
  const { port } = await listen(app, { host: '127.0.0.1', port: 0 });
  for (const method of ['PUT', 'OPTIONS', 'TRACE', 'PROPFIND', 'QUERY', 'PURGE', 'FOO', 'get', 'X-OWN']) {
    const text = await ask(port, method, `${DEVICES}?limit=1`);
    t.match(text, /^HTTP\/1.1 405 .*"code":"request.method"/s, method);
    t.match(text, /^allow: GET, HEAD, POST\r$/im, method);
  }
  t.match(await ask(port, 'FOO', '/nowhere'), /^HTTP\/1.1 400 /);
  t.match(await ask(port, 'QUERY', '/nowhere'), /^HTTP\/1.1 404 /);
  const packed = { 'content-type': 'application/x-unknown' };
  const answer = await call({ method: 'PUT', url: DEVICES, headers: packed, payload: 'x' });
  t.match(answer, { status: 405, body: { code: 'request.method' } });
});

t.test("a path that is nobody's is not found, and another method is not offered", async (t) => {
  const { call } = await startApi(t);
  t.match(await call({ method: 'GET', url: '/api/v1/nothing', headers }), { status: 404, body: { code: 'not-found' } });
  const other = await call({ method: 'PUT', url: '/api/v1/work-orders' });
  t.match(other, { status: 405, headers: { allow: 'GET, HEAD, POST' } });
});

t.test('a query parameter that is missing is named', async (t) => {
  const { call } = await startApi(t);
  const cases: [string, string[]][] = [
    [`${DEVICES}/${KIOSK}/history`, ['fields', 'from', 'to']],
    [`${DEVICES}/${KIOSK}/events`, ['from', 'to']],
    [`${DEVICES}/${KIOSK}/export?from=2026-01-01T00:00:00Z`, ['to']],
    [`${DEVICES}/${KIOSK}/completeness`, ['from', 'to']],
    ['/api/v1/completeness', ['day']],
    [`/api/v1/messages?device=${KIOSK}`, ['from', 'to']],
  ];
  for (const [url, missing] of cases) {
    const { status, body } = await call({ method: 'GET', url, headers });
    t.equal(status, 400, url);
    const { issues } = body as { issues: { path: string; message: string; remedy?: string }[] };
    t.same(
      issues.map(({ path }) => path),
      missing,
      url,
    );
    for (const { path, message, remedy } of issues) {
      t.match(message, /^is missing/, `${url}: ${path}`);
      t.match(`${message} ${remedy ?? ''}`, `\`${path}\``, `${url}: ${path}`);
    }
  }
  const wrong = await call({ method: 'GET', url: '/api/v1/completeness?day=today', headers });
  t.notMatch(wrong.body, { issues: [{ message: 'is missing' }] });
});

t.test('one of several ETags is enough; a star is refused with its reason', async (t) => {
  const { call, registry } = await startApi(t);
  const rename = (match: string) =>
    call({
      method: 'PATCH',
      url: `${DEVICES}/${KIOSK}`,
      headers: { ...headers, 'if-match': match },
      payload: { name: 'another name' },
    });
  t.match(await rename('"7", "1"'), { status: 200, headers: { etag: '"2"' } });
  t.match(await rename('"foreign,tag" , "2","2"'), { status: 200, headers: { etag: '"3"' } });
  for (const stale of ['"1", "2"', 'W/"3"', '3', '"3", *', '"x"']) {
    t.match(await rename(stale), { status: 412, body: { code: 'precondition.stale' } }, stale);
  }
  t.equal(registry.devices.get(KIOSK)?.version, 3);
  const star = await rename('*');
  t.match(star, { status: 428, body: { code: 'precondition.missing', detail: /If-Match: \*/ } });
  const many = Array.from({ length: 11 }, (_, version) => `"${version}"`).join();
  t.match(await rename(many), { status: 400, body: { issues: [{ path: 'if-match' }] } });
  const retired = { ...headers, 'if-match': '"2", "3"' };
  t.equal((await call({ method: 'DELETE', url: `${DEVICES}/${KIOSK}`, headers: retired })).status, 204);
  const revoke = { ...headers, 'if-match': '"9", "1"' };
  t.equal((await call({ method: 'DELETE', url: '/api/v1/tokens/t-1', headers: revoke })).status, 204);
});

t.test('what the contract names of alerts, rules, clips and work is served by these names', async (t) => {
  const { app } = await startApi(t);
  const served = new Set(app.declaredRoutes.map(({ method, url }) => `${method} ${url.replace('/api/v1', '')}`));
  const named = `GET /alerts, GET /alerts/:id, POST /alerts/:id/ack, POST /alerts/:id/assign, POST /alerts/:id/comment,
    POST /alerts/:id/close, POST /alerts/:id/shelve, GET /alerts/events, GET /alerts/stream, POST /alerts/bulk,
    GET /subscriptions, POST /subscriptions, DELETE /subscriptions/:id, POST /subscriptions/:id/test, GET /rules,
    POST /rules, POST /rules/dry-run, GET /watchlists, POST /watchlists, DELETE /watchlists/:id,
    POST /watchlists/:id/approve, GET /silences, POST /silences, DELETE /silences/:id, GET /incidents, POST /incidents,
    DELETE /incidents/:id, GET /alerts/:id/bundle, GET /rosters, POST /rosters, DELETE /rosters/:id,
    GET /work-orders, POST /work-orders, GET /streams/:id/clip.mp4`;
  for (const name of named.split(/,\s+/)) t.ok(served.has(name), name);
});
