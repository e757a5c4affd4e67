import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import t from 'tap';
import { loadConfig } from '../../../src/app/config.ts';
import { examine, examineAll, type Finding } from '../../../src/app/doctor.ts';
import { DataDirectory } from '../../../src/app/local-services/data-directory.ts';
import { askRedis } from '../../../src/app/local-services/redis-probe.ts';
import { KnownSecrets } from '../../../src/core/observe.ts';
import { Database } from '../../../src/platform/database.ts';
import { Outbound } from '../../../src/platform/outbound.ts';
import { ManualClock } from '../../support/clock.ts';
import {
  type Owner,
  serviceDeps,
  startInflux,
  startPostgres,
  startRedis,
  temporaryDirectory,
} from '../../support/services.ts';

async function depsWith(t: Owner, env: Record<string, string>) {
  const { clock, observer, secrets } = serviceDeps();
  const dataDir = env.CITYWATCH_DATA_DIR ?? (await temporaryDirectory(t));
  const config = loadConfig({ env: { CITYWATCH_DATA_DIR: dataDir, ...env }, secrets });
  const outbound = new Outbound({ clock, observer });
  t.teardown(() => outbound.close());
  return { config, clock, observer, outbound };
}

function wrong(findings: Finding[]): Finding[] {
  return findings.filter(({ level }) => level !== 'fine');
}

t.test('a machine that set-up has prepared is fine', async (t) => {
  const findings = await examineAll(await depsWith(t, { CITYWATCH_HTTP_PORT: '0', CITYWATCH_MQTT_PORT: '0' }));
  t.same(
    findings.filter(({ level }) => level === 'problem'),
    [],
  );
  const parts = new Set(findings.map(({ part }) => part));
  t.same([...parts], ['data directory', 'clock', 'postgres', 'disk', 'redis', 'influx', 'ffmpeg', 'ports']);
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
  const [postgres, influx] = await Promise.all([startPostgres(t), startInflux(t)]);
  const env = { INFLUX_URL: influx.url, INFLUX_USERNAME: influx.username, INFLUX_PASSWORD: influx.password };
  const deps = await depsWith(t, { ...env, DATABASE_URL: postgres.url });
  t.same(wrong(await examine(deps)), []);
  const database = await Database.open({ ...deps, url: postgres.url });
  await database.close();
  t.pass('the look leaves no metric behind that the start after it would meet');
  const url = postgres.url.replace(/:[^:@]*@/, ':not-the-password@');
  const findings = wrong(await examine(await depsWith(t, { ...env, DATABASE_URL: url, INFLUX_PASSWORD: 'wrong' })));
  t.match(findings, [
    { level: 'problem', part: 'postgres', remedy: /DATABASE_URL/ },
    { level: 'problem', part: 'influx', what: 'answers 401', remedy: /INFLUX_PASSWORD/ },
  ]);
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
  t.match(wrong(await examineAll({ ...deps, clock: new ManualClock(0) })), [
    { part: 'data directory', remedy: /chmod 600 \S+secrets\/redis/ },
    { part: 'clock', what: /1970/, remedy: /NTP/ },
    { part: 'ffmpeg', what: '/no/such/ffmpeg cannot be run', remedy: /FFMPEG_PATH/ },
    { part: 'ports', what: `127.0.0.1:${port} is taken`, remedy: /CITYWATCH_HTTP_PORT/ },
  ]);
});

t.test('while the gateway of this data directory runs, its ports are no finding', async (t) => {
  const dataDir = await temporaryDirectory(t);
  const place = await DataDirectory.open(dataDir, new KnownSecrets());
  t.teardown(() => place.close());
  const findings = await examineAll(await depsWith(t, { CITYWATCH_DATA_DIR: dataDir }));
  t.match(findings.at(-1), { level: 'fine', what: /gateway that is running/ });
});
