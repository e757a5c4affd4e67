import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { Gateway } from '../../support/gateway/gateway.ts';
import { ownCheckout, refusedStart } from '../../support/gateway/refused-start.ts';
import { lentInflux, lentServices } from '../../support/services/shared-database.ts';
import { type CameraMode, TestCamera } from '../../support/streams/rtsp-camera.ts';
import { until } from '../../support/time/until.ts';

// A busy machine takes several times what a quiet one does.
t.setTimeout(240_000);

const PASSWORD = 'correct horse battery';
const gateway = await Gateway.start(t, {
  ...(await lentServices(t)),
  ...lentInflux(t),
  CITYWATCH_CAMERA_NETWORKS: '127.64.0.0/16',
  CITYWATCH_WEBHOOK_NETWORKS: '127.64.0.0/16',
});

t.test('rules that name an unknown kind or field refuse the start, with file and line', async (t) => {
  const root = await ownCheckout(t);
  const write = (name: string, lines: string[]) =>
    writeFile(join(root, 'config/rules', `${name}.yaml`), `${[`rule: ${name}`, ...HEAD, ...lines].join('\n')}\n`);
  await write('odd-kind', ['kinds: [flying-saucer]', 'condition: { type: absence, silent_for_s: 30 }']);
  const clauses = ['condition:', '  type: threshold', '  any:', '    - { field: fill_pcd, above: 90 }'];
  await write('odd-field', ['kinds: [recycling-kiosk]', ...clauses]);
  const env = { ...(await lentServices(t)), ...lentInflux(t), CITYWATCH_DATA_DIR: join(root, '../data') };
  const { status, stderr } = await refusedStart(env, root);
  t.equal(status, 2);
  t.match(stderr, /odd-kind\.yaml:6\b.*there is no kind "flying-saucer"/);
  t.match(stderr, /odd-field\.yaml:10\b.*kind recycling-kiosk has no field "fill_pcd"/);
});

const HEAD = ['version: 1', 'title: { en: Odd, zh: 奇 }', 'severity: minor', 'class: incident'];

t.test('a webhook may not point anywhere', async (t) => {
  const make = (url: string) =>
    gateway.api('POST', '/subscriptions', { body: { name: 'odd', url, jurisdiction: '330200' } });
  for (const url of [
    'http://10.1.2.3/hook',
    'http://169.254.169.254/latest',
    'http://[::1]/hook',
    'http://2130706433/',
  ]) {
    const { status, body } = await make(url);
    t.match({ status, body }, { status: 400, body: { code: 'outbound.refused' } }, url);
    t.match(JSON.stringify(body), 'CITYWATCH_WEBHOOK_NETWORKS', `${url}: the setting is named`);
  }
  for (const url of ['file:///etc/passwd', 'ftp://127.64.0.1/', 'nonsense']) {
    const { status, body } = await make(url);
    t.match({ status, body }, { status: 400, body: { code: 'request.invalid', issues: [{ path: 'url' }] } }, url);
  }
  t.same((await gateway.get('/subscriptions')).items, [], 'nothing was made');
});

t.test('a stream address of another scheme is not registered, one elsewhere is not contacted', async (t) => {
  for (const url of ['file:///etc/passwd', 'ftp://127.64.0.1/live', 'concat:a|b', '-i']) {
    const { status, body } = await camera('odd', url);
    t.match(
      { status, body },
      { status: 400, body: { code: 'request.invalid', issues: [{ path: 'stream.url' }] } },
      url,
    );
  }
  t.equal((await gateway.api('GET', '/devices/odd')).status, 404, 'nothing was made');
  for (const url of ['rtsp://10.1.2.3/live', 'rtsp://127.0.0.1/live', 'rtsp://0x7f.1/live']) {
    const { status, body } = await camera('elsewhere', url);
    t.match({ status, body }, { status: 400, body: { issues: [{ path: 'stream.url' }] } }, url);
    t.match(JSON.stringify(body), 'CITYWATCH_CAMERA_NETWORKS', `${url}: the setting is named`);
  }
  t.equal((await camera('named', 'rtsp://localhost/live')).status, 201, 'where a name leads is known when it is asked');
  const { status, body } = await look('named');
  t.match({ status, body }, { status: 400, body: { code: 'outbound.refused' } });
  t.match(JSON.stringify(body), 'CITYWATCH_CAMERA_NETWORKS', 'the setting is named');
  t.equal((await camera('web', 'http://127.64.0.1/live')).status, 201);
  t.match((await look('web')).body, { status: 400, code: 'outbound.refused', detail: /rtsp/ });
});

/** How a camera misbehaves, what that is called, and what the viewer is told. */
const MISBEHAVIOUR: [CameraMode, string, RegExp][] = [
  ['garbage', 'nonsense', /makes no sense/],
  ['silent', 'timeout', /did not answer in time/],
  ['drip', 'timeout', /did not answer in time/],
];

t.test('a camera that answers nonsense, hangs or drips gets its reason in time', async (t) => {
  const looks = MISBEHAVIOUR.map(async ([mode, reason, detail]) => {
    const { url } = await TestCamera.start(t, { mode });
    await camera(mode, url);
    const { status, body, headers } = await look(mode);
    t.match({ status, body }, { status: 502, body: { code: 'stream.unavailable', detail } }, mode);
    t.match(headers.get('retry-after'), /^\d+$/, mode);
    const { streams } = await gateway.get(`/streams/${mode}`);
    t.match(streams, [{ quality: 'main', reason }], `${mode}: GET /streams tells it too`);
  });
  await Promise.all(looks);
});

t.test('an address that does not exist is a page for people and a problem for machines', async (t) => {
  const page = await fetch(`${gateway.httpUrl}/no/such/page`, { headers: { accept: 'text/html' } });
  t.equal(page.status, 404);
  t.match(page.headers.get('content-type'), /^text\/html/);
  t.match(await page.text(), /<html/);
  const { status, headers, body } = await gateway.api('GET', '/no-such-route');
  t.match({ status, body }, { status: 404, body: { code: 'not-found' } });
  t.match(headers.get('content-type'), /problem\+json/);
});

t.test('of two people who acknowledge at once one has it, and the other reads who', async (t) => {
  const secret = await gateway.register({ id: 'kiosk' });
  const fire = { body: { values: { smoke: true } }, token: `kiosk:${secret}` };
  t.equal((await gateway.api('POST', '/devices/kiosk/telemetry', fire)).status, 202);
  let id = '';
  await until('the alert', async () => {
    id = (await gateway.get('/alerts')).items[0]?.id ?? '';
    return id !== '';
  });
  const cookies = await Promise.all(['li.na', 'wang.wei'].map(signUp));
  const ack = (cookie: string) =>
    gateway.api('POST', `/alerts/${id}/ack`, { token: '', headers: { cookie, 'x-citywatch': 'console' } });
  const answers = await Promise.all(cookies.map(ack));
  t.same(answers.map(({ status }) => status).sort(), [200, 409], answers.map(({ text }) => text).join(' '));
  const first = answers.findIndex(({ status }) => status === 200);
  const ackedBy: string = answers[first]?.body.ackedBy;
  t.match(answers[1 - first]?.text, ackedBy, 'who was first is named');
  t.equal((await ack(cookies[first] ?? '')).status, 200, 'the first may ask again');
  const { items } = await gateway.get('/alerts/events');
  t.equal(items.filter(({ type }: { type: string }) => type === 'alert.acked').length, 1, 'and it stands there once');
});

function camera(id: string, url: string) {
  const place = { jurisdiction: '330203', location: { lat: 29.87, lon: 121.55 } };
  return gateway.api('POST', '/devices', { body: { ...place, id, kind: 'camera', name: id, stream: { url } } });
}

function look(id: string) {
  return gateway.api('GET', `/streams/${id}/live.m3u8?purpose=acceptance`);
}

/** Makes a person who may handle alerts, and resolves with the cookie of a session. */
async function signUp(username: string): Promise<string> {
  const person = { username, name: username, password: PASSWORD, role: 'operator', jurisdiction: '330200' };
  const made = await gateway.api('POST', '/users', { body: person });
  if (made.status !== 201) throw new Error(made.text);
  const { status, headers, text } = await gateway.api('POST', '/session', {
    token: '',
    body: { username, password: PASSWORD },
    headers: { 'x-citywatch': 'console' },
  });
  if (status !== 200) throw new Error(text);
  return headers
    .getSetCookie()
    .map((cookie) => cookie.split(';')[0])
    .join('; ');
}
