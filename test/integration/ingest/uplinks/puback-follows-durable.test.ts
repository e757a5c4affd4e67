import t from 'tap';
import { eventually, metric, publishPacket, RawClient, startListener } from '../../../support/uplinks/mqtt.ts';

const topic = 'cw/v1/k1/telemetry';
const numbered = (count: number, from = 1) =>
  Buffer.concat(
    Array.from({ length: count }, (_, i) => publishPacket({ topic, id: from + i, payload: `{"n":${from + i}}` })),
  );
const order = (count: number, from = 1) => Array.from({ length: count }, (_, i) => from + i);

t.test('a message is acknowledged only after the journal has it, and says who sent it', async (t) => {
  const { port, intake } = await startListener(t);
  intake.mode = 'hold';
  const client = await RawClient.device(t, port, 'k1');
  client.send(publishPacket({ topic, id: 7, payload: '{"values":{}}', dup: true }));
  await eventually(() => intake.held.length === 1);
  await client.ping();
  t.same(client.ackIds, []);
  intake.held[0]!.take();
  await client.until(() => client.ackIds.length === 1);
  t.same(client.ackIds, [7]);
  const [message] = intake.taken;
  t.match(message, { uplink: 'mqtt', channel: 'telemetry', topic, packetId: 7, dup: true });
  t.equal(message?.device.id, 'k1');
  t.match(message?.connection, /^[0-9a-f]{16}$/);
  t.equal(message?.raw.toString(), '{"values":{}}');
});

t.test('acknowledgements leave in the order of receipt whatever order the journal answers in', async (t) => {
  const { port, intake } = await startListener(t);
  intake.mode = 'hold';
  const client = await RawClient.device(t, port, 'k1');
  client.send(numbered(20));
  await eventually(() => intake.held.length === 20);
  for (const held of [...intake.held].reverse().slice(0, 19)) held.take();
  await client.ping();
  t.same(client.ackIds, []);
  intake.held[0]!.take();
  await client.until(() => client.ackIds.length === 20);
  t.same(client.ackIds, order(20));
});

t.test('while the journal is full nothing is acknowledged, then everything is, in order and once', async (t) => {
  const { port, intake, observer } = await startListener(t, { inflightMax: 50 });
  intake.mode = 'full';
  const client = await RawClient.device(t, port, 'k1');
  client.send(numbered(500));
  await eventually(() => intake.asked.length >= 3);
  t.same(client.ackIds, []);
  t.equal(intake.taken.length, 0);
  t.ok((await metric(observer, 'citywatch_mqtt_inflight_bytes')) < 50 * 1024);
  intake.mode = 'open';
  await client.until(() => client.ackIds.length === 500);
  t.same(client.ackIds, order(500));
  t.same(
    intake.taken.map(({ packetId }) => packetId),
    order(500),
  );
  t.equal(await metric(observer, 'citywatch_mqtt_inflight_bytes'), 0);
});

t.test('a device that waits for a full journal still gets answers to its pings', async (t) => {
  const { port, intake } = await startListener(t);
  intake.mode = 'full';
  const client = await RawClient.device(t, port, 'k1');
  client.send(publishPacket({ topic, id: 1 }));
  await client.ping();
  t.equal(client.isClosed, false);
  t.same(client.ackIds, []);
});

t.test('a message refused before others that were taken is followed by them again, marked DUP', async (t) => {
  const { port, intake } = await startListener(t);
  intake.mode = 'hold';
  const client = await RawClient.device(t, port, 'k1');
  client.send(numbered(3));
  await eventually(() => intake.held.length === 3);
  const [first, second, third] = intake.held;
  second!.take();
  third!.take();
  intake.mode = 'open';
  first!.refuse();
  await client.until(() => client.ackIds.length === 3);
  t.same(client.ackIds, [1, 2, 3]);
  t.same(
    intake.taken.map(({ packetId, dup }) => [packetId, dup]),
    [
      [2, false],
      [3, false],
      [1, false],
      [2, true],
      [3, true],
    ],
  );
});

t.test('QoS 0 goes the same way without an answer and is dropped and counted when the journal is full', async (t) => {
  const { port, intake, observer } = await startListener(t);
  const client = await RawClient.device(t, port, 'k1');
  client.send(publishPacket({ topic, qos: 0 }));
  await client.ping();
  t.equal(intake.taken.length, 1);
  t.equal(intake.taken[0]?.packetId, 0);
  intake.mode = 'full';
  for (let i = 0; i < 5; i += 1) client.send(publishPacket({ topic, qos: 0 }));
  await client.ping();
  t.equal(await metric(observer, 'citywatch_mqtt_qos0_dropped_total'), 5);
  t.same(client.ackIds, []);
});

t.test('when the device has gone, what the journal refused is forgotten and its memory given back', async (t) => {
  const { port, intake, observer } = await startListener(t);
  intake.mode = 'full';
  const client = await RawClient.device(t, port, 'k1');
  client.send(numbered(10));
  await eventually(() => intake.asked.length > 0);
  client.socket.destroy();
  await eventually(async () => (await metric(observer, 'citywatch_mqtt_connections')) === 0);
  intake.mode = 'open';
  await eventually(async () => (await metric(observer, 'citywatch_mqtt_inflight_bytes')) === 0);
  t.equal(intake.taken.length, 0);
});
