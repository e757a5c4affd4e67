import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import t from 'tap';
import { SINKS } from '../../../../src/alerts/sinks/sinks.ts';
import { loadConfig } from '../../../../src/app/config/config.ts';
import { examine, examineAll, type Remark } from '../../../../src/app/doctor/doctor.ts';
import { checkPorts } from '../../../../src/app/doctor/machine.ts';
import { checkDatabaseServer, whyNotRedis } from '../../../../src/app/doctor/servers.ts';
import { checkTls } from '../../../../src/app/doctor/tls.ts';
import { DataDirectory } from '../../../../src/app/local-services/data-directory.ts';
import { askRedis } from '../../../../src/app/local-services/redis-probe.ts';
import { KnownSecrets } from '../../../../src/core/observe.ts';
import { checkBroker } from '../../../../src/ingest/uplinks/broker/check.ts';
import { UPLINKS } from '../../../../src/ingest/uplinks/uplinks.ts';
import { DATABASE_LIMITS, Database } from '../../../../src/platform/database/database.ts';
import { Outbound } from '../../../../src/platform/outbound/outbound.ts';
import { Authority } from '../../../support/network/certificates.ts';
import { Wire } from '../../../support/network/wire.ts';
import { refusingPostgres } from '../../../support/services/refusing-postgres.ts';
import {
  type Owner,
  serviceDeps,
  startInflux,
  startRedis,
  temporaryDirectory,
} from '../../../support/services/services.ts';
import { freshDatabase, sharedRedis } from '../../../support/services/shared-database.ts';
import { ManualClock } from '../../../support/time/clock.ts';
import { Broker, PASSWORD } from '../../../support/uplinks/broker.ts';

const TYPES = { uplinks: UPLINKS, sinks: SINKS };

async function depsWith(t: Owner, env: Record<string, string>) {
  const { clock, observer, secrets } = serviceDeps();
  const dataDir = env.CITYWATCH_DATA_DIR ?? (await temporaryDirectory(t));
  const config = loadConfig({ env: { CITYWATCH_DATA_DIR: dataDir, ...env }, secrets });
  const outbound = new Outbound({ clock, observer });
  t.teardown(() => outbound.close());
  return { config, clock, observer, outbound };
}

function wrong(findings: Remark[]): Remark[] {
  return findings.filter(({ level }) => level !== 'fine');
}

t.test('a machine that set-up has prepared is fine', async (t) => {
  const findings = await examineAll(await depsWith(t, { CITYWATCH_HTTP_PORT: '0', CITYWATCH_MQTT_PORT: '0' }), TYPES);
  t.same(
    findings.filter(({ level }) => level === 'problem'),
    [],
  );
  const parts = new Set(findings.map(({ part }) => part));
  t.same(
    [...parts],
    [
      'data directory',
      'clock',
      'postgres',
      'disk',
      'redis',
      'influx',
      'ffmpeg',
      'journal',
      'recordings',
      'secret',
      'ports',
    ],
  );
  const ffmpeg = findings.find(({ part }) => part === 'ffmpeg');
  t.match(ffmpeg?.what, /^ffmpeg version \S+$/);
});

t.test('a Redis that evicts and forgets, and one that is not there, are named with the remedy', async (t) => {
  const redis = await startRedis(t);
  const deps = await depsWith(t, { REDIS_URL: redis.url });
  t.same(wrong(await examine(deps)), []);
  const policy = ['CONFIG', 'SET', 'maxmemory-policy', 'allkeys-lru'];
  await askRedis(redis.url, [policy, ['CONFIG', 'SET', 'appendonly', 'no']], new AbortController().signal);
  t.match(wrong(await examine(deps)), [
    { level: 'problem', part: 'redis', remedy: /noeviction/ },
    { level: 'warning', part: 'redis', remedy: /appendonly yes/ },
  ]);
  const elsewhere = redis.url.replace('redis.sock', 'no.sock');
  const absent = wrong(await examine(await depsWith(t, { REDIS_URL: elsewhere })));
  t.match(absent, [{ level: 'problem', part: 'redis', what: /does not answer/, remedy: /check REDIS_URL/ }]);
  t.notMatch(JSON.stringify(absent), redis.password);
});

t.test('PostgreSQL and InfluxDB are asked, and a wrong password is a problem', async (t) => {
  const [postgres, influx] = await Promise.all([freshDatabase(t), startInflux(t)]);
  const env = { INFLUX_URL: influx.url, INFLUX_USERNAME: influx.username, INFLUX_PASSWORD: influx.password };
  const deps = await depsWith(t, { ...env, DATABASE_URL: postgres.url });
  t.same(wrong(await examine(deps)), []);
  const start = Database.open({ ...deps, url: postgres.url, limits: DATABASE_LIMITS }).then((database) =>
    database.close(),
  );
  await t.resolves(start, 'the look leaves no metric behind that the start after it would meet');
  const url = postgres.url.replace(/:[^:@]*@/, ':not-the-password@');
  const findings = wrong(await examine(await depsWith(t, { ...env, DATABASE_URL: url, INFLUX_PASSWORD: 'wrong' })));
  t.match(findings, [
    { level: 'problem', part: 'postgres', what: 'refuses user or password', remedy: /DATABASE_URL/ },
    { level: 'problem', part: 'influx', what: 'refuses user or password', remedy: /INFLUX_PASSWORD/ },
  ]);
  const missing = postgres.url.replace(/\/\w+\?/, '/not-there?');
  const gone = wrong(await examine(await depsWith(t, { ...env, DATABASE_URL: missing })));
  t.match(gone, [{ part: 'postgres', what: 'has no such database', remedy: /createdb/ }]);
  const nobody = { DATABASE_URL: 'postgres://u:p@127.0.0.1:1/x', INFLUX_URL: 'http://127.0.0.1:1' };
  t.match(wrong(await examine(await depsWith(t, nobody))), [
    { part: 'postgres', what: /ECONNREFUSED/, remedy: /host and port in DATABASE_URL/ },
    { part: 'influx', what: /does not answer/, remedy: /INFLUX_URL/ },
  ]);
});

t.test('of a PostgreSQL that lets nobody in the reason is told, and not the address doubted', async (t) => {
  const silent = await Wire.lay(t, { path: '/not-there' });
  silent.hold();
  const starting = await refusingPostgres(t, { sqlstate: '57P03', message: 'the database system is starting up' });
  const crowded = await refusingPostgres(t, { sqlstate: '53300', message: 'sorry, too many clients already' });
  // Those that answer have more time, since the machine may have little to spare.
  const waits: [string, number][] = [
    [`postgresql://u@127.0.0.1:${silent.port}/x`, 2_000],
    [starting.url, 6_000],
    [crowded.url, 6_000],
  ];
  const look = async ([url, waitMs]: [string, number]) =>
    checkDatabaseServer(await depsWith(t, { DATABASE_URL: url }), waitMs);
  t.match((await Promise.all(waits.map(look))).flat(), [
    { level: 'problem', what: /takes connections, and let nobody in/, remedy: /^it may be starting or recovering/ },
    { level: 'problem', what: /is starting, recovering or/, remedy: /^wait/ },
    { level: 'problem', what: 'has no connection left for us', remedy: /max_connections/ },
  ]);
});

t.test('a Redis with a password tells the wrong one from none, and from a database that it has not', async (t) => {
  const { url: right } = await sharedRedis(t);
  const look = async (url: string) => wrong(await examine(await depsWith(t, { REDIS_URL: url })));
  t.match(await look(right.replace(/:[^:@]*@/, ':not-the-password@')), [
    { part: 'redis', what: 'refuses user or password', remedy: /REDIS_URL/ },
  ]);
  t.match(await look(right.replace(/:[^:@]*@/, '')), [{ part: 'redis', what: 'asks for a password' }]);
  const { what } = whyNotRedis('ERR DB index is out of range');
  t.equal(what, 'has no database of this number');
});

t.test('the broker of MQTT_URL is asked, and what it says is told apart', async (t) => {
  const issued = new Authority(t.testdir(), 'city').issue('127.0.0.1');
  const [broker, secure] = await Promise.all([Broker.start(t, []), Broker.start(t, [], issued)]);
  const look = async (url: string) =>
    await checkBroker((await depsWith(t, { MQTT_URL: url })).config.mqtt, new AbortController().signal);
  const at = (password: string, port: number, scheme = 'mqtt') => `${scheme}://citywatch:${password}@127.0.0.1:${port}`;
  t.match(await look(at(PASSWORD, broker.port)), [{ level: 'fine', what: 'the broker lets us in' }]);
  t.match(await look(at('wrong', broker.port)), [
    { level: 'problem', what: 'the broker refuses user or password', remedy: /MQTT_URL/ },
  ]);
  t.match(await look(at(PASSWORD, 1)), [{ level: 'problem', what: /does not answer \(ECONNREFUSED\)/ }]);
  t.match(await look(at(PASSWORD, secure.port, 'mqtts')), [{ what: /not believed/, remedy: /MQTT_CA_FILE/ }]);
});

t.test('a certificate that ends soon, one that does not fit its key, and a taken MQTTS port are named', async (t) => {
  const authority = new Authority(t.testdir(), 'city');
  const [one, other] = [authority.issue('one'), authority.issue('other')];
  const dir = await temporaryDirectory(t);
  const file = async (name: string, text: string) => {
    await writeFile(join(dir, name), text, { mode: 0o600 });
    return join(dir, name);
  };
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => server.close());
  const taken = String((server.address() as AddressInfo).port);
  const ports = { CITYWATCH_HTTP_PORT: '0', CITYWATCH_MQTT_PORT: '0', CITYWATCH_MQTTS_PORT: taken };
  const cert = await file('one.pem', one.cert);
  const look = async (key: string) => {
    const env = { ...ports, CITYWATCH_TLS_CERT_FILE: cert, CITYWATCH_TLS_KEY_FILE: key };
    const deps = await depsWith(t, env);
    return wrong([...(await checkTls(deps)), ...(await checkPorts(deps, UPLINKS))]);
  };
  t.match(await look(await file('one.key', one.key)), [
    { level: 'warning', part: 'tls', what: /ends in [01] days/, remedy: /renew/ },
    { level: 'problem', part: 'ports', what: `127.0.0.1:${taken} is taken`, remedy: /CITYWATCH_MQTTS_PORT/ },
  ]);
  t.match(await look(await file('other.key', other.key)), [{ level: 'problem', part: 'tls' }, { part: 'ports' }]);
});

t.test('taken ports, an open secret, a missing ffmpeg and a wrong clock are named', async (t) => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => server.close());
  const port = String((server.address() as AddressInfo).port);
  const dataDir = await temporaryDirectory(t);
  await mkdir(join(dataDir, 'secrets'), { mode: 0o700 });
  await writeFile(join(dataDir, 'secrets', 'redis'), 'x');
  await chmod(join(dataDir, 'secrets', 'redis'), 0o644);
  const env = { CITYWATCH_DATA_DIR: dataDir, CITYWATCH_HTTP_PORT: port, FFMPEG_PATH: '/no/such/ffmpeg' };
  const deps = await depsWith(t, { ...env, CITYWATCH_MQTT_PORT: '0' });
  const found = wrong(await examineAll({ ...deps, clock: new ManualClock(0) }, TYPES));
  // Who keeps the clock, and whether a user may make namespaces, is this machine's own.
  t.match(
    found.filter(({ what }) => !/keeps the clock|ffmpeg can use the network/.test(what)),
    [
      { part: 'data directory', remedy: /chmod 600 \S+secrets\/redis/ },
      { part: 'clock', what: /1970/, remedy: /NTP/ },
      { part: 'ffmpeg', what: '/no/such/ffmpeg cannot be run', remedy: /FFMPEG_PATH/ },
      { part: 'ports', what: `127.0.0.1:${port} is taken`, remedy: /CITYWATCH_HTTP_PORT/ },
    ],
  );
});

t.test('while the gateway of this data directory runs, its ports are no finding', async (t) => {
  const dataDir = await temporaryDirectory(t);
  const place = await DataDirectory.open(dataDir, new KnownSecrets());
  t.teardown(() => place.close());
  const findings = await examineAll(await depsWith(t, { CITYWATCH_DATA_DIR: dataDir }), TYPES);
  t.match(findings.at(-1), { level: 'fine', what: /gateway that is running/ });
});
