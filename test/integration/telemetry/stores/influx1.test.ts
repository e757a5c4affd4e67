import { randomBytes } from 'node:crypto';
import t, { type Test } from 'tap';
import { systemClock } from '../../../../src/core/clock.ts';
import { createObserver, KnownSecrets } from '../../../../src/core/observe.ts';
import { Outbound } from '../../../../src/platform/outbound/outbound.ts';
import { Influx1Store } from '../../../../src/telemetry/stores/influx1.ts';
import type { PointsQuery } from '../../../../src/telemetry/stores/store.ts';
import { Influxd } from '../../../support/telemetry/influxd.ts';
import { conformance, conformanceOfWriting } from './store-conformance.ts';

const influxd = await Influxd.start(t);
const observer = createObserver({ level: 'silent', secrets: new KnownSecrets() });
const http = new Outbound({ clock: systemClock, observer });
t.teardown(() => http.close());

const ANY: PointsQuery = {
  measurement: 'kiosk',
  device: 'a',
  fields: ['f'],
  fromNs: '0',
  toNs: '1900000000000000000',
  limit: 10,
};
const RETENTION = { raw: 3_650, fiveMinutes: 3_651, hour: 3_652 };

function storeOn(options: Partial<ConstructorParameters<typeof Influx1Store>[0]> = {}): Influx1Store {
  const { url, username, password } = influxd;
  const database = `cw_${randomBytes(4).toString('hex')}`;
  return new Influx1Store(
    { url, username, password, database, retentionDays: RETENTION, gzip: false, ...options },
    { http, clock: systemClock, observer },
  );
}

for (const gzip of [false, true]) {
  t.test(`InfluxDB 1.x, ${gzip ? 'gzip' : 'plain'}`, async (t) => {
    const conforms = gzip ? conformanceOfWriting : conformance;
    conforms(t, async (_: Test) => {
      const store = storeOn({ gzip });
      await store.ensure();
      const restart = async () => {
        await influxd.kill();
        await influxd.start();
      };
      return { store, restart };
    });
  });
}

async function policiesOf(database: string): Promise<unknown[][]> {
  const answer = await influxd.query(`SHOW RETENTION POLICIES ON ${database}`);
  const rows = answer.results[0]?.series?.[0]?.values ?? [];
  return rows.map(([name, duration, shard, , isDefault]) => [name, duration, shard, isDefault]);
}

t.test('makes its retention policies, changes them with the setting, and leaves the rest alone', async (t) => {
  const database = 'cw_policies';
  await storeOn({ database }).ensure();
  await storeOn({ database, retentionDays: { ...RETENTION, hour: 100 } }).ensure();
  const [autogen, ...ours] = await policiesOf(database);
  t.match(autogen, ['autogen', '0s']);
  t.strictSame(ours, [
    ['raw', '87600h0m0s', '24h0m0s', true],
    ['5m', '87624h0m0s', '168h0m0s', false],
    ['1h', '2400h0m0s', '672h0m0s', false],
  ]);
});

t.test('a database of an earlier version gets the shards and the retention of this one, down to a day', async (t) => {
  const database = 'cw_before';
  await influxd.query(`CREATE DATABASE ${database}`);
  await influxd.query(`CREATE RETENTION POLICY "raw" ON ${database} DURATION 90d REPLICATION 1`);
  await influxd.query(`CREATE RETENTION POLICY "1h" ON ${database} DURATION 1825d REPLICATION 1`);
  await storeOn({ database, retentionDays: { raw: 1, fiveMinutes: 2, hour: 3 } }).ensure();
  const [, ...ours] = await policiesOf(database);
  t.strictSame(ours.sort(), [
    ['1h', '72h0m0s', '72h0m0s', false],
    ['5m', '48h0m0s', '48h0m0s', false],
    ['raw', '24h0m0s', '24h0m0s', true],
  ]);
});

t.test('queries run as a user that may not change anything', async (t) => {
  const store = storeOn({ database: 'cw_reader' });
  await store.ensure();
  const grants = await influxd.query('SHOW GRANTS FOR "cw_reader_reader"');
  t.strictSame(grants.results[0]?.series?.[0]?.values, [['cw_reader', 'READ']]);
  t.strictSame(await store.points(ANY), []);
  await influxd.query('DROP USER "cw_reader_reader"');
  await t.rejects(store.points(ANY), { code: 'store.refused' }, 'they run as that user and no other');
});

t.test('a user without administrator rights uses a database made for it, and no other', async (t) => {
  await storeOn({ database: 'cw_given' }).ensure();
  await influxd.query(`CREATE USER writer WITH PASSWORD 'writer-password'`);
  await influxd.query('GRANT ALL ON cw_given TO writer');
  const user = { username: 'writer', password: 'writer-password' };
  const given = storeOn({ database: 'cw_given', ...user });
  await given.ensure();
  const { signal } = new AbortController();
  t.strictSame(await given.write(['kiosk,dev=a,jur=000000 f=1 1767571200000000000'], signal), { rejected: [] });
  await influxd.query('DROP USER "cw_given_reader"');
  t.equal((await given.points(ANY)).length, 1, 'queries run as itself');
  await t.rejects(storeOn({ database: 'cw_other', ...user }).ensure(), { code: 'store.refused' });
});

t.test('a wrong password, a missing database and a missing policy are refused, with what to check', async (t) => {
  const { signal } = new AbortController();
  const line = ['kiosk,dev=a f=1 1767571200000000000'];
  const wrong = storeOn({ password: 'wrong' });
  await t.rejects(wrong.write(line, signal), { code: 'store.refused', message: /INFLUX_PASSWORD/ });
  await t.rejects(wrong.ensure(), { code: 'store.refused' });
  await t.rejects(storeOn().write(line, signal), { code: 'store.refused', message: /INFLUX_DATABASE/ });
  await influxd.query('CREATE DATABASE cw_bare');
  await t.rejects(storeOn({ database: 'cw_bare' }).write(line, signal), { code: 'store.refused' });
});

t.test('nobody there is worth another try', async (t) => {
  const { signal } = new AbortController();
  const nobody = storeOn({ url: 'http://127.0.0.1:1' });
  await t.rejects(nobody.write(['kiosk,dev=a f=1 1'], signal), { code: 'store.unavailable' });
  await t.rejects(nobody.ensure(), { code: 'store.unavailable' });
  await t.rejects(nobody.ping(), { code: 'store.unavailable' });
  const query = { measurement: 'm', device: 'a', fields: ['f'], fromNs: '0', toNs: '1000000', limit: 1 };
  await t.rejects(nobody.points(query), { code: 'store.unavailable' });
});
