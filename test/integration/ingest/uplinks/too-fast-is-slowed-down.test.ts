import { once } from 'node:events';
import t from 'tap';
import { ManualClock, passTime } from '../../../support/time/clock.ts';
import { turns } from '../../../support/time/turns.ts';
import { eventually, metric, publishPacket, RawClient, startListener } from '../../../support/uplinks/mqtt.ts';

const topicOf = (id: string) => `cw/v1/${id}/telemetry`;
const burst = (id: string, count: number, payload = '{}') =>
  Buffer.concat(Array.from({ length: count }, (_, i) => publishPacket({ topic: topicOf(id), id: i + 1, payload })));

t.test('a device above its rate is slowed down, nothing of it is lost, its neighbour does not notice', async (t) => {
  const clock = new ManualClock();
  const { port, intake, observer } = await startListener(t, { messagesPerS: 400, messagesBurst: 100, clock });
  const fast = await RawClient.device(t, port, 'fast');
  const calm = await RawClient.device(t, port, 'calm');
  fast.send(burst('fast', 500));
  calm.send(publishPacket({ topic: topicOf('calm'), id: 1 }));
  await calm.until(() => calm.ackIds.length === 1);
  t.ok(fast.ackIds.length < 500, 'it does not wait for the fast one');
  const tookMs = await passTime(clock, () => fast.ackIds.length === 500);
  t.ok(tookMs > 800, `400 above the burst at 400/s took ${tookMs} ms`);
  t.same(
    intake.taken.filter(({ device }) => device.id === 'fast').map(({ packetId }) => packetId),
    Array.from({ length: 500 }, (_, i) => i + 1),
  );
  t.ok((await metric(observer, 'citywatch_mqtt_rate_holds_total')) > 3);
});

t.test('a reconnect brings no fresh allowance', async (t) => {
  const clock = new ManualClock();
  const { port, listener } = await startListener(t, { messagesPerS: 20, messagesBurst: 40, clock });
  const first = await RawClient.device(t, port, 'k1');
  first.send(burst('k1', 40));
  await passTime(clock, () => first.ackIds.length === 40);
  first.socket.destroy();
  await eventually(() => listener.sessions === 0);
  const second = await RawClient.device(t, port, 'k1');
  second.send(burst('k1', 20));
  const tookMs = await passTime(clock, () => second.ackIds.length === 20);
  t.ok(tookMs > 800, `20 without an allowance at 20/s took ${tookMs} ms`);
});

t.test('a flood of pings is slowed down too', async (t) => {
  const clock = new ManualClock();
  const { port } = await startListener(t, { messagesPerS: 100, messagesBurst: 100, clock });
  const client = await RawClient.device(t, port, 'k1');
  client.send(Buffer.alloc(20_000, Buffer.from([0xc0, 0])));
  const tookMs = await passTime(clock, () => client.of('pingresp').length >= 150);
  t.ok(tookMs > 400, `50 above the burst at 100/s took ${tookMs} ms`);
});

t.test('memory for messages the journal does not take is bounded over all devices', async (t) => {
  const total = 4 * 1024 * 1024;
  const { port, intake, observer } = await startListener(t, { totalInflightBytesMax: total });
  intake.mode = 'full';
  const payload = 'x'.repeat(100_000);
  const clients = await Promise.all(Array.from({ length: 20 }, (_, i) => RawClient.device(t, port, `k${i}`)));
  for (const [i, client] of clients.entries()) client.send(burst(`k${i}`, 10, payload));
  await eventually(async () => (await metric(observer, 'citywatch_mqtt_inflight_bytes')) >= total);
  await turns();
  t.ok((await metric(observer, 'citywatch_mqtt_inflight_bytes')) < total + 200_000);
  intake.mode = 'open';
  await Promise.all(clients.map((client) => client.until(() => client.ackIds.length === 10)));
  t.equal(intake.taken.length, 200);
  t.equal(await metric(observer, 'citywatch_mqtt_inflight_bytes'), 0);
});

t.test('memory for packets that never end is bounded over all devices', async (t) => {
  const { port, observer } = await startListener(t, { partialBytesMax: 1024 * 1024 });
  const whole = publishPacket({ topic: topicOf('k0'), id: 1, payload: Buffer.alloc(250_000, 'x') });
  const clients: RawClient[] = [];
  for (let i = 0; i < 8; i += 1) {
    const client = await RawClient.device(t, port, 'k0'.replace('0', String(i)));
    clients.push(client);
    client.socket.write(whole.subarray(0, 240_000));
    if (client.socket.writableNeedDrain) await Promise.race([once(client.socket, 'drain'), client.closed]);
  }
  await eventually(() => clients.filter(({ isClosed }) => isClosed).length >= 4);
  t.ok((await metric(observer, 'citywatch_mqtt_partial_bytes')) <= 1024 * 1024);
  for (const { socket } of clients) socket.destroy();
  await eventually(async () => (await metric(observer, 'citywatch_mqtt_partial_bytes')) === 0);
});
