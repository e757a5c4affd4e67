import t from 'tap';
import { systemClock } from '../../../src/core/clock.ts';
import { DATABASE_LIMITS, Database, sql } from '../../../src/platform/database/database.ts';
import { Gateway } from '../../support/gateway/gateway.ts';
import { quietObserver } from '../../support/services/services.ts';
import { freshDatabase } from '../../support/services/shared-database.ts';
import { until } from '../../support/time/until.ts';

t.setTimeout(120_000);

t.test('a running gateway takes over what somebody else writes, also while it hears of nothing', async (t) => {
  const { url } = await freshDatabase(t);
  const database = await Database.open({ url, observer: quietObserver(), clock: systemClock, limits: DATABASE_LIMITS });
  t.teardown(() => database.close());
  const db = database.tables();
  const gateway = await Gateway.start(t, { DATABASE_URL: url });
  const secret = await gateway.register({ id: 'k-1' });
  const status = async (path: string, token: string) => (await gateway.api('GET', path, { token })).status;
  const send = async () => {
    const body = { id: 'r-1', values: { fill_pct: 1 } };
    return (await gateway.api('POST', '/devices/k-1/telemetry', { body, token: `k-1:${secret}` })).status;
  };
  const body = { name: 'desk', role: 'viewer', jurisdiction: '330200' };
  const made = (await gateway.api('POST', '/tokens', { body })).body as { id: string; token: string };
  t.equal(await status('/devices', made.token), 200);
  t.equal(await send(), 202);
  await sql`update api_token set revoked_at_ms = 1 where id = ${made.id}`.execute(db);
  await until('the token is refused', async () => (await status('/devices', made.token)) === 401);

  const { rows } = await sql`select pg_terminate_backend(pid) from pg_stat_activity
    where application_name = 'citywatch-follow' and datname = current_database()`.execute(db);
  t.equal(rows.length, 1, 'one connection listens');
  await sql`update position set state = 'retired', version = version + 1 where id = 'k-1'`.execute(db);
  await until('the device is refused', async () => (await send()) === 401);
  t.same(await gateway.notGreen(), []);
});
