import t from 'tap';
import type { AlertTables } from '../../../../src/alerts/desk/tables.ts';
import { RETRY_FOR_MS, retryPauseMs } from '../../../../src/alerts/route/retry.ts';
import { startReceiver } from '../../../support/alerts/alert-desk.ts';
import { startAlertsApi } from '../../../support/alerts/alerts-api.ts';
import { HERE } from '../../../support/api/api.ts';
import { until } from '../../../support/time/until.ts';

const { desk, raise, ask } = await startAlertsApi(t);

interface Shown {
  id: string;
  state: string;
  stateReason: string | null;
  counts: Record<string, number>;
}

const shown = async (id: string): Promise<Shown> => {
  const { items } = (await ask('GET', '/subscriptions')).body as { items: Shown[] };
  return items.find((each) => each.id === id)!;
};

t.test('500 for ever costs some two hundred attempts in three days, then a dead letter', async (t) => {
  let [ageMs, attempts] = [0, 0];
  for (; ageMs <= RETRY_FOR_MS; attempts += 1) ageMs += retryPauseMs(ageMs, () => 0.5);
  t.ok(attempts > 100 && attempts < 350, `${attempts} attempts`);

  const receiver = await startReceiver(t);
  receiver.answer(500);
  const payload = { name: 'for ever', url: receiver.url, jurisdiction: HERE };
  const { id } = (await ask('POST', '/subscriptions', { payload })).body as { id: string };
  await raise('kiosk-1');
  await until('it was tried', async () => {
    const row = desk.database.tables<AlertTables>().selectFrom('delivery').select('attempts');
    return ((await row.where('subscription_id', '=', id).executeTakeFirst())?.attempts ?? 0) > 0;
  });
  const rows = desk.database.tables<AlertTables>().updateTable('delivery').set({ created_at_ms: 0 });
  await rows.where('subscription_id', '=', id).execute();
  await desk.work.hasten('delivery', id);
  desk.doorbell.ring('delivery');
  await until('it is dead', async () => (await shown(id)).counts.dead === 1);
  t.match(await shown(id), { state: 'active', counts: { waiting: 0, delivered: 0, withheld: 0 } });
});

t.test('410 ends the subscription and says so; sending its dead letters again begins it anew', async (t) => {
  const receiver = await startReceiver(t);
  receiver.answer(410);
  const payload = { name: 'gone', url: receiver.url, jurisdiction: HERE };
  const { id } = (await ask('POST', '/subscriptions', { payload })).body as { id: string };
  await raise('kiosk-2');
  await until('it has ended', async () => (await shown(id)).state === 'disabled');
  t.match(await shown(id), { stateReason: 'The receiver answered 410 Gone.', counts: { dead: 1 } });
  await raise('kiosk-3');
  await until('the next alert', async () => {
    const { items } = (await ask('GET', '/alerts?device=kiosk-3')).body as { items: object[] };
    return items.length > 0;
  });
  t.equal(receiver.received.length, 0);
  t.match(await shown(id), { counts: { dead: 1, waiting: 0 } }, 'nothing more is raised for it');
  receiver.answer(204);
  await ask('POST', `/subscriptions/${id}/dead-letters`);
  await until('it is delivered', async () => (await shown(id)).counts.delivered === 1);
  t.match(await shown(id), { state: 'active', stateReason: null });
});
