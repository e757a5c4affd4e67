import { execFile } from 'node:child_process';
import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { connectAsync } from 'mqtt';
import t from 'tap';
import { ADMIN_TOKEN, Gateway } from '../../support/gateway/gateway.ts';
import { Authority } from '../../support/network/certificates.ts';
import { temporaryDirectory } from '../../support/services/services.ts';
import { lentServices } from '../../support/services/shared-database.ts';
import { until } from '../../support/time/until.ts';

const run = promisify(execFile);

const time = (atMs: number): string => new Date(atMs).toISOString();

const KIOSK = {
  id: 'k1',
  kind: 'recycling-kiosk',
  name: 'k1',
  jurisdiction: '330203',
  location: { lat: 29.87, lon: 121.55 },
};

interface Pair {
  cert: string;
  key: string;
}

/** Replaces certificate and key as an operator's renewal does: each file at once, one after the other. */
function replacePair(directory: string, { cert, key }: Pair): void {
  writeFileSync(join(directory, 'new.key'), key, { mode: 0o600 });
  writeFileSync(join(directory, 'new.pem'), cert);
  renameSync(join(directory, 'new.key'), join(directory, 'server.key'));
  renameSync(join(directory, 'new.pem'), join(directory, 'server.pem'));
}

async function trustingCurl(ca: string, port: string, args: string[]): Promise<string> {
  const always = ['--silent', '--show-error', '--fail-with-body', '--noproxy', '*', '--cacert', ca];
  const address = ['--resolve', `localhost:${port}:127.0.0.1`];
  const as = ['--header', `authorization: Bearer ${ADMIN_TOKEN}`, '--header', 'content-type: application/json'];
  return (await run('curl', [...always, ...address, ...as, ...args])).stdout;
}

/** Serial number of the certificate that is served now. */
async function serialOf(port: string): Promise<string> {
  const ask = `echo | openssl s_client -connect 127.0.0.1:${port} 2>/dev/null | openssl x509 -noout -serial`;
  return (await run('sh', ['-c', ask])).stdout;
}

/** Connects as kiosk k1, with a certificate of the city unless another is given. */
function dialer(city: Authority, port: number, password: string) {
  const { cert, key } = city.issue('k1');
  const login = { clientId: 'k1', username: 'k1', password };
  const options = { ...login, ca: city.ca, cert, key, servername: 'localhost' };
  const once = { reconnectPeriod: 0, connectTimeout: 3_000 };
  return (more = {}) => connectAsync(`mqtts://127.0.0.1:${port}`, { ...options, ...once, ...more }, false);
}

t.test('curl and mqtt.js trust the certificate, and a renewal drops nobody', async (t) => {
  const directory = await temporaryDirectory(t);
  const city = new Authority(directory, 'city');
  const at = (name: string): string => join(directory, name);
  const put = (pair: Pair): void => replacePair(directory, pair);
  put(city.issue('localhost', 10));
  writeFileSync(at('clients.pem'), city.ca);
  const gateway = await Gateway.start(t, {
    ...(await lentServices(t)),
    CITYWATCH_TLS_CERT_FILE: at('server.pem'),
    CITYWATCH_TLS_KEY_FILE: at('server.key'),
    CITYWATCH_MQTTS_PORT: '0',
    CITYWATCH_CLIENT_CA_FILE: at('clients.pem'),
  });
  const httpPort = /API +https:\/\/[^:]+:(\d+)/.exec(gateway.output)?.[1] ?? '';
  const mqttsPort = Number(/MQTTS +mqtts:\/\/[^:]+:(\d+)/.exec(gateway.output)?.[1]);
  const base = `https://localhost:${httpPort}`;
  const curl = (...args: string[]): Promise<string> => trustingCurl(at('city/ca.pem'), httpPort, args);

  const { secret } = JSON.parse(await curl('--data', JSON.stringify(KIOSK), `${base}/api/v1/devices`));
  t.match(secret, /^\S{40,}$/);
  await t.rejects(run('curl', ['--silent', '--noproxy', '*', `${base}/healthz`]), 'an unknown authority');
  await t.rejects(
    run('curl', ['--silent', '--max-time', '5', `http://127.0.0.1:${httpPort}/healthz`]),
    'no plain text',
  );

  const dial = dialer(city, mqttsPort, secret);
  const device = await dial();
  t.teardown(() => device.endAsync(true));
  const drops: string[] = [];
  device.on('close', () => drops.push('closed'));
  const readings: number[] = [];
  const report = async (): Promise<void> => {
    const ts = Date.now();
    await device.publishAsync('cw/v1/k1/telemetry', JSON.stringify({ ts, values: { fill_pct: 50 } }), { qos: 1 });
    readings.push(ts);
  };
  await report();

  put(city.issue('localhost', 20));
  const before = await serialOf(httpPort);
  await until('the new certificate is served', async () => (await serialOf(httpPort)) !== before);
  await report();
  t.same(drops, [], 'the connection from before lives on');
  const stranger = new Authority(directory, 'stranger').issue('k1');
  await t.rejects(dial(stranger), 'a device needs a certificate of the city, also now');

  writeFileSync(at('server.pem'), 'not a certificate');
  await until('a wrong one is named', () => /holds no certificate in PEM form/.test(gateway.output));
  t.match(await curl(`${base}/healthz`), /alive/);
  await until('both readings are stored', async () => {
    const range = `fields=fill_pct&from=${time(readings[0]! - 1000)}&to=${time(Date.now() + 1000)}`;
    return JSON.parse(await curl(`${base}/api/v1/devices/k1/history?${range}`)).points.length === 2;
  });
  t.equal(await gateway.stop('SIGTERM'), 0);
});
