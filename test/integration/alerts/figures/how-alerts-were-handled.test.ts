import t from 'tap';
import type { AlertTables } from '../../../../src/alerts/desk/tables.ts';
import { AlertFigures } from '../../../../src/alerts/figures/figures.ts';
import { DAY_MS } from '../../../../src/core/clock.ts';
import { ADMIN, startReceiver, webhookAt } from '../../../support/alerts/alert-desk.ts';
import { startAlertsApi } from '../../../support/alerts/alerts-api.ts';
import type { FireOptions } from '../../../support/alerts/findings.ts';
import { HERE, TOKENS } from '../../../support/api/api.ts';
import { firstOwner } from '../../../support/services/ownership.ts';
import { ShiftedClock } from '../../../support/time/shifted-clock.ts';
import { until } from '../../../support/time/until.ts';

const ELSEWHERE = '510700';
const SECOND_MS = 1_000;

const clock = new ShiftedClock();
const { desk, raise, ask } = await startAlertsApi(t, { clock });
const receiver = await startReceiver(t);
await desk.subscriptions.create(ADMIN, { name: 'centre', ...webhookAt(receiver.url), jurisdiction: HERE });

async function opened(device: string, how: Partial<FireOptions> = {}): Promise<string> {
  await raise(device, { severity: 'moderate', ...how });
  const find = async () => (await desk.queries.list(ADMIN, { limit: 1, device })).items[0];
  return (await until(`the alert of ${device}`, find)).id;
}

const act = async (id: string, what: string, payload?: object): Promise<void> => {
  const { status, text } = await ask('POST', `/alerts/${id}/${what}`, payload ? { payload } : {});
  if (status !== 200) throw new Error(`${what}: ${text}`);
};
const get = (path: string, token?: string) => ask('GET', `/reports/${path}`, token ? { token } : {});

/** To the second: what a busy machine takes is in it, too. */
const near = (ms: number | null | undefined, wanted: number) =>
  typeof ms === 'number' && ms >= wanted && ms < wanted + 30 * SECOND_MS;

interface Times {
  items: { jurisdiction: string; alerts: number; steps: Record<string, { alerts: number; meanMs: number | null }> }[];
}

t.test('how long each step took is told by district, and how often rules were right', async (t) => {
  const [quick, slow, drill] = [await opened('quick'), await opened('slow'), await opened('drill')];
  await opened('dark', { class: 'fault', rule: 'camera-offline' });
  await opened('away', { jurisdiction: ELSEWHERE });
  await desk.database
    .tables<AlertTables>()
    .updateTable('alert')
    .set({ exercise: true })
    .where('id', '=', drill)
    .execute();
  await until('the first of all is told', async () => (await desk.queries.stages(ADMIN, quick)).sent !== null);
  await until('and the second', async () => (await desk.queries.stages(ADMIN, slow)).sent !== null);
  clock.pass(60 * SECOND_MS);
  await act(quick, 'ack');
  await act(quick, 'dispatch', { unit: '110-3' });
  clock.pass(120 * SECOND_MS);
  await act(quick, 'arrive');
  await act(quick, 'close', { verdict: 'confirmed' });
  clock.pass(420 * SECOND_MS);
  await act(slow, 'ack');
  await act(slow, 'close', { verdict: 'false_positive' });
  await act(drill, 'close', { verdict: 'drill' });

  const { items } = (await get('alert-times')).body as unknown as Times;
  t.match(items, [{ jurisdiction: HERE, alerts: 2 }], 'no drill, no fault, and nothing of other areas');
  const { steps } = items[0]!;
  t.match(steps, { sent: { alerts: 2 }, acked: { alerts: 2 }, dispatched: { alerts: 1 }, arrived: { alerts: 1 } });
  t.ok(near(steps.dispatched!.meanMs, 60 * SECOND_MS), `${steps.dispatched!.meanMs} ms`);
  t.ok(near(steps.arrived!.meanMs, 180 * SECOND_MS), `${steps.arrived!.meanMs} ms`);
  t.ok(near(steps.acked!.meanMs, 330 * SECOND_MS), 'a minute and ten');
  t.ok(near(steps.closed!.meanMs, 390 * SECOND_MS), 'three minutes and ten');
  t.ok(near(steps.decided!.meanMs, 0) && near(steps.sent!.meanMs, 0));

  const both = { items: [{ rule: 'kiosk-fire', alerts: 2, right: 1, wrong: 1, precision: 0.5 }] };
  t.match((await get('rule-precision')).body, both);
  t.match((await get('rule-precision?desk=maintenance')).body, {
    items: [{ rule: 'camera-offline', alerts: 1, right: 0, wrong: 0, precision: null }],
  });
  const everywhere = await new AlertFigures(desk.database).times(ADMIN, { fromMs: 0, toMs: Date.now(), wanted: {} });
  t.match(everywhere, [
    { jurisdiction: HERE, alerts: 3 },
    { jurisdiction: ELSEWHERE, alerts: 1 },
  ]);
  t.match((await get('alert-times', TOKENS.foreign)).body, { items: [{ jurisdiction: ELSEWHERE }] });
  await desk.queries.pruneDeliveries(clock.nowMs() + 40 * DAY_MS, firstOwner());
  const later = (await get('alert-times')).body as unknown as Times;
  t.equal(later.items[0]!.steps.sent!.alerts, 2, 'also when its deliveries are gone');
});

t.test('a time that is none or too long is refused, and a table has the same numbers', async (t) => {
  for (const query of ['from=2026-11-02T00:00:00Z&to=2026-11-01T00:00:00Z', 'from=2020-01-01T00:00:00Z']) {
    t.match(await get(`alert-times?${query}`), { status: 400, body: { issues: [{ path: 'from' }] } }, query);
  }
  const { text } = await get('alert-times?format=csv&titles=zh');
  const [titles, row] = text.split('\r\n');
  t.match(titles, /行政区划代码,警情数,研判数/);
  t.match(row, new RegExp(`^${HERE},2,2,`));
});
