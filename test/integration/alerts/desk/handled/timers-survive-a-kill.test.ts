import { once } from 'node:events';
import { join } from 'node:path';
import t from 'tap';
import { AlertActions } from '../../../../../src/alerts/desk/life/actions.ts';
import { saveAlerts } from '../../../../../src/alerts/desk/log/write.ts';
import { AlertQueries } from '../../../../../src/alerts/desk/queries.ts';
import type { AlertTables } from '../../../../../src/alerts/desk/tables.ts';
import { systemClock as clock } from '../../../../../src/core/clock.ts';
import { DATABASE_LIMITS, Database, sql } from '../../../../../src/platform/database/database.ts';
import { migrate } from '../../../../../src/platform/database/migrate.ts';
import { ADMIN, alertLog, SEEING, startAlertDesk } from '../../../../support/alerts/alert-desk.ts';
import { alertRow } from '../../../../support/alerts/alert-row.ts';
import { startScript } from '../../../../support/processes.ts';
import { quietObserver } from '../../../../support/services/services.ts';
import { freshDatabase, sharedRedis } from '../../../../support/services/shared-database.ts';
import { until } from '../../../../support/time/until.ts';

const CHILD = join(import.meta.dirname, '../../../../support/alerts/desk-child.ts');
/** Time to lock the row before the child comes to it, also on a loaded machine: nothing else can hold the child up. */
const SOON_MS = 2_500;

const { url } = await freshDatabase(t);
const { url: redis } = await sharedRedis(t);
const database = await Database.open({ url, observer: quietObserver(), clock, limits: DATABASE_LIMITS });
t.teardown(() => database.close());
await migrate(database);
const queries = new AlertQueries(database);
// Whoever handles alerts here works on no queue: what is due is left to the child.
const actions = new AlertActions({ database, clock, log: alertLog(), committed: () => {}, personWhoSees: SEEING });

const alert = alertRow();
await saveAlerts(database, [alert]);

const isWaited = async () => {
  const { rows } = await sql`select from pg_locks where not granted`.execute(database.tables());
  return rows.length > 0;
};
const unacked = async () => {
  const { entries } = await queries.events(ADMIN, 0, 500);
  return entries.filter(({ type }) => type === 'alert.unacked').length;
};
const timers = async () => {
  const { rows } = await sql<{ key: string }>`select key from work_item where queue = 'alert-life'`.execute(
    database.tables(),
  );
  return rows.length;
};

t.test('an acknowledgement that runs out is said once, whoever is killed over it', async (t) => {
  const child = await startScript(t, CHILD, [url, redis]);
  await database.transaction(async (tx) => {
    await actions.do(ADMIN, alert.id, { does: 'ack', forMs: SOON_MS });
    // From here on the child stands in the middle of its transaction.
    await tx.tables<AlertTables>().selectFrom('alert').select('id').where('id', '=', alert.id).forUpdate().execute();
    await until('the timer is being run', isWaited);
    const ended = once(child.process, 'exit');
    child.process.kill('SIGKILL');
    await ended;
  });
  t.equal(await unacked(), 0, 'nothing was said');
  t.match(await queries.get(ADMIN, alert.id), { handling: 'acked' });
  t.equal(await timers(), 1, 'the timer is there still');

  const desk = await startAlertDesk(t, { database: url, redis, leaseMs: 1_000 });
  await until('it is said', async () => (await unacked()) === 1);
  t.match(await queries.get(ADMIN, alert.id), { handling: 'new', ackedBy: null });
  await until('the timer is done', async () => (await timers()) === 0);
  t.match(await desk.life.handle(alert.id), { again: null });
  t.equal(await unacked(), 1, 'once');
});
