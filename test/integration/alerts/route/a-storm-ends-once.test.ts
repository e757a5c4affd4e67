import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import t from 'tap';
import { AlertActions } from '../../../../src/alerts/desk/life/actions.ts';
import { saveAlerts } from '../../../../src/alerts/desk/log/write.ts';
import { AlertQueries } from '../../../../src/alerts/desk/queries.ts';
import type { AlertTables } from '../../../../src/alerts/desk/tables.ts';
import { ONE_BY_ONE } from '../../../../src/alerts/route/stages/storm.ts';
import { systemClock as clock } from '../../../../src/core/clock.ts';
import { DATABASE_LIMITS, Database, sql } from '../../../../src/platform/database/database.ts';
import { migrate } from '../../../../src/platform/database/migrate.ts';
import { ADMIN, alertLog, SEEING, startAlertDesk } from '../../../support/alerts/alert-desk.ts';
import { alertRow } from '../../../support/alerts/alert-row.ts';
import { startScript } from '../../../support/processes.ts';
import { quietObserver } from '../../../support/services/services.ts';
import { freshDatabase, sharedRedis } from '../../../support/services/shared-database.ts';
import { until } from '../../../support/time/until.ts';

const CHILD = join(import.meta.dirname, '../../../support/alerts/desk-child.ts');
/** More than one transaction lets go. */
const PARTS = 450;

const { url } = await freshDatabase(t);
const { url: redis } = await sharedRedis(t);
const database = await Database.open({ url, observer: quietObserver(), clock, limits: DATABASE_LIMITS });
t.teardown(() => database.close());
await migrate(database);
const queries = new AlertQueries(database);
// Whoever handles alerts here works on no queue: what is due is left to the child.
const actions = new AlertActions({ database, clock, log: alertLog(), committed: () => {}, personWhoSees: SEEING });

const leader = alertRow({ severity: 'moderate', storm_count: PARTS + 1 });
const parts = Array.from({ length: PARTS }, (_, n) =>
  alertRow({
    severity: 'moderate',
    id: randomUUID(),
    dedup_key: `part|${n}`,
    device: `part-${n}`,
    storm: leader.id,
    visibility: 'inhibited',
    condition: n % 3 === 0 ? 'cleared' : 'active',
  }),
);
await saveAlerts(database, [leader, ...parts]);

const isWaited = async () => {
  const { rows } = await sql`select from pg_locks where not granted`.execute(database.tables());
  return rows.length > 0;
};
const behind = () => queries.counts(ADMIN, { open: true, storm: leader.id });
const work = async () => {
  const { rows } = await sql`select from work_item where queue = 'stage' and key like 'storm-end %'`.execute(
    database.tables(),
  );
  return rows.length;
};

t.test('the parts of a storm are let go once each, whoever is killed over it', async (t) => {
  const child = await startScript(t, CHILD, [url, redis]);
  const last = parts.map(({ id }) => id).sort()[PARTS - 1]!;
  await database.transaction(async (tx) => {
    // From here on the child stops in the middle of the parts.
    await tx.tables<AlertTables>().selectFrom('alert').select('id').where('id', '=', last).forUpdate().execute();
    await actions.do(ADMIN, leader.id, { does: 'close', verdict: 'confirmed' });
    await until('it has come to that part', isWaited);
    const ended = once(child.process, 'exit');
    child.process.kill('SIGKILL');
    await ended;
  });
  const left = (await behind()).all;
  t.ok(left > 0 && left < PARTS, 'some are free');
  t.ok((await work()) >= 1, 'the others are known to be left');

  const desk = await startAlertDesk(t, { database: url, redis, leaseMs: 1_000 });
  await until('all are', async () => (await behind()).all === 0);
  await until('nothing is left to do', async () => (await work()) === 0);
  await sql`insert into work_item (queue, key, revision, priority, due_at_ms, claimed_until_ms, fence, attempts)
    values ('stage', ${`storm-end ${leader.id} 0 0`}, 1, 5, 0, 0, 0, 0)`.execute(database.tables());
  desk.doorbell.ring('stage');
  await until('it is looked at once more', async () => (await work()) === 0);

  const now = await database.tables<AlertTables>().selectFrom('alert').selectAll().execute();
  const byId = new Map(now.map((alert) => [alert.id, alert]));
  const over = parts.filter(({ condition }) => condition === 'cleared');
  t.ok(over.every(({ id, version }) => byId.get(id)?.handling === 'closed' && byId.get(id)?.version === version + 1));
  const bad = parts.filter(({ condition }) => condition === 'active').map(({ id }) => byId.get(id)!);
  const next = bad.find(({ storm_count }) => storm_count > 0)!;
  const alone = bad.filter(({ storm, visibility }) => storm === null && visibility === 'normal');
  const stoodFor = bad.filter(({ storm, visibility }) => storm === next.id && visibility === 'inhibited');
  t.equal(alone.length + stoodFor.length, bad.length, 'each is shown, or a part of what is');
  t.ok(alone.length <= 2 * ONE_BY_ONE + 1, 'whoever begins anew does not know how many were told');
  const { entries } = await queries.events(ADMIN, 0, 5_000);
  const said = entries.filter(({ alertId, type }) => alertId !== leader.id && type !== 'alert.evidence');
  const counts = said.filter(({ body }) => (body.alert.stormCount as number) > 1).length;
  t.equal(said.length - counts, PARTS, 'one entry each');
});
