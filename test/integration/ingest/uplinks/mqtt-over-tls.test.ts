import { type ConnectionOptions, connect as connectTls, type TLSSocket } from 'node:tls';
import t, { type Test } from 'tap';
import { Authority } from '../../../support/network/certificates.ts';
import { until } from '../../../support/time/until.ts';
import { connectPacket, RawClient, startListener } from '../../../support/uplinks/mqtt.ts';

/** A TLS client and its CONNECT; resolves with the return code, or null when it was closed without one. */
async function attempt(t: Test, port: number, id: string, options: ConnectionOptions): Promise<Attempt> {
  const socket = connectTls({ port, host: '127.0.0.1', servername: 'localhost', ...options });
  t.teardown(() => void socket.destroy());
  socket.on('error', () => {});
  const client = new RawClient(socket);
  client.send(connectPacket(id));
  await client.until(() => client.packets.length > 0 || client.isClosed);
  return { code: client.of('connack')[0]?.returnCode ?? null, client, socket };
}

interface Attempt {
  code: number | null;
  client: RawClient;
  socket: TLSSocket;
}

t.test('sessions run over TLS, are shared with the plain port, and survive new certificates', async (t) => {
  const city = new Authority(t.testdir(), 'city');
  const { tlsPort, port, listener } = await startListener(t, { tls: { port: 0, ...city.issue('localhost') } });
  const first = await attempt(t, tlsPort, 'k1', { ca: city.ca });
  t.equal(first.code, 0);
  const newer = city.issue('localhost', 2);
  listener.reloadTls(newer);
  await first.client.ping();
  t.equal(first.client.isClosed, false);
  const second = await attempt(t, tlsPort, 'k2', { ca: city.ca });
  t.equal(second.code, 0);
  t.not(second.socket.getPeerCertificate().serialNumber, first.socket.getPeerCertificate().serialNumber);
  const plain = await RawClient.device(t, port, 'k1');
  await first.client.closed;
  await plain.ping();
  t.equal(listener.sessions, 2);
  t.throws(() => listener.reloadTls({ cert: 'x', key: 'y' }));
  t.equal((await attempt(t, tlsPort, 'k3', { ca: city.ca })).code, 0);
});

t.test('plain text on the TLS port and TLS on the plain port get nothing', async (t) => {
  const city = new Authority(t.testdir(), 'city');
  const { tlsPort, port } = await startListener(t, { tls: { port: 0, ...city.issue('localhost') } });
  const plain = await RawClient.open(t, tlsPort);
  plain.send(connectPacket('k1'));
  await plain.closed;
  t.equal((await attempt(t, port, 'k1', { ca: city.ca })).code, null);
  t.equal((await attempt(t, tlsPort, 'k1', { ca: city.ca, maxVersion: 'TLSv1.1', minVersion: 'TLSv1' })).code, null);
});

t.test('who never ends a TLS handshake counts as silent, and a device in one counts once', async (t) => {
  const city = new Authority(t.testdir(), 'city');
  const tls = { port: 0, ...city.issue('localhost') };
  const { tlsPort } = await startListener(t, { tls, silentPerAddressMax: 3 });
  const device = await attempt(t, tlsPort, 'k1', { ca: city.ca });
  const crowd: RawClient[] = [];
  for (let i = 0; i < 9; i += 1) crowd.push(await RawClient.open(t, tlsPort));
  await until('the oldest to make room', () => crowd.slice(0, 6).every(({ isClosed }) => isClosed));
  t.equal((await attempt(t, tlsPort, 'k2', { ca: city.ca })).code, 0, 'a device comes in beside them');
  await crowd[6]!.closed;
  t.same(
    crowd.slice(7).map(({ isClosed }) => isClosed),
    [false, false],
    'one of them made room for its handshake, none for the session made of it',
  );
  await device.client.ping();
  t.equal(device.client.isClosed, false, 'who has shown who it is stays');
});

t.test('who never ends a TLS handshake is closed at the time limit, though nobody else wants the place', async (t) => {
  const city = new Authority(t.testdir(), 'city');
  const tls = { port: 0, ...city.issue('localhost') };
  const { tlsPort } = await startListener(t, { tls, connectDeadlineMs: 100 });
  const silent = await RawClient.open(t, tlsPort);
  await until('it to be closed', () => silent.isClosed);
});

t.test('with a client authority a device needs its own certificate besides its secret', async (t) => {
  const dir = t.testdir();
  const city = new Authority(dir, 'city');
  const stranger = new Authority(dir, 'stranger');
  const tls = { port: 0, ...city.issue('localhost'), ca: city.ca };
  const { tlsPort, listener } = await startListener(t, { tls });
  const own = { ca: city.ca, ...city.issue('k1') };
  t.equal((await attempt(t, tlsPort, 'k1', own)).code, 0, 'its own');
  t.equal((await attempt(t, tlsPort, 'k2', own)).code, 4, 'that of another device');
  t.equal((await attempt(t, tlsPort, 'k1', { ca: city.ca })).code, null, 'none');
  t.equal((await attempt(t, tlsPort, 'k1', { ca: city.ca, ...stranger.issue('k1') })).code, null, 'a foreign one');
  t.equal((await attempt(t, tlsPort, 'k1', { ca: city.ca, ...city.issue('k1', 0) })).code, null, 'an expired one');
  listener.reloadTls({ crl: city.revoke('k1') });
  t.equal((await attempt(t, tlsPort, 'k1', own)).code, null, 'a revoked one');
  t.equal((await attempt(t, tlsPort, 'k2', { ca: city.ca, ...city.issue('k2') })).code, 0, 'still that of another');
  listener.reloadTls(city.issue('localhost', 2));
  t.equal((await attempt(t, tlsPort, 'k1', { ca: city.ca })).code, null, 'still asked for after a new certificate');
});

t.test('a resumed TLS session is held to the same certificate', async (t) => {
  const city = new Authority(t.testdir(), 'city');
  const { tlsPort } = await startListener(t, { tls: { port: 0, ...city.issue('localhost'), ca: city.ca } });
  for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
    const own = { ca: city.ca, ...city.issue('k1'), maxVersion };
    const socket = connectTls({ port: tlsPort, host: '127.0.0.1', servername: 'localhost', ...own });
    t.teardown(() => void socket.destroy());
    const client = new RawClient(socket);
    const session = new Promise<Buffer>((resolve) => socket.once('session', resolve));
    client.send(connectPacket('k1'));
    await client.until(() => client.packets.length > 0);
    const resumed = { ...own, session: await session };
    const again = await attempt(t, tlsPort, 'k1', resumed);
    t.equal(again.socket.isSessionReused(), true);
    t.equal(again.code, 0);
    t.equal((await attempt(t, tlsPort, 'k2', resumed)).code, 4);
  }
});
