import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { connectAsync } from 'mqtt';
import t from 'tap';
import { ADMIN_TOKEN, Gateway } from '../support/gateway.ts';
import { until } from '../support/processes.ts';
import { TestCamera } from '../support/rtsp-camera.ts';
import { startInflux, startPostgres, startRedis } from '../support/services.ts';

const CAMERA_PASSWORD = 'CanaryCamera7341';
const ONVIF_PASSWORD = 'CanaryOnvif7342';
const DEVICE_SECRET = 'CanaryDeviceSecret7343';
const WRONG_SECRET = 'CanaryMistyped7344';

t.test('no password is seen in command lines, environments, logs, answers, metrics or files', async (t) => {
  const [postgres, redis, influx] = await Promise.all([startPostgres(t), startRedis(t), startInflux(t)]);
  const camera = await TestCamera.start(t, {
    login: { username: 'viewer', password: CAMERA_PASSWORD, scheme: 'digest' },
  });
  const gateway = await Gateway.start(t, {
    ...{ DATABASE_URL: postgres.url, REDIS_URL: redis.url, INFLUX_URL: influx.url },
    ...{ INFLUX_USERNAME: influx.username, INFLUX_PASSWORD: influx.password },
    ...{ CITYWATCH_LOG_LEVEL: 'trace', CITYWATCH_CAMERA_NETWORKS: '127.64.0.0/16', CITYWATCH_CAMERA_CHECK_S: '1' },
  });
  const secrets: Record<string, string> = {
    'the password of a camera': CAMERA_PASSWORD,
    'the password of a camera, for Basic': Buffer.from(`viewer:${CAMERA_PASSWORD}`).toString('base64').slice(0, -4),
    'the password for ONVIF': ONVIF_PASSWORD,
    'the secret of a device': DEVICE_SECRET,
    'a mistyped secret': WRONG_SECRET,
    'the password of PostgreSQL': /:([^:@]+)@/.exec(postgres.url)?.[1] ?? '',
    'the password of Redis': redis.password,
    'the password of InfluxDB': influx.password,
    'the administrator token': ADMIN_TOKEN,
  };
  const answers: string[] = [];
  const ask = async (...[method, path, request]: Parameters<Gateway['api']>) => {
    const { status, headers, text } = await gateway.api(method, path, request);
    answers.push(`${method} ${path} ${status} ${JSON.stringify([...headers])} ${text}`);
    return status;
  };

  const place = { jurisdiction: '330203', location: { lat: 29.87, lon: 121.55 } };
  const url = camera.url.replace('rtsp://', `rtsp://viewer:${CAMERA_PASSWORD}@`);
  const onvif = { xaddr: 'http://127.64.0.9:9/onvif', username: 'admin', password: ONVIF_PASSWORD };
  const cam = { ...place, id: 'cam', kind: 'camera', name: 'Camera', stream: { url }, onvif };
  t.equal(await ask('POST', '/devices', { body: cam }), 201);
  await gateway.register({ id: 'kiosk', secret: DEVICE_SECRET });

  // Every way a secret travels, also those that fail.
  const login = { host: '127.0.0.1', port: gateway.mqttPort, clientId: 'kiosk', username: 'kiosk', reconnectPeriod: 0 };
  const client = await connectAsync({ ...login, password: DEVICE_SECRET });
  await client.publishAsync('cw/v1/kiosk/telemetry', '{"values":{"fill_pct":1}}', { qos: 1 });
  await client.endAsync();
  await t.rejects(connectAsync({ ...login, password: WRONG_SECRET }));
  const reading = { values: { fill_pct: 2 } };
  t.equal(await ask('POST', '/devices/kiosk/telemetry', { token: `kiosk:${DEVICE_SECRET}`, body: reading }), 202);
  t.equal(await ask('POST', '/devices/kiosk/telemetry', { token: `kiosk:${WRONG_SECRET}`, body: reading }), 401);
  t.equal(await ask('GET', '/devices', { token: WRONG_SECRET }), 401);
  const oddUrl = { ...cam, id: 'odd', stream: { url: `ftp://viewer:${CAMERA_PASSWORD}@127.64.0.1/` } };
  t.equal(await ask('POST', '/devices', { body: oddUrl }), 400);
  const outside = { ...cam, id: 'outside', stream: { url: `rtsp://viewer:${CAMERA_PASSWORD}@192.0.2.1/` } };
  await ask('POST', '/devices', { body: outside });
  const look = 'purpose=test&case=canary';
  t.equal(await ask('GET', `/streams/cam/snapshot.jpg?${look}`), 200, 'the camera lets us in');
  const watching = ask('GET', `/streams/cam/live.m3u8?${look}`);
  await until('ffmpeg runs', () => gateway.descendants().some(({ program }) => program === 'ffmpeg'), 20_000);
  const processes = gateway.descendants().map(({ pid }) => pid);
  const seen = processes.map((pid) => `${proc(pid, 'cmdline')} ${proc(pid, 'environ')}`).join('\n');
  await watching;
  await ask('GET', `/streams/outside/snapshot.jpg?${look}`);

  const now = new Date(Date.now() + 60_000).toISOString();
  const range = `from=${new Date(0).toISOString()}&to=${now}`;
  const asked = ['/devices?limit=100', '/devices/cam', '/devices/kiosk', '/devices/outside', '/kinds', '/tokens'];
  asked.push(
    '/audit',
    '/ledger',
    '/dead-letters',
    '/streams',
    '/streams/cam',
    '/devices/kiosk/latest',
    '/metrics',
    '/readyz',
  );
  asked.push(`/devices/kiosk/history?fields=fill_pct&${range}`, `/access-register?${range}`);
  for (const path of asked) await ask('GET', path);
  for (const { child } of [redis, influx, postgres]) process.kill(child.pid ?? 0, 'SIGKILL');
  await Promise.all(
    ['/devices', '/audit', `/devices/kiosk/history?fields=fill_pct&${range}`].map((path) => ask('GET', path)),
  );
  await gateway.untilGreen();
  const statement = proc(gateway.pid, 'cmdline');
  await gateway.stop('SIGTERM');

  t.match(gateway.output, '"part":"gateway"', 'there is a log');
  const places = { 'command lines and environments': `${seen} ${statement}`, answers: answers.join('\n') };
  // A running PostgreSQL stands in its data directory, tables and log of writes included.
  const stored = filesBelow(readlinkSync(`/proc/${postgres.child.pid}/cwd`));
  const files = [...filesBelow(gateway.directory), ...stored].map(read);
  for (const [place, text] of Object.entries({ ...places, 'the log': gateway.output, files: files.join('\n') })) {
    t.ok(text.length > 100, `${place}: ${text.length} characters`);
    for (const [name, secret] of Object.entries(secrets)) {
      const at = text.indexOf(secret);
      t.equal(at, -1, `${name} in ${place}${at < 0 ? '' : `: ${text.slice(Math.max(0, at - 200), at)}`}`);
    }
  }
});

function proc(pid: number, file: 'cmdline' | 'environ'): string {
  return read(`/proc/${pid}/${file}`);
}

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
