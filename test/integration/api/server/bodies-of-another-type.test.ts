import { get } from 'node:http';
import { gzipSync } from 'node:zlib';
import t from 'tap';
import { listen } from '../../../../src/api/server/server.ts';
import { bearer, DEVICE_SECRET, HERE, KIOSK, startApi, TOKENS } from '../../../support/api/api.ts';

const DEVICE = { kind: 'recycling-kiosk', name: 'n', jurisdiction: '330212', location: { lat: 29, lon: 121 }, role: 1 };

/** Each is either understood as JSON and checked (400 for the unknown field `role`) or refused (415). */
const CONTENT_TYPES: Record<string, number> = {
  'application/json': 400,
  'application/json; charset=utf-8': 400,
  'application/json ; charset=utf-8': 400,
  'Application/JSON': 400,
  ' application/json': 400,
  'application/json\t;': 415,
  'application/json;': 415,
  'application/json\ta': 415,
  'application/json\x00;': 415,
  'application/jsonp': 415,
  'application/x-www-form-urlencoded': 415,
  'multipart/form-data; boundary=x': 415,
  'text/plain': 415,
  'text/plain; application/json': 415,
  'application/vnd.api+json': 415,
  json: 415,
  '': 415,
};

t.test('a body reaches its route checked or not at all', async (t) => {
  const { call, registry } = await startApi(t);
  for (const [type, status] of Object.entries(CONTENT_TYPES)) {
    const headers = { ...bearer(TOKENS.admin), 'content-type': type };
    const answer = await call({ method: 'POST', url: '/api/v1/devices', headers, payload: JSON.stringify(DEVICE) });
    const passed = answer.status === status || (status === 415 && answer.status === 400);
    t.ok(passed, `${JSON.stringify(type)}: ${answer.status}`);
    t.match(answer.headers['content-type'], 'application/problem+json');
  }
  t.equal(registry.devices.size, 1);
});

t.test('what is not JSON, not UTF-8, packed or too large is refused before anybody looks inside', async (t) => {
  const { call, messages } = await startApi(t);
  const device = `/api/v1/devices/${KIOSK}/telemetry`;
  const own = { ...bearer(`${KIOSK}:${DEVICE_SECRET}`), 'content-type': 'application/json' };
  const admin = { ...bearer(TOKENS.admin), 'content-type': 'application/json' };
  const cases = [
    { url: '/api/v1/devices', headers: admin, payload: '{"kind":', status: 400, detail: /is no JSON/ },
    { url: '/api/v1/devices', headers: admin, payload: '', status: 400, detail: /There is no body: send \{\}/ },
    { url: '/api/v1/devices', headers: admin, payload: '{"__proto__":{"role":"admin"}}', status: 400 },
    { url: '/api/v1/devices', headers: admin, payload: '{"constructor":{"prototype":{}}}', status: 400 },
    {
      url: '/api/v1/devices',
      headers: admin,
      payload: '{"name":"a","name":"b"}',
      status: 400,
      code: 'request.malformed',
    },
    { url: '/api/v1/devices', headers: admin, payload: '\ufeff\ufeff{}', status: 400, code: 'request.malformed' },
    { url: '/api/v1/devices', headers: admin, payload: Buffer.from('{"name":"\xff"}', 'latin1'), status: 400 },
    { url: '/api/v1/devices', headers: admin, payload: '['.repeat(500_000), status: 400 },
    { url: '/api/v1/devices', headers: admin, payload: ' '.repeat(1024 * 1024 + 1), status: 413 },
    { url: '/api/v1/devices', headers: { ...admin, 'content-encoding': 'gzip' }, payload: '{}', status: 415 },
    { url: device, headers: own, payload: Buffer.from('{"values":"\xff"}', 'latin1'), status: 400 },
    { url: device, headers: own, payload: ' '.repeat(256 * 1024 + 1), status: 413, code: 'request.too-large' },
    { url: device, headers: { ...own, 'content-encoding': 'br, gzip' }, payload: '{}', status: 415 },
    { url: device, headers: bearer(`${KIOSK}:${DEVICE_SECRET}`), payload: '', status: 400 },
  ];
  for (const { url, headers, payload, status, code, detail } of cases) {
    const answer = await call({ method: 'POST', url, headers, payload });
    t.equal(answer.status, status, String(payload).slice(0, 40));
    t.match(answer.body, { status, ...(code && { code }), ...(detail && { code: 'request.malformed', detail }) });
  }
  t.same(messages, []);
});

t.test('a byte order mark in front of a body is skipped', async (t) => {
  const { call, registry } = await startApi(t);
  const body = { kind: 'recycling-kiosk', name: 'of Windows', jurisdiction: HERE, location: { lat: 29, lon: 121 } };
  const payload = `\ufeff${JSON.stringify({ ...body, id: 'marked' })}`;
  const headers = { ...bearer(TOKENS.admin), 'content-type': 'application/json' };
  const answer = await call({ method: 'POST', url: '/api/v1/devices', headers, payload });
  t.equal(answer.status, 201, answer.text);
  t.ok(registry.devices.has('marked'));
});

t.test('a packed body that is a bomb, broken or packed otherwise is refused, and memory does not notice', async (t) => {
  const { call, messages } = await startApi(t);
  const url = `/api/v1/devices/${KIOSK}/telemetry`;
  const own = { ...bearer(`${KIOSK}:${DEVICE_SECRET}`), 'content-type': 'application/json' };
  const good = gzipSync('{"values":{"fill_pct":1}}');
  const bomb = gzipSync(Buffer.alloc(200 * 1024 * 1024));
  const wrongSum = Buffer.from(good);
  wrongSum[wrongSum.length - 6]! ^= 1;
  const cases: [string, string, Buffer, number, string][] = [
    ['a bomb of 200 MiB', 'gzip', bomb, 413, 'request.too-large'],
    [
      'a bomb in many pieces',
      'gzip',
      Buffer.concat(Array(400).fill(gzipSync(Buffer.alloc(1024)))),
      413,
      'request.too-large',
    ],
    ['one byte too many', 'gzip', gzipSync(Buffer.alloc(256 * 1024 + 1, 0x20)), 413, 'request.too-large'],
    ['too large as packed', 'gzip', Buffer.alloc(256 * 1024 + 1), 413, 'request.too-large'],
    ['cut short', 'gzip', good.subarray(0, -3), 400, 'request.malformed'],
    ['only its head', 'gzip', good.subarray(0, 10), 400, 'request.malformed'],
    ['a wrong check sum', 'gzip', wrongSum, 400, 'request.malformed'],
    ['something behind it', 'gzip', Buffer.concat([good, Buffer.from('<html>')]), 400, 'request.malformed'],
    ['not packed at all', 'gzip', Buffer.from('{}'), 400, 'request.malformed'],
    ['packed, not UTF-8', 'gzip', gzipSync(Buffer.from([0x22, 0xff, 0x22])), 400, 'request.malformed'],
    ['packed twice', 'gzip, gzip', gzipSync(good), 415, 'request.media-type'],
    ['packed otherwise', 'br', good, 415, 'request.media-type'],
    ['packed otherwise', 'deflate', good, 415, 'request.media-type'],
    ['packed otherwise', 'zstd', good, 415, 'request.media-type'],
    ['a list', 'identity, gzip', good, 415, 'request.media-type'],
  ];
  const beforeBytes = process.memoryUsage().rss;
  for (const [name, encoding, payload, status, code] of cases) {
    const answer = await call({ method: 'POST', url, headers: { ...own, 'content-encoding': encoding }, payload });
    t.equal(answer.status, status, name);
    t.match(answer.body, { code });
    if (status === 413) t.match(answer.text, /262144 bytes/, 'the limit is named');
    if (status === 415) t.match(answer.text, /gzip/, 'what is taken is named');
  }
  const headers = { ...own, 'content-encoding': 'gzip' };
  await Promise.all(Array.from({ length: 50 }, () => call({ method: 'POST', url, headers, payload: bomb })));
  t.ok(process.memoryUsage().rss - beforeBytes < 64 * 1024 * 1024, 'of 10 GB nothing stays');
  t.same(messages, []);
});

t.test('paths that climb, hide or overflow lead nowhere', async (t) => {
  const { app } = await startApi(t);
  const { port } = await listen(app, { host: '127.0.0.1', port: 0 });
  const tricks = [
    '..%2f..%2fetc%2fpasswd',
    '%2e%2e',
    '%252e%252e',
    '..%5c',
    '%00',
    '%c0%ae%c0%ae',
    '%zz',
    'a'.repeat(200),
  ];
  for (const trick of tricks) {
    for (const url of [`/api/v1/devices/${trick}`, `/api/docs/static/${trick}`, `/${trick}`]) {
      const answer = await getRaw(port, url);
      t.equal(answer.status, 404, url);
      t.match(answer.type, 'application/problem+json');
    }
  }
});

/** Sends a path as it is; other clients tidy it up first. */
function getRaw(port: number, path: string): Promise<{ status: number | undefined; type: string | undefined }> {
  return new Promise((resolve, reject) => {
    get({ port, path, headers: bearer(TOKENS.admin), agent: false }, (answer) => {
      answer.resume().on('end', () => resolve({ status: answer.statusCode, type: answer.headers['content-type'] }));
    }).on('error', reject);
  });
}

t.test('nothing of a request comes back as a page', async (t) => {
  const { call } = await startApi(t);
  const script = '<script>alert(1)</script>';
  const answers = [
    await call({ method: 'GET', url: `/${encodeURIComponent(script)}` }),
    await call({
      method: 'GET',
      url: `/api/v1/devices?${encodeURIComponent(script)}=1`,
      headers: bearer(TOKENS.admin),
    }),
    await call({ method: 'GET', url: '/api/docs?next=//evil.example' }),
  ];
  for (const { headers } of answers) {
    t.match(headers, { 'x-content-type-options': 'nosniff' });
    t.match(headers['content-security-policy'], /default-src 'none'/);
  }
  t.match(answers[0]?.headers['content-type'], 'application/problem+json');
  t.match(answers[1]?.headers['content-type'], 'application/problem+json');
  t.notMatch(answers[2]?.text, 'evil.example');
});
