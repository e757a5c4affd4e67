import { randomUUID } from 'node:crypto';
import t from 'tap';
import type { AlertView } from '../../../../src/alerts/desk/alert.ts';
import { saveAlerts } from '../../../../src/alerts/desk/log/write.ts';
import type { AlertTables } from '../../../../src/alerts/desk/tables.ts';
import { ONE_BY_ONE } from '../../../../src/alerts/route/stages/storm.ts';
import { stormEnd } from '../../../../src/alerts/route/stages/storm-end.ts';
import { MINUTE_MS } from '../../../../src/core/clock.ts';
import { sql } from '../../../../src/platform/database/database.ts';
import { ADMIN } from '../../../support/alerts/alert-desk.ts';
import { alertRow } from '../../../support/alerts/alert-row.ts';
import { startAlertsApi } from '../../../support/alerts/alerts-api.ts';
import { ShiftedClock } from '../../../support/time/shifted-clock.ts';
import { until } from '../../../support/time/until.ts';

/** As many as one transaction lets go. */
const AT_ONCE = 200;

const clock = new ShiftedClock();
const { desk, raise, ask } = await startAlertsApi(t, { clock });

const list = async (query: string): Promise<AlertView[]> => {
  return ((await ask('GET', `/alerts?${query}&limit=100`)).body as unknown as { items: AlertView[] }).items;
};
const one = (id: string) => desk.queries.get(ADMIN, id);
const close = (id: string) => ask('POST', `/alerts/${id}/close`, { payload: { verdict: 'confirmed' } });

async function storm(rule: string): Promise<{ leader: AlertView; parts: AlertView[] }> {
  const count = ONE_BY_ONE + 3;
  for (let n = 0; n < count; n += 1) await raise(`${rule}-${n}`, { severity: 'moderate', rule });
  await until('all are open', async () => (await desk.queries.counts(ADMIN, { open: true, rule })).all === count);
  const leader = (await list(`open=true&rule=${rule}`)).find(({ stormCount }) => stormCount > 0)!;
  clock.pass(2 * MINUTE_MS);
  return { leader, parts: await list(`storm=${leader.id}`) };
}

/** Resolves when no look at the storm is due any more: what happens from now on must see to its own. */
const settled = ({ id }: AlertView) =>
  until('nothing more is looked at', async () => {
    const due = sql`select from work_item where queue = 'stage' and key like ${`storm%${id}%`}`;
    return (await due.execute(desk.database.tables())).rows.length === 0;
  });

t.test('a part that is opened again when its storm is over is shown', async (t) => {
  const { leader, parts } = await storm('leak');
  for (const { id } of [...parts, leader]) t.equal((await close(id)).status, 200);
  await settled(leader);
  const { id } = parts[0]!;
  t.equal((await ask('POST', `/alerts/${id}/reopen`, { payload: { text: 'it leaks still' } })).status, 200);
  await until('it stands alone', async () => (await one(id)).storm === null);
  t.match(await one(id), { visibility: 'normal', handling: 'acked' });
});

t.test('where somebody closes a part that is being let go, those behind it are not forgotten', async (t) => {
  const leader = alertRow({ id: randomUUID(), dedup_key: 'over', handling: 'closed', storm_count: AT_ONCE + 2 });
  const parts = Array.from({ length: AT_ONCE + 1 }, (_, n) =>
    alertRow({ id: randomUUID(), dedup_key: `part|${n}`, storm: leader.id, visibility: 'inhibited' }),
  );
  await saveAlerts(desk.database, [leader, ...parts]);
  const first = parts.map(({ id }) => id).sort()[0]!;
  const due = [`${leader.id} ${clock.nowMs()} 0`];
  const stage = stormEnd();
  let reading: ReturnType<typeof stage.read> | undefined;
  await desk.database.transaction(async (tx) => {
    const mine = tx.tables<AlertTables>().updateTable('alert').set({ handling: 'closed' }).where('id', '=', first);
    await mine.execute();
    reading = desk.database.transaction((other) => stage.read(other, [], due));
    await until('it waits for that part', async () => {
      const { rows } = await sql`select from pg_locks where not granted`.execute(desk.database.tables());
      return rows.length > 0;
    });
  });
  const known = await reading!;
  t.equal(known.parts.length, AT_ONCE - 1);
  const { timers } = stage.run([], { nowMs: clock.nowMs(), due, known });
  t.equal(timers.length, 1, 'the last one has its turn');
});
