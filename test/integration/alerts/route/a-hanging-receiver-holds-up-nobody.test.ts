import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import t, { type Test } from 'tap';
import { DELIVERIES_AT_ONCE } from '../../../../src/alerts/route/delivery.ts';
import { ADMIN, startAlertDesk, startReceiver, webhookAt } from '../../../support/alerts/alert-desk.ts';
import { message, reading } from '../../../support/alerts/alerts.ts';
import { KIOSK_FIRE, rulesReader } from '../../../support/alerts/rules.ts';
import { startRedis } from '../../../support/services/services.ts';
import { freshDatabase } from '../../../support/services/shared-database.ts';
import { ManualClock } from '../../../support/time/clock.ts';
import { until } from '../../../support/time/until.ts';

/** More than there are workers for deliveries. */
const FIRES = DELIVERIES_AT_ONCE + 50;

const postgres = await freshDatabase(t);
const redis = await startRedis(t);
// No send is ever given up, so that whoever is told waits for none that hangs.
const desk = await startAlertDesk(t, { database: postgres.url, redis: redis.url, sendClock: new ManualClock() });

let offset = 0;
const rules = rulesReader([KIOSK_FIRE], { ...desk, head: () => offset });

async function fires(name: string, jurisdiction: string, count: number): Promise<void> {
  const messages = Array.from({ length: count }, (_, index) => {
    offset += 1;
    const records = [reading({ smoke: true }, offset)];
    return message({ device: `${name}-${index}`, offset, receivedAtMs: Date.now(), records, jurisdiction });
  });
  await rules.handle({ lane: 'live', from: offset, to: offset + 1, messages });
}

/** Takes every connection and says nothing. */
async function startSilence(t: Test): Promise<string> {
  const server = createServer((socket) => {
    socket.on('error', () => {});
    t.teardown(() => socket.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

async function isTold(t: Test, name: string, jurisdiction: string): Promise<void> {
  const receiver = await startReceiver(t);
  const { subscription } = await desk.subscriptions.create(ADMIN, { name, ...webhookAt(receiver.url), jurisdiction });
  for (let number = 1; number <= 3; number += 1) {
    await fires(`${name}${number}`, jurisdiction, 1);
    await until('the next delivery', () => receiver.once().length === number);
  }
  await desk.subscriptions.remove(ADMIN, subscription.id);
}

t.test('a receiver that never answers does not hold up the others', async (t) => {
  const input = { name: 'silence', ...webhookAt(await startSilence(t)), jurisdiction: '330212' };
  const { subscription } = await desk.subscriptions.create(ADMIN, input);
  await fires('s', '330212', FIRES);
  const counts = async () => (await desk.subscriptions.list(ADMIN)).find(({ id }) => id === subscription.id)?.counts;
  await until('all its alerts are raised', async () => (await counts())?.waiting === FIRES, 60_000);
  await isTold(t, 'well', '330203');

  await redis.stop();
  await until('the loss is seen', () => !desk.doorbell.up());
  await isTold(t, 'later', '330203');
  t.equal((await counts())?.waiting, FIRES, 'and nothing of it was given up');
});
