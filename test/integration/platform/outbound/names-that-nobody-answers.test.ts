import { stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { type AddressInfo, createServer as createSocketServer } from 'node:net';
import { join } from 'node:path';
import { Redis, type RedisOptions } from 'ioredis';
import pg from 'pg';
import t, { type Test } from 'tap';
import { type Clock, systemClock } from '../../../../src/core/clock.ts';
import { openWith } from '../../../../src/ingest/uplinks/broker/link.ts';
import { NameFiles } from '../../../../src/platform/outbound/name-files.ts';
import { postgresSocket, redisConnector } from '../../../../src/platform/outbound/named-sockets.ts';
import { machineNames, Names } from '../../../../src/platform/outbound/names.ts';
import { failureReason, Outbound } from '../../../../src/platform/outbound/outbound.ts';
import { startNameServer, type Zone } from '../../../support/network/name-server.ts';
import { quietObserver } from '../../../support/services/services.ts';
import { ManualClock } from '../../../support/time/clock.ts';
import { until } from '../../../support/time/until.ts';

interface Files {
  hosts?: string;
  nsswitch?: string;
  resolv?: string;
}

async function world(t: Test, zone: Zone, files: Files = {}, clock: Clock = systemClock) {
  const directory = t.testdir();
  const path = (name: string) => join(directory, name);
  const write = async (texts: Files) => {
    for (const [name, text] of Object.entries(texts)) await writeFile(path(name), text);
  };
  await write(files);
  const { servers, asked } = await startNameServer(t, zone);
  const paths = { hosts: path('hosts'), nsswitch: path('nsswitch'), resolv: path('resolv') };
  const make = () => new Names({ clock, servers, files: new NameFiles(clock, paths) });
  return { make, names: make(), asked, write };
}

const at = (address: string) => [{ address, family: 4 }];
const live = (...addresses: string[]) => ({ addresses });
const NOBODY = { code: 'EAI_AGAIN' };
const UNKNOWN = { code: 'ENOTFOUND' };

t.test('a hundred names that nobody answers hold up no webhook by name, no file and no other name', async (t) => {
  const zone: Zone = new Map([['hooks.test', live('127.0.0.1')]]);
  for (let n = 0; n < 100; n += 1) zone.set(`camera-${n}.test`, 'silent');
  const { make } = await world(t, zone);
  const names = { cameras: make(), webhooks: make(), services: make() };
  const outbound = new Outbound({ clock: systemClock, observer: quietObserver(), names });
  t.teardown(() => outbound.close());
  const receiver = createServer((_, response) => void response.end()).listen(0, '127.0.0.1');
  t.teardown(() => receiver.close());
  await until('the receiver', () => receiver.listening);
  const { port } = receiver.address() as AddressInfo;
  const ask = (host: string, purpose: 'cameras' | 'webhooks') =>
    outbound.http({
      url: `http://${host}:${port}/`,
      method: 'POST',
      deadlineMs: 8_000,
      maxBytes: 1,
      networks: { cidrs: ['127.0.0.0/8'], names: purpose },
    });
  let ended = 0;
  const reasons = Array.from({ length: 100 }, (_, n) =>
    ask(`camera-${n}.test`, 'cameras')
      .catch((error: unknown) => failureReason(error))
      .finally(() => {
        ended += 1;
      }),
  );
  t.equal((await ask('hooks.test', 'webhooks')).status, 200);
  t.equal((await ask('hooks.test', 'cameras')).status, 200, 'nor a live camera among the dead ones');
  await stat('/');
  t.equal(ended, 0, 'while all of them are still waited for');
  t.same([...new Set(await Promise.all(reasons))], ['dns']);
});

t.test('a question ends at its deadline, and a name that failed is not asked for again at once', async (t) => {
  const clock = new ManualClock();
  // Each of them keeps the resolver busy for seconds by the clock of the machine.
  const spellings = ['dead.test', ...['a', 'b', 'c', 'd'].map((domain) => `dead.test.${domain}.test`)];
  const zone: Zone = new Map(spellings.map((name) => [name, 'silent']));
  const { names, asked } = await world(t, zone, { resolv: 'search a.test b.test c.test d.test\n' }, clock);
  const pending = names.addresses('dead.test');
  const together = names.addresses('DEAD.test');
  pending.catch(() => {});
  together.catch(() => {});
  await until('the question', () => asked.length > 0);
  await clock.advance(4_000);
  await t.rejects(pending, NOBODY);
  await t.rejects(together, NOBODY);
  t.notOk(asked.includes('dead.test.d.test'), 'it did not wait until every search domain was asked');
  const before = asked.length;
  await t.rejects(names.addresses('dead.test'), NOBODY);
  t.equal(asked.length, before);
});

t.test('an address is kept as long as its owner says, at most a minute; then a moved name is followed', async (t) => {
  const clock = new ManualClock();
  const zone: Zone = new Map([
    ['short.test', { addresses: ['10.0.0.1'], ttlS: 5 }],
    ['long.test', { addresses: ['10.0.0.1'], ttlS: 86_400 }],
  ]);
  const { names, asked } = await world(t, zone, {}, clock);
  for (const name of ['short.test', 'long.test']) t.same(await names.addresses(name), at('10.0.0.1'));
  for (const name of ['short.test', 'long.test']) zone.set(name, live('10.0.0.2'));
  await clock.advance(4_900);
  t.same(await names.addresses('short.test'), at('10.0.0.1'));
  t.equal(asked.length, 2);
  await clock.advance(200);
  t.same(await names.addresses('short.test'), at('10.0.0.2'));
  await clock.advance(50_000);
  t.same(await names.addresses('long.test'), at('10.0.0.1'));
  await clock.advance(5_000);
  t.same(await names.addresses('long.test'), at('10.0.0.2'));
  await t.rejects(names.addresses('never.test'), UNKNOWN);
});

t.test('/etc/hosts and nsswitch.conf are followed, also when they change; localhost is always here', async (t) => {
  const clock = new ManualClock();
  const zone: Zone = new Map([['both.test', live('10.0.0.1')]]);
  const hosts = '127.0.0.9 both.test alias # not-a-name\n10.1.1.1 Kamera.Nord\nfd00::1 kamera.nord\nnonsense x.test\n';
  const { names, write, asked } = await world(t, zone, { hosts }, clock);
  t.same(await names.addresses('both.test'), at('127.0.0.9'));
  t.same(await names.addresses('alias'), at('127.0.0.9'));
  t.same(await names.addresses('kamera.nord'), [...at('10.1.1.1'), { address: 'fd00::1', family: 6 }]);
  t.same((await names.addresses('localhost'))[0], at('127.0.0.1')[0]);
  t.same((await names.addresses('db.localhost.'))[0], at('127.0.0.1')[0]);
  t.same(asked, [], 'no name server was asked');
  await t.rejects(names.addresses('not-a-name'), UNKNOWN);
  await write({ hosts: '127.0.0.10 both.test\n' });
  await clock.advance(5_000);
  t.same(await names.addresses('both.test'), at('127.0.0.10'));
  await write({ nsswitch: 'passwd: files\nhosts: dns files # the other way round\n' });
  await clock.advance(5_000);
  t.same(await names.addresses('both.test'), at('10.0.0.1'));
  t.same((await names.addresses('localhost'))[0], at('127.0.0.1')[0], 'what dns does not know is looked for further');
  await write({ nsswitch: 'hosts: files mdns4_minimal [NOTFOUND=return] dns\n' });
  await clock.advance(60_000);
  zone.set('more.test', live('10.0.0.3'));
  t.same(await names.addresses('more.test'), at('10.0.0.3'), 'a source that we cannot ask ends nothing');
  await write({ nsswitch: 'hosts: files [NOTFOUND=return] dns\n' });
  await clock.advance(60_000);
  await t.rejects(names.addresses('more.test'), UNKNOWN);
});

t.test('search domains: as resolv.conf says, by the dots of the name', async (t) => {
  const zone: Zone = new Map([
    ['db.city.test', live('10.0.0.1')],
    ['a.b.city.test', live('10.0.0.2')],
    ['a.b', live('10.0.0.3')],
    ['db', live('10.0.0.4')],
  ]);
  const resolv = 'nameserver 127.0.0.1\nsearch other.test city.test.\noptions ndots:1 timeout:1\n';
  const { names, asked } = await world(t, zone, { resolv });
  t.same(await names.addresses('db'), at('10.0.0.1'));
  t.same(asked, ['db.other.test', 'db.city.test']);
  t.same(await names.addresses('a.b'), at('10.0.0.3'));
  t.same(await names.addresses('db.'), at('10.0.0.4'));
  zone.delete('a.b');
  const far = await world(t, zone, { resolv: 'search city.test\noptions ndots:5\n' });
  t.same(await far.names.addresses('a.b'), at('10.0.0.2'));
});

t.test('PostgreSQL, Redis, InfluxDB and the broker are found by these names too', async (t) => {
  const { make } = await world(t, new Map([['service.test', live('127.0.0.1')]]));
  const names = make();
  const found: string[] = [];
  const listener = createSocketServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', (bytes: Buffer) => {
      found.push(nameOfGreeting(bytes));
      socket.destroy();
    });
  }).listen(0, '127.0.0.1');
  t.teardown(() => listener.close());
  await until('the listener', () => listener.listening);
  const { port } = listener.address() as AddressInfo;
  const postgres = new pg.Client({ host: 'service.test', port, stream: () => postgresSocket(names) });
  postgres.on('error', () => {});
  await t.rejects(postgres.connect());
  const Connector = redisConnector(names) as NonNullable<RedisOptions['Connector']>;
  const redis = new Redis({ host: 'service.test', port, Connector, retryStrategy: () => null, lazyConnect: true });
  redis.on('error', () => {});
  await t.rejects(redis.ping());
  const broker = openWith({ protocol: 'mqtt', host: 'service.test', port, reconnectPeriod: 0 }, names);
  await until('the broker', () => found.length === 3);
  broker.end(true);
  const secure = openWith({ protocol: 'mqtts', host: 'service.test', port, reconnectPeriod: 0 }, names);
  await until('the broker behind TLS', () => found.length === 4);
  secure.end(true);
  const outbound = new Outbound({
    clock: systemClock,
    observer: quietObserver(),
    names: { ...machineNames, services: names },
  });
  t.teardown(() => outbound.close());
  const url = `http://service.test:${port}/ping`;
  await t.rejects(outbound.http({ url, method: 'GET', deadlineMs: 5_000, maxBytes: 1, networks: 'services' }));
  t.same(found, ['postgresql', 'redis', 'mqtt', 'tls', 'http']);
});

function nameOfGreeting(bytes: Buffer): string {
  if (bytes.readUInt32BE(0) === bytes.length) return 'postgresql';
  if (bytes[0] === 0x2a) return 'redis';
  if (bytes[0] === 0x10) return 'mqtt';
  return bytes[0] === 0x16 ? 'tls' : 'http';
}
