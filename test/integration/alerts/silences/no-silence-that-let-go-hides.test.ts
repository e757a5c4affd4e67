import t from 'tap';
import type { AlertTables } from '../../../../src/alerts/desk/tables.ts';
import { HOUR_MS, MINUTE_MS, toRfc3339 } from '../../../../src/core/clock.ts';
import { sql } from '../../../../src/platform/database/database.ts';
import { ADMIN } from '../../../support/alerts/alert-desk.ts';
import { startAlertsApi } from '../../../support/alerts/alerts-api.ts';
import { HERE } from '../../../support/api/api.ts';
import { ShiftedClock } from '../../../support/time/shifted-clock.ts';
import { until } from '../../../support/time/until.ts';

const clock = new ShiftedClock();
clock.pass(Date.parse('2027-03-01T12:00:00+08:00') - clock.nowMs());
const { desk, raise, ask } = await startAlertsApi(t, { clock });

const seen = (id: string, visibility: string) =>
  until(`it is ${visibility}`, async () => (await desk.queries.get(ADMIN, id)).visibility === visibility);
/** Its next work is far ahead, or there is none. */
const atRest = (silence: string) =>
  until('nothing is due for it', async () => {
    const { rows } = await sql`select from work_item where queue = 'silence' and key = ${silence}
      and due_at_ms < ${clock.nowMs() + MINUTE_MS}`.execute(desk.database.tables());
    return rows.length === 0;
  });

for (const [state, more] of [
  ['ended', {}],
  ['planned', { repeats: [{ from: '12:00', to: '13:00' }], endsAt: '2027-03-20T00:00:00+08:00' }],
] as const) {
  t.test(`an alert that was hidden too late by one that is ${state} is shown at the next look`, async (t) => {
    clock.pass(Date.parse('2027-03-01T12:10:00+08:00') - clock.nowMs());
    const device = `kiosk-${state}`;
    await raise(device, { severity: 'moderate', rule: 'kiosk-full' });
    const find = async () => (await desk.queries.list(ADMIN, { limit: 1, device })).items[0]?.id;
    const alert = await until('the alert', find);
    const base = { jurisdiction: HERE, reason: 'works', endsAt: toRfc3339(clock.nowMs() + HOUR_MS / 2) };
    const made = await ask('POST', '/silences', { payload: { ...base, ...more } });
    t.match(made, { status: 201, body: { state: 'active' } });
    const { id } = made.body as { id: string };
    await seen(alert, 'silenced');
    clock.pass(HOUR_MS);
    await seen(alert, 'normal');
    clock.pass(3_000);
    await atRest(id);
    const hidden = JSON.stringify({ is: 'silenced', silence: id });
    const alerts = desk.database.tables<AlertTables>().updateTable('alert').where('id', '=', alert);
    await alerts.set({ visibility: 'silenced', hidden: sql`${hidden}::jsonb` }).execute();
    await desk.keeper.look();
    await seen(alert, 'normal');
    t.match((await ask('GET', `/silences/${id}`)).body, { state, holds: 0 });
  });
}
