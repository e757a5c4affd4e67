import { readFileSync } from 'node:fs';
import { connect as connectPlain } from 'node:net';
import { connect, type TLSSocket } from 'node:tls';
import t from 'tap';
import { listen, reloadTls } from '../../../../src/api/server/server.ts';
import { startApi } from '../../../support/api/api.ts';
import { API_SETTINGS } from '../../../support/api/api-settings.ts';

function certificate(name: 'one' | 'two') {
  const read = (ending: string) => readFileSync(new URL(`../../../fixtures/tls/${name}.${ending}`, import.meta.url));
  return { cert: read('crt'), key: read('key') };
}

function greet(port: number): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false });
    socket.once('secureConnect', () => resolve(socket)).once('error', reject);
  });
}

function ask(socket: TLSSocket): Promise<string> {
  return new Promise((resolve) => {
    socket.once('data', (chunk) => resolve(String(chunk)));
    socket.write('GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n');
  });
}

t.test('another certificate serves new connections while the open ones stay', async (t) => {
  const settings = { ...API_SETTINGS, tls: certificate('one') };
  const { app } = await startApi(t, { settings });
  const { port, url } = await listen(app, { host: '127.0.0.1', port: 0 });
  t.match(url, /^https:/);
  const before = await greet(port);
  t.equal(before.getPeerCertificate().subject.CN, 'citywatch test one');
  t.match(await ask(before), /strict-transport-security/i);
  reloadTls(app, certificate('two'));
  const after = await greet(port);
  t.equal(after.getPeerCertificate().subject.CN, 'citywatch test two');
  t.match(await ask(before), /^HTTP\/1.1 200 /);
  t.throws(() => reloadTls(app, { cert: certificate('one').cert, key: certificate('two').key }));
  t.match(await ask(after), /^HTTP\/1.1 200 /, 'a pair that does not fit changes nothing');
  before.destroy();
  after.destroy();
});

t.test('a port or address that cannot be had is named, with the setting', async (t) => {
  const first = await startApi(t);
  const { port } = await listen(first.app, { host: '127.0.0.1', port: 0 });
  const second = await startApi(t);
  await t.rejects(listen(second.app, { host: '127.0.0.1', port }), {
    code: 'config.invalid',
    message: new RegExp(`CITYWATCH_HTTP_PORT: port ${port} on 127.0.0.1 is taken`),
  });
  const third = await startApi(t);
  await t.rejects(listen(third.app, { host: '192.0.2.1', port: 0 }), { message: /CITYWATCH_HTTP_HOST/ });
});

t.test('stopping answers what is being worked on and takes nothing new', async (t) => {
  let release = () => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  const UP = { ok: true, needed: true };
  const services = { postgres: UP, redis: UP, influx: UP, mqtt: UP };
  const parts = { ...services, ffmpeg: UP, journal: UP, disk: UP, pictures: UP, rules: UP, readers: UP };
  let asked = () => {};
  const arrived = new Promise<void>((resolve) => {
    asked = resolve;
  });
  const check = async () => {
    asked();
    await held;
    return parts;
  };
  const { app } = await startApi(t, { health: { check, readers: () => [] } });
  const { port, url } = await listen(app, { host: '127.0.0.1', port: 0 });
  const running = fetch(`${url}/readyz`);
  await arrived;
  const silent = connectPlain(port, '127.0.0.1');
  await new Promise((resolve) => silent.once('connect', resolve));
  const dropped = new Promise((resolve) => silent.once('close', resolve).on('error', () => {}));
  const closed = app.close();
  await t.rejects(fetch(`${url}/healthz`));
  await dropped;
  release();
  t.equal((await running).status, 200);
  await closed;
});
