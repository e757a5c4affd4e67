import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import t from 'tap';
import type { EventType } from '../../../../src/alerts/desk/alert.ts';
import { DELIVERY_QUEUE } from '../../../../src/alerts/desk/queues.ts';
import { ADMIN, startAlertDesk, webhookAt } from '../../../support/alerts/alert-desk.ts';
import { alertRow } from '../../../support/alerts/alert-row.ts';
import { freshDatabase, sharedRedis } from '../../../support/services/shared-database.ts';
import { ManualClock } from '../../../support/time/clock.ts';
import { until } from '../../../support/time/until.ts';

/** More than one receiver gets at once: the others stand in line. */
const CLIMBED = 60;

const postgres = await freshDatabase(t);
const redis = await sharedRedis(t);
// No send is ever given up.
const sendClock = new ManualClock();
const desk = await startAlertDesk(t, { database: postgres.url, redis: redis.url, sendClock });

/** Says of so many alerts that this happened to them; answers how urgent it is to tell it. */
async function say(type: EventType, count: number, severity = 'severe'): Promise<number | undefined> {
  const inputs = Array.from({ length: count }, () => {
    const id = randomUUID();
    const alert = alertRow({ id, dedup_key: id, severity });
    return { type, from: 0, actor: 'citywatch', atMs: Date.now(), alert };
  });
  const published = await desk.log.written(desk.database, (tables) => desk.log.publish(tables, inputs));
  desk.committed(published);
  return published.tickets.find(({ queue }) => queue === DELIVERY_QUEUE)?.priority;
}

/** A receiver that answers when it is told to. `told` has the type of each message in the order in which they came. */
async function startHeldReceiver() {
  const told: string[] = [];
  const held: ServerResponse[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    told.push(JSON.parse(String(Buffer.concat(chunks))).type);
    held.push(response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, told, held };
}

t.test('that there is an alert is told before other news that came earlier of alerts as grave', async (t) => {
  const { url, told, held } = await startHeldReceiver();
  await desk.subscriptions.create(ADMIN, { name: 'slow', ...webhookAt(url), jurisdiction: '330203' });
  await say('alert.escalated', CLIMBED);
  await until('all are under way', () => told.length > 0 && desk.work.underWay('delivery') === CLIMBED);
  await say('alert.opened', 1);
  await until('it is, too', () => desk.work.underWay('delivery') === CLIMBED + 1);
  while (told.length <= CLIMBED) {
    const before = told.length;
    held.shift()?.writeHead(204).end();
    await until('the next one', () => told.length > before);
  }
  for (const response of held) response.writeHead(204).end();
  t.ok(
    told.indexOf('alert.opened') < CLIMBED,
    `it came as number ${told.indexOf('alert.opened') + 1} of ${told.length}`,
  );
  t.equal(told.filter((type) => type === 'alert.escalated').length, CLIMBED, 'and nothing is left out');
});

t.test('work is claimed in the same order: by gravity, first news first, and pictures last', async (t) => {
  const news: [EventType, string][] = [
    ['alert.opened', 'extreme'],
    ['alert.escalated', 'extreme'],
    ['alert.opened', 'severe'],
    ['alert.cleared', 'severe'],
    ['alert.opened', 'minor'],
    ['alert.updated', 'minor'],
    ['alert.evidence', 'extreme'],
  ];
  const urgency: (number | undefined)[] = [];
  for (const [type, severity] of news) urgency.push(await say(type, 1, severity));
  t.same(urgency, [1, 2, 3, 4, 7, 8, 9]);
});
