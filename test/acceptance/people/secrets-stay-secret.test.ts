import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { connectAsync } from 'mqtt';
import t, { type Test } from 'tap';
import { ADMIN_TOKEN, Gateway } from '../../support/gateway/gateway.ts';
import { startInflux, startPostgres, startRedis } from '../../support/services/services.ts';
import { startCameras } from '../../support/streams/cameras.ts';
import { TestCamera } from '../../support/streams/rtsp-camera.ts';
import { until } from '../../support/time/until.ts';

// A busy machine takes several times what a quiet one does.
t.setTimeout(240_000);

const CAMERA_PASSWORD = 'CanaryCamera7341';
const ONVIF_PASSWORD = 'CanaryOnvif7342';
const INSTALLED_PASSWORD = 'CanaryInstalled7345';
const DEVICE_SECRET = 'CanaryDeviceSecret7343';
const WRONG_SECRET = 'CanaryMistyped7344';

const LOOK = 'purpose=test&case=canary';
const RANGE = `from=${new Date(0).toISOString()}&to=${new Date(Date.now() + 600_000).toISOString()}`;
const HISTORY = `/devices/kiosk/history?fields=fill_pct&${RANGE}`;

const [postgres, redis, influx] = await Promise.all([startPostgres(t), startRedis(t), startInflux(t)]);
const gateway = await Gateway.start(t, {
  DATABASE_URL: postgres.url,
  // The one that could show an address in its command line.
  CITYWATCH_STREAM_ENGINE: 'ffmpeg',
  REDIS_URL: redis.url,
  INFLUX_URL: influx.url,
  INFLUX_USERNAME: influx.username,
  INFLUX_PASSWORD: influx.password,
  CITYWATCH_LOG_LEVEL: 'trace',
  CITYWATCH_CAMERA_NETWORKS: '127.64.0.0/16',
  CITYWATCH_CAMERA_CHECK_S: '1',
});

const SECRETS: Record<string, string> = {
  'the password of a camera': CAMERA_PASSWORD,
  'the password of a camera, for Basic': Buffer.from(`viewer:${CAMERA_PASSWORD}`).toString('base64').slice(0, -4),
  'the password for ONVIF': ONVIF_PASSWORD,
  'the password that installers gave': INSTALLED_PASSWORD,
  'the secret of a device': DEVICE_SECRET,
  'a mistyped secret': WRONG_SECRET,
  'the password of PostgreSQL': /:([^:@]+)@/.exec(postgres.url)?.[1] ?? '',
  'the password of Redis': redis.password,
  'the password of InfluxDB': influx.password,
  'the administrator token': ADMIN_TOKEN,
};

/** Everything the gateway answered. */
const answers: string[] = [];

async function ask(...[method, path, request]: Parameters<Gateway['api']>): Promise<number> {
  const { status, headers, text } = await gateway.api(method, path, request);
  answers.push(`${method} ${path} ${status} ${JSON.stringify([...headers])} ${text}`);
  return status;
}

function nowhere(t: Test, place: string, text: string): void {
  t.ok(text.length > 100, `${place}: ${text.length} characters`);
  for (const [name, secret] of Object.entries(SECRETS)) {
    const at = text.indexOf(secret);
    t.equal(at, -1, `${name} in ${place}${at < 0 ? '' : `: ${text.slice(Math.max(0, at - 200), at)}`}`);
  }
}

t.test('a device uses its secret, and mistypes it', async (t) => {
  await gateway.register({ id: 'kiosk', secret: DEVICE_SECRET });
  const login = { host: '127.0.0.1', port: gateway.mqttPort, clientId: 'kiosk', username: 'kiosk', reconnectPeriod: 0 };
  const client = await connectAsync({ ...login, password: DEVICE_SECRET });
  await client.publishAsync('cw/v1/kiosk/telemetry', '{"values":{"fill_pct":1}}', { qos: 1 });
  await client.endAsync();
  await t.rejects(connectAsync({ ...login, password: WRONG_SECRET }));
  const body = { values: { fill_pct: 2 } };
  t.equal(await ask('POST', '/devices/kiosk/telemetry', { token: `kiosk:${DEVICE_SECRET}`, body }), 202);
  t.equal(await ask('POST', '/devices/kiosk/telemetry', { token: `kiosk:${WRONG_SECRET}`, body }), 401);
  t.equal(await ask('GET', '/devices', { token: WRONG_SECRET }), 401);
});

t.test('a camera is watched with its password: no process shows it', async (t) => {
  const login = { username: 'viewer', password: CAMERA_PASSWORD, scheme: 'digest' } as const;
  const camera = await TestCamera.start(t, { login });
  const url = camera.url.replace('rtsp://', `rtsp://viewer:${CAMERA_PASSWORD}@`);
  const onvif = { xaddr: 'http://127.64.0.9:9/onvif', username: 'admin', password: ONVIF_PASSWORD };
  const place = { jurisdiction: '330203', location: { lat: 29.87, lon: 121.55 } };
  const input = { ...place, id: 'cam', kind: 'camera', name: 'Camera', stream: { url }, onvif };
  t.equal(await ask('POST', '/devices', { body: input }), 201);
  const noCamera = { ...input, id: 'odd', stream: { url: `ftp://viewer:${CAMERA_PASSWORD}@127.64.0.1/` } };
  t.equal(await ask('POST', '/devices', { body: noCamera }), 400);
  const outside = { ...input, id: 'outside', stream: { url: `rtsp://viewer:${CAMERA_PASSWORD}@localhost/` } };
  const refused = { ...input, id: 'refused', stream: { url: `rtsp://viewer:${CAMERA_PASSWORD}@192.0.2.1/` } };
  t.equal(await ask('POST', '/devices', { body: refused }), 400);
  await ask('POST', '/devices', { body: outside });
  await ask('GET', `/streams/outside/snapshot.jpg?${LOOK}`);
  t.equal(await ask('POST', '/devices/cam/check', { body: {} }), 200);
  t.equal(await ask('POST', '/devices/check', { body: { onvif, stream: { url } } }), 200);
  t.equal(await ask('GET', `/streams/cam/snapshot.jpg?${LOOK}`), 200, 'the camera lets us in');
  const watching = ask('GET', `/streams/cam/live.m3u8?${LOOK}`);
  await until('ffmpeg runs', () => gateway.descendants().some(({ program }) => program === 'ffmpeg'));
  const children = gateway.descendants().map(({ pid }) => read(`/proc/${pid}/cmdline`) + read(`/proc/${pid}/environ`));
  await watching;
  // Of its own environment, through which it is given its secrets, a process cannot make a secret.
  nowhere(t, 'command lines and environments', `${children.join('\n')} ${read(`/proc/${gateway.pid}/cmdline`)}`);
});

t.test('a camera is given a new login, and a person is shown it: nothing else shows either', async (t) => {
  const cameras = await startCameras(t);
  const camera = await cameras.start({ address: '127.64.90.1', password: INSTALLED_PASSWORD, lockAfter: 5 });
  const onvif = { xaddr: camera.xaddr, ...camera.account };
  const place = { jurisdiction: '330203', location: { lat: 29.87, lon: 121.55 } };
  const input = { ...place, id: 'turning', kind: 'camera', name: 'Camera', onvif };
  t.equal(await ask('POST', '/devices', { body: input }), 201);
  t.equal(await ask('POST', '/devices/turning/credentials/rotate', { body: { account: 'same' } }), 202);
  const path = '/devices/turning/credentials';
  const state = async () => (await gateway.api('GET', path)).body.last.state as string;
  await until('its login was changed', async () => (await state()) !== 'running', 60_000);
  t.equal(await state(), 'changed');
  SECRETS['the new password of a camera'] = camera.users.passwordOf('admin')!;
  t.not(SECRETS['the new password of a camera'], INSTALLED_PASSWORD);
  t.ok(camera.users.wrongLogins >= 1 && camera.users.wrongLogins < 4, `${camera.users.wrongLogins} wrong logins`);
  await ask('GET', path);
  const why = { purpose: 'canary', case: 'canary' };
  t.equal(await ask('POST', `${path}/reveal`, { body: why }), 403, 'a token is shown nothing');
  const person = {
    username: 'li',
    name: 'Li',
    role: 'technician',
    jurisdiction: '330203',
    password: 'a phrase of my own',
  };
  t.equal(await ask('POST', '/users', { body: person }), 201);
  const login = { username: person.username, password: person.password };
  const session = await gateway.api('POST', '/session', { token: '', body: login });
  const cookie = String(session.headers.get('set-cookie')).split(';')[0] ?? '';
  const headers = { cookie, 'x-citywatch': 'console' };
  const shown = await gateway.api('POST', `${path}/reveal`, { token: '', headers, body: why });
  t.match(shown.body, { onvif: { username: 'admin', password: camera.users.passwordOf('admin') } });
  t.equal(await ask('POST', '/rotations', { body: { jurisdiction: '330203' } }), 202);
  for (const each of ['/rotations', '/devices/export', '/audit?limit=500', '/devices/turning']) await ask('GET', each);
});

t.test('a device is told a new secret by command: it alone sees it', async (t) => {
  const password = await gateway.register({ id: 'told' });
  const login = { host: '127.0.0.1', port: gateway.mqttPort, clientId: 'told', username: 'told', reconnectPeriod: 0 };
  const client = await connectAsync({ ...login, password });
  const heard = new Promise<{ id: string; args: { secret: string } }>((resolve) => {
    client.on('message', (_topic, payload) => resolve(JSON.parse(payload.toString())));
  });
  await client.subscribeAsync('cw/v1/told/command', { qos: 1 });
  const path = '/devices/told/credentials';
  t.equal(await ask('POST', `${path}/rotate`, { body: { of: 'secret', by: 'command' } }), 202);
  const { id, args } = await heard;
  SECRETS['the secret that was sent by command'] = args.secret;
  for (const each of [path, '/devices/told/commands', `/devices/told/commands/${id}`]) await ask('GET', each);
  await client.publishAsync('cw/v1/told/reply', JSON.stringify({ id, ok: true }), { qos: 1 });
  await client.endAsync();
  await (await connectAsync({ ...login, password: args.secret })).endAsync();
  const state = async () => (await gateway.api('GET', path)).body.secret.state;
  await until('it has used the new one', async () => (await state()) === 'changed');
  for (const each of [path, '/devices/told/commands', '/audit?subject=device/told']) await ask('GET', each);
});

t.test('services end, and everything is asked: no answer shows a secret', async (t) => {
  for (const { child } of [redis, influx, postgres]) process.kill(child.pid ?? 0, 'SIGKILL');
  await Promise.all(['/devices', '/audit', HISTORY].map((path) => ask('GET', path)));
  await gateway.untilGreen();
  const ofDevices = [
    '/devices?limit=100',
    '/devices/cam',
    '/devices/kiosk',
    '/devices/outside',
    '/devices/kiosk/latest',
  ];
  const others = ['/kinds', '/tokens', '/audit', '/ledger', '/dead-letters', '/streams', '/streams/cam', HISTORY];
  for (const path of [...ofDevices, ...others, '/metrics', '/readyz', `/access-register?${RANGE}`])
    await ask('GET', path);
  nowhere(t, 'answers', answers.join('\n'));
});

t.test('neither log nor files show a secret', async (t) => {
  await gateway.stop('SIGTERM');
  t.match(gateway.output, '"part":"gateway"', 'there is a log');
  nowhere(t, 'the log', gateway.output);
  // A running PostgreSQL stands in its data directory, tables and log of writes included.
  const stored = filesBelow(readlinkSync(`/proc/${postgres.child.pid}/cwd`));
  nowhere(t, 'files', [...filesBelow(gateway.directory), ...stored].map(read).join('\n'));
});

/** Empty where it has gone in the meantime. */
function read(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}

function filesBelow(directory: string): string[] {
  const entries = readdirSync(directory, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}
