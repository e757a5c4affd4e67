import t from 'tap';
import { AlertOrders } from '../../../../src/alerts/orders/alert-orders.ts';
import { sql } from '../../../../src/platform/database/database.ts';
import { startReceiver } from '../../../support/alerts/alert-desk.ts';
import { startAlertsApi } from '../../../support/alerts/alerts-api.ts';
import { EventReader } from '../../../support/alerts/event-reader.ts';
import { HERE, TOKENS } from '../../../support/api/api.ts';
import { until } from '../../../support/time/until.ts';

const { api, desk, raise, alertOf, ask } = await startAlertsApi(t);
const drill = { device: 'kiosk-1', rule: 'kiosk-fire', note: 'rehearsal of the week' };

interface Alert {
  id: string;
  exercise: boolean;
  visibility: string;
  dedupKey: string;
}

t.test('a drill goes the whole way of an alert, and is marked at every step', async (t) => {
  const receiver = await startReceiver(t);
  await ask('POST', '/subscriptions', { payload: { name: 'centre', url: receiver.url, jurisdiction: HERE } });
  const port = Number(new URL(await api.app.listen({ host: '127.0.0.1', port: 0 })).port);
  const reader = await EventReader.greeted(t, port, TOKENS.viewer);

  const started = await ask('POST', '/alerts/drills', { payload: drill });
  t.match(started, {
    status: 201,
    body: {
      exercise: true,
      visibility: 'test',
      severity: 'extreme',
      device: 'kiosk-1',
      data: { drill: drill.note },
      handling: 'new',
    },
  });
  const { id } = started.body as Alert;
  t.match(await ask('GET', `/alerts/${id}`), { body: { exercise: true } });
  const told = await until('the webhook', () => receiver.received[0]);
  t.match(told.data, { type: 'alert.opened', data: { id, exercise: true, visibility: 'test' } });
  const event = await until('the stream', () => reader.events.find(({ event: type }) => type === 'alert.opened'));
  t.match(event.data.alert, { id, exercise: true });
  const { text } = await ask('GET', `/alerts/${id}/cap`);
  t.match(text, '<status>Exercise</status>');
  t.match(text, '【演习】');
  t.match((await ask('GET', '/alerts/cap')).text, '【演习 EXERCISE】');
});

t.test('the feed of CAP has what the police desk is told, and nothing that is held back', async (t) => {
  const told = await alertOf('kiosk-told');
  const shelved = await alertOf('kiosk-shelved');
  await raise('kiosk-dark', { rule: 'camera-offline', class: 'fault' });
  const list = async () => (await ask('GET', '/alerts?device=kiosk-dark')).body as { items: Alert[] };
  const fault = (await until('the fault', async () => (await list()).items[0])).id;
  await sql`update alert set severity = 'severe' where id = ${shelved}::uuid`.execute(desk.database.tables());
  const payload = { minutes: 5, reason: 'works' };
  t.equal((await ask('POST', `/alerts/${shelved}/shelve`, { payload })).status, 200);
  const { text } = await ask('GET', '/alerts/cap');
  t.match(text, `/alerts/${told}/cap`);
  for (const id of [shelved, fault]) t.notMatch(text, `/alerts/${id}/cap`);
  for (const id of [told, shelved, fault]) await ask('POST', `/alerts/${id}/close`, { payload: { verdict: 'drill' } });
});

t.test('a real alert of the same device and rule is another one, and no drill opens a work order', async (t) => {
  await raise('kiosk-1');
  const alerts = await until('both', async () => {
    const { items } = (await ask('GET', '/alerts?device=kiosk-1')).body as { items: Alert[] };
    return items.length === 2 ? items : undefined;
  });
  t.same(alerts.map(({ exercise }) => exercise).sort(), [false, true]);
  const rehearsed = alerts.find(({ exercise }) => exercise)!;
  const orders: object[] = [];
  const openFor = async (occasion: object) => orders.push(occasion);
  const counting = new AlertOrders({
    ...desk,
    orders: { openFor },
    tree: { parentOf: () => null },
    isDark: () => false,
  });
  for (const { id } of alerts) await counting.handle(id);
  t.equal(orders.length, 1, 'of the real one alone');
  t.match(await ask('POST', `/alerts/${rehearsed.id}/ack`), { status: 200, body: { handling: 'acked' } });
  const closed = await ask('POST', `/alerts/${rehearsed.id}/close`, { payload: { verdict: 'drill' } });
  t.match(closed, { body: { handling: 'closed', exercise: true } });
  t.match((await ask('GET', `/alerts/${rehearsed.id}/cap`)).text, '<msgType>Cancel</msgType>');
});

t.test('a drill needs a device that one sees, a rule for it, and the right to handle alerts', async (t) => {
  const tried = async (payload: object, token: string = TOKENS.operator) => {
    return await ask('POST', '/alerts/drills', { payload, token });
  };
  t.match(await tried({ ...drill, rule: 'nonsense' }), { status: 400, body: { issues: [{ path: 'rule' }] } });
  t.match(await tried({ ...drill, note: '' }), { status: 400 });
  t.match(await tried(drill, TOKENS.viewer), { status: 403 });
  t.match(await tried(drill, TOKENS.foreign), { status: 404 });
});
