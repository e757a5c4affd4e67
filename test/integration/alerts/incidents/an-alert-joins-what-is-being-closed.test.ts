import t from 'tap';
import type { AlertTables } from '../../../../src/alerts/desk/tables.ts';
import { Incidents } from '../../../../src/alerts/incidents/incidents.ts';
import { sql } from '../../../../src/platform/database/database.ts';
import { ADMIN, alertLog } from '../../../support/alerts/alert-desk.ts';
import { startAlertsApi } from '../../../support/alerts/alerts-api.ts';
import { until } from '../../../support/time/until.ts';

const { desk, raise, ask } = await startAlertsApi(t);
const RULE = 'kiosk-full';
const how = { severity: 'moderate', rule: RULE };

const alertOf = async (device: string) =>
  (await desk.queries.list(ADMIN, { limit: 1, device, open: true, rule: RULE })).items[0];
const opened = async (device: string) => {
  await raise(device, how);
  return await until(`the alert of ${device}`, () => alertOf(device));
};

interface Incident {
  id: string;
  version: number;
}

/** How many wait for a lock that somebody else holds. */
async function waiting(): Promise<number> {
  const all = sql<{ count: number }>`select count(*)::int as count from pg_stat_activity where wait_event_type = 'Lock'
    and datname = current_database()`;
  return (await all.execute(desk.database.tables())).rows[0]!.count;
}

/** Another gateway on the same database, whose stages remember nothing yet. */
const other = new Incidents({
  database: desk.database,
  clock: desk.clock,
  log: alertLog(),
  committed: () => {},
});

/** Closes an incident, and has alerts of `device` raised when the closing has its lock and has read no part yet. */
async function closedWhile({ id, version }: Incident, { part, device }: { part: string; device: string }) {
  let closing: ReturnType<typeof other.close> | undefined;
  await desk.database.transaction(async (tx) => {
    await tx.tables<AlertTables>().selectFrom('alert').select('id').where('id', '=', part).forUpdate().execute();
    closing = other.close(ADMIN, id, { verdict: 'confirmed', version });
    await until('it is being closed', async () => (await waiting()) === 1);
    await raise(device, how);
    await until('it joins, or waits', async () => (await waiting()) > 1 || (await alertOf(device)) !== undefined);
  });
  return await closing!;
}

t.test('an alert that opens while its incident is being closed is no open part of what is closed', async (t) => {
  const first = await opened('shop-1');
  const payload = { title: '市场火灾', alerts: [first.id], takes: { rule: RULE } };
  const made = await ask('POST', '/incidents', { payload });
  t.equal(made.status, 201, JSON.stringify(made.body));
  const incident = made.body as Incident;
  const second = await opened('shop-2');
  t.equal(second.incident, incident.id, 'it takes such alerts');
  const { body } = await ask('GET', `/incidents/${incident.id}`);
  const now = body as Incident;
  t.match(await closedWhile(now, { part: first.id, device: 'shop-3' }), { state: 'closed' });
  const third = await until('the alert', () => alertOf('shop-3'));
  t.match(third, { incident: null, handling: 'new' }, 'it stands alone, for somebody to see');
  t.match(await desk.queries.get(ADMIN, second.id), { handling: 'closed', incident: incident.id });
  await ask('POST', `/alerts/${second.id}/reopen`, { payload: { text: 'it burns still' } });
  await raise('shop-2', how);
  await until('it is counted', async () => (await alertOf('shop-2'))?.occurrences === 2);
  t.match(await alertOf('shop-2'), { incident: incident.id }, 'what was a part of it may go on as one');
});
