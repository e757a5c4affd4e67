import t from 'tap';
import { deviceInput } from '../../../src/devices/registry/input.ts';
import { bearer, KIOSK, startApi, TOKENS } from '../../support/api/api.ts';

const PEER = '192.0.2.9';
const BAD = { 'a NUL': 'a\u0000b', 'half a surrogate pair': 'a\ud800b' };

t.test('text that PostgreSQL refuses or changes is refused at the door, by field', async (t) => {
  const api = await startApi(t);
  const ask = (method: 'GET' | 'POST', url: string, payload?: object) =>
    api.call({ method, url, headers: bearer(TOKENS.admin), remoteAddress: PEER, ...(payload ? { payload } : {}) });
  for (const [what, text] of Object.entries(BAD)) {
    const token = { name: text, role: 'viewer', jurisdiction: '330212' };
    const list = { name: 'l', jurisdiction: '330212', reason: 'r', case: 'c' };
    const entries = [{ plate: '浙B12345', reason: text, validUntil: '2036-01-01T00:00:00Z' }];
    const login = { username: `li${text}`, password: 'correct horse battery' };
    for (const [url, body, path] of [
      ['/api/v1/tokens', token, 'name'],
      ['/api/v1/watchlists', { ...list, entries }, 'entries[0].reason'],
      ['/api/v1/session', login, 'username'],
      ['/api/v1/subscriptions', { [text]: 1 }, 'body'],
    ] as const) {
      const { status, body: problem } = await ask('POST', url, body);
      t.match({ status, problem }, { status: 400, problem: { issues: [{ path }] } }, `${what} in ${path} of ${url}`);
    }
  }
  for (const url of ['/devices?text=%00', '/devices?kind=a%00', '/audit?subject=%00', '/dead-letters?reason=%00']) {
    const { status, body } = await ask('GET', `/api/v1${url}`);
    t.match({ status, body }, { status: 400, body: { code: 'request.invalid' } }, url);
  }
});

t.test('a body that is only depth is refused, wherever it stands and with whatever key', async (t) => {
  const api = await startApi(t);
  const depths = [33, 5_000, 200_000].flatMap((depth) => [
    `${'['.repeat(depth)}${']'.repeat(depth)}`,
    `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`,
  ]);
  for (const [url, before, behind] of [
    ['/tokens', '{"name":', '}'],
    [`/devices/${KIOSK}/commands`, '{"name":"unlock","args":{"a":', '}}'],
    ['/passages/search', '{"devices":', '}'],
    ['/dead-letters/replay', '{"ids":', '}'],
  ] as const) {
    for (const deep of depths) {
      for (const keyed of [{}, { 'idempotency-key': 'deep' }]) {
        const headers = { ...bearer(TOKENS.admin), 'content-type': 'application/json', ...keyed };
        const payload = `${before}${deep}${behind}`;
        const request = { method: 'POST' as const, url: `/api/v1${url}`, headers, remoteAddress: PEER, payload };
        const { status } = await api.call(request);
        const wanted = payload.length > (url.endsWith('/commands') ? 128 : 1024) * 1024 ? 413 : 400;
        t.equal(status, wanted, `${url}, ${deep.length} bytes, ${JSON.stringify(keyed)}`);
      }
    }
  }
});

t.test('who has not said who they are sends little', async (t) => {
  const api = await startApi(t);
  const payload = { username: 'u', password: 'p'.repeat(9_000) };
  const { status } = await api.call({ method: 'POST', url: '/api/v1/session', remoteAddress: PEER, payload });
  t.equal(status, 413);
});

t.test('the login of a camera cannot carry further header lines to it', async (t) => {
  const camera = { kind: 'camera', name: 'c', jurisdiction: '330212', location: { lat: 29, lon: 121 } };
  const onvif = { xaddr: 'http://10.0.0.1/', username: 'u', password: 'p' };
  t.equal(deviceInput.safeParse({ ...camera, onvif }).success, true);
  const refused = [
    { onvif: { ...onvif, username: 'u\r\nX-Other: 1' } },
    { onvif: { ...onvif, password: 'p\u0000' } },
    { stream: { url: 'rtsp://u%0d%0aX-Other:p@10.0.0.1/live' } },
    { stream: { url: 'rtsp://u:p%00@10.0.0.1/live' } },
    { stream: { url: 'rtsp://10.0.0.1/live\u0000' } },
  ];
  for (const wrong of refused)
    t.equal(deviceInput.safeParse({ ...camera, ...wrong }).success, false, JSON.stringify(wrong));
  const odd = { stream: { url: 'rtsp://%E7%94%B2:50%25%20off@10.0.0.1/live' } };
  t.equal(deviceInput.safeParse({ ...camera, ...odd }).success, true, 'other special characters are fine');
});
