import { Webhook } from 'standardwebhooks';
import t from 'tap';
import type { AlertTables } from '../../../../src/alerts/desk/tables.ts';
import type { RulesReader } from '../../../../src/alerts/rules/rules-reader.ts';
import type { DecodedMessage } from '../../../../src/core/types.ts';
import { ADMIN, newSecret, startAlertDesk, startReceiver, webhookAt } from '../../../support/alerts/alert-desk.ts';
import { message, reading } from '../../../support/alerts/alerts.ts';
import { KIOSK_FIRE, rulesReader } from '../../../support/alerts/rules.ts';
import { firstOwner } from '../../../support/services/ownership.ts';
import { startRedis } from '../../../support/services/services.ts';
import { freshDatabase } from '../../../support/services/shared-database.ts';
import { until } from '../../../support/time/until.ts';

const postgres = await freshDatabase(t);
const redis = await startRedis(t);
const desk = await startAlertDesk(t, { database: postgres.url, redis: redis.url });

let offset = 0;

function reader(): RulesReader {
  desk.observer.metrics.removeSingleMetric('citywatch_findings_total');
  return rulesReader([KIOSK_FIRE], { ...desk, head: () => offset, saveMs: 0 });
}

/** Smoke on or off at a device, as the next message of the journal. */
function smoke(device: string, on: boolean, jurisdiction = '330203'): DecodedMessage {
  offset += 1;
  const records = [reading({ smoke: on }, offset * 10)];
  return message({ device, offset, receivedAtMs: Date.now(), records, jurisdiction });
}

const batchOf = (messages: DecodedMessage[]) => {
  const [first, last] = [messages[0]?.message.offset ?? 0, messages.at(-1)?.message.offset ?? 0];
  return { lane: 'live' as const, from: first, to: last + 1, messages };
};

t.test('a fire opens one alert, goes on in it, clears it, and each step is delivered once and signed', async (t) => {
  const secret = newSecret();
  const receiver = await startReceiver(t);
  await desk.subscriptions.create(ADMIN, {
    name: 'centre',
    ...webhookAt(receiver.url, secret),
    jurisdiction: '330200',
  });
  const rules = reader();
  await rules.load('live');
  await rules.handle(batchOf([smoke('k1', true)]));
  const opened = await until('the alert', () => receiver.received[0]);
  t.equal(opened.data.type, 'alert.opened');
  await rules.handle(batchOf([smoke('k1', false)]));
  await until('the clear', () => receiver.received.some(({ data }) => data.type === 'alert.cleared'));
  await rules.handle(batchOf([smoke('k1', true)]));
  await until('the next fire', () => receiver.received.some(({ data }) => data.type === 'alert.updated'));
  const { items } = await desk.queries.list(ADMIN, { limit: 10, device: 'k1' });
  t.match(items, [{ dedupKey: 'kiosk-fire|k1', occurrences: 2, condition: 'active', severity: 'extreme' }]);
  t.equal(items.length, 1);
  const judge = new Webhook(secret);
  for (const { body, headers } of receiver.received) judge.verify(body, headers as Record<string, string>);
  t.equal(new Set(receiver.received.map(({ id }) => id)).size, receiver.received.length);
});

t.test('judged again after a crash, the same evidence opens nothing new', async (t) => {
  const messages = [smoke('k2', true), smoke('k2', false), smoke('k2', true)];
  const first = reader();
  await first.load('live');
  await first.handle(batchOf(messages));
  await until('the alert', async () => (await desk.queries.list(ADMIN, { limit: 1, device: 'k2' })).items[0]);
  const before = await desk.queries.list(ADMIN, { limit: 10, device: 'k2' });
  const again = reader();
  await again.handle(batchOf(messages));
  await desk.work.pump('desk', new AbortController().signal);
  await desk.work.idle();
  const after = await desk.queries.list(ADMIN, { limit: 10, device: 'k2' });
  t.equal(after.items.length, 1);
  t.equal(after.items[0]?.occurrences, before.items[0]?.occurrences);
});

t.test('a receiver that is down gets everything afterwards, in order, once each', async (t) => {
  const receiver = await startReceiver(t);
  receiver.answer(503);
  const input = { name: 'down', ...webhookAt(receiver.url), jurisdiction: '330212' };
  const { subscription } = await desk.subscriptions.create(ADMIN, input);
  const rules = reader();
  for (let round = 0; round < 5; round += 1) {
    const messages = ['k31', 'k32', 'k33'].map((device) => smoke(device, round % 2 === 0, '330212'));
    await rules.handle(batchOf(messages));
    const cleared = round % 2 === 1;
    for (const device of ['k31', 'k32', 'k33']) {
      await until(`round ${round} of ${device}`, async () => {
        const { items } = await desk.queries.list(ADMIN, { limit: 1, device });
        return items[0] && (items[0].condition === 'cleared') === cleared && items[0].version > round;
      });
    }
  }
  receiver.answer(200);
  const counts = async () => (await desk.subscriptions.list(ADMIN)).find(({ id }) => id === subscription.id)?.counts;
  await until('all delivered', async () => (await counts())?.waiting === 0);
  t.same(await counts(), { waiting: 0, delivered: 15, dead: 0, withheld: 0 });
  for (const device of ['k31', 'k32', 'k33']) {
    const versions = receiver.received.filter(({ data }) => data.data.dedupKey.endsWith(device));
    t.same(
      versions.map(({ data }) => data.data.version),
      [1, 2, 3, 4, 5],
    );
  }
});

t.test('Redis killed and emptied meanwhile changes nothing', async (t) => {
  const receiver = await startReceiver(t);
  await desk.subscriptions.create(ADMIN, { name: 'r', ...webhookAt(receiver.url), jurisdiction: '510700' });
  const rules = reader();
  await redis.stop();
  await until('the loss is seen', () => !desk.doorbell.up());
  const devices = Array.from({ length: 20 }, (_, index) => `r${index}`);
  await rules.handle(batchOf(devices.map((device) => smoke(device, true, '510703'))));
  await until('all alerts', () => receiver.received.length >= 20);
  t.equal(new Set(receiver.received.map(({ data }) => data.data.dedupKey)).size, 20);
});

t.test(
  'the receiver that is gone for good disables its subscription and leaves dead letters to send again',
  async (t) => {
    const receiver = await startReceiver(t);
    receiver.answer(410);
    const input = { name: 'gone', ...webhookAt(receiver.url), jurisdiction: '220400' };
    const { subscription } = await desk.subscriptions.create(ADMIN, input);
    await reader().handle(batchOf([smoke('g1', true, '220402')]));
    const dead = await until('a dead letter', async () => {
      const found = await desk.subscriptions.deadLetters(ADMIN, subscription.id, 10);
      return found.length > 0 && found;
    });
    t.match(dead, [{ lastStatus: 410, attempts: 1 }]);
    const state = async () => (await desk.subscriptions.list(ADMIN)).find(({ id }) => id === subscription.id)?.state;
    await until('it is disabled', async () => (await state()) === 'disabled');
    receiver.answer(200);
    t.equal(await desk.subscriptions.redrive(ADMIN, subscription.id), 1);
    await until('delivery', () => receiver.received.length === 1);
  },
);

t.test('data that the database refuses does not keep an alert from being raised', async (t) => {
  const poisoned = smoke('p1', true);
  const records = [
    {
      ...poisoned.records[0]!,
      values: new Map<string, boolean | string>([
        ['smoke', true],
        ['note', 'half a pair: \ud800'],
      ]),
    },
  ];
  await reader().handle(batchOf([{ ...poisoned, records: records as typeof poisoned.records }]));
  const alert = await until(
    'the alert',
    async () => (await desk.queries.list(ADMIN, { limit: 1, device: 'p1' })).items[0],
  );
  t.same(alert.data, {});
});

t.test('a message that cannot be judged loses nothing of those before it', async (t) => {
  const good = smoke('p2', true);
  const bad = smoke('p3', true);
  const poisoned = { ...bad, records: [null] as unknown as typeof bad.records };
  const rules = reader();
  const batch = batchOf([good, poisoned, smoke('p4', true)]);
  await t.rejects(rules.handle(batch));
  await rules.handle({
    ...batch,
    messages: batch.messages.map((one) => (one === poisoned ? { ...one, records: [] } : one)),
  });
  for (const device of ['p2', 'p4']) {
    await until(`the alert of ${device}`, async () => (await desk.queries.list(ADMIN, { limit: 1, device })).items[0]);
  }
  t.same((await desk.queries.list(ADMIN, { limit: 1, device: 'p3' })).items, []);
});

t.test('a fire in a backfill is judged again from its own cursor after a crash, and opens one alert', async (t) => {
  const live = batchOf([smoke('k3', false)]);
  const bulk = { ...batchOf([smoke('k4', true)]), lane: 'bulk' as const };
  for (const { message } of bulk.messages) message.lane = 'bulk';
  const first = reader();
  await first.load('bulk');
  await Promise.all([first.handle(bulk), first.handle(live)]);
  t.same([first.saved('live'), first.saved('bulk')], [live.to, bulk.to]);
  const again = reader();
  t.same([await again.load('live'), await again.load('bulk')], [live.to, bulk.to]);
  await again.handle(bulk);
  const open = async () => (await desk.queries.list(ADMIN, { limit: 10, device: 'k4' })).items;
  await until('the alert', async () => (await open())[0]);
  t.match(await open(), [{ dedupKey: 'kiosk-fire|k4', occurrences: 1 }]);
});

t.test('deliveries of long ago are let go, but not what waits or could be sent again', async (t) => {
  const receiver = await startReceiver(t);
  const input = { name: 'old', ...webhookAt(receiver.url), jurisdiction: '620000' };
  const { subscription } = await desk.subscriptions.create(ADMIN, input);
  const rules = reader();
  await rules.handle(batchOf(['o1', 'o2', 'o3'].map((device) => smoke(device, true, '620102'))));
  const counts = async () => (await desk.subscriptions.list(ADMIN)).find(({ id }) => id === subscription.id)?.counts;
  await until('all delivered', async () => (await counts())?.delivered === 3);
  const table = desk.database.tables<AlertTables>();
  for (const [device, state] of [
    ['o1', 'dead'],
    ['o2', 'waiting'],
  ] as const) {
    const { items } = await desk.queries.list(ADMIN, { limit: 1, device });
    await table
      .updateTable('delivery')
      .set({ state })
      .where('alert_id', '=', items[0]?.id ?? '')
      .where('subscription_id', '=', subscription.id)
      .execute();
  }
  const dayMs = 24 * 3_600_000;
  await desk.queries.pruneDeliveries(Date.now() + 29 * dayMs, firstOwner());
  t.same(await counts(), { waiting: 1, delivered: 1, dead: 1, withheld: 0 });
  await desk.queries.pruneDeliveries(Date.now() + 31 * dayMs, firstOwner());
  t.same(await counts(), { waiting: 1, delivered: 0, dead: 1, withheld: 0 });
});
