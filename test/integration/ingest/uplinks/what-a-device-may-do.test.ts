import { generate, type ISubscription } from 'mqtt-packet';
import t from 'tap';
import { eventually, metric, publishPacket, RawClient, startListener } from '../../../support/uplinks/mqtt.ts';

const subscribe = (subscriptions: ISubscription[], messageId = 1) =>
  generate({ cmd: 'subscribe', messageId, subscriptions });

t.test('a device publishes on its own four topics and nowhere else', async (t) => {
  const { port, intake, logs, observer } = await startListener(t);
  const own = await RawClient.device(t, port, 'k1');
  for (const [i, channel] of ['telemetry', 'event', 'state', 'reply'].entries()) {
    own.send(publishPacket({ topic: `cw/v1/k1/${channel}`, id: i + 1 }));
  }
  await own.until(() => own.ackIds.length === 4);
  t.same(
    intake.taken.map(({ channel }) => channel),
    ['telemetry', 'event', 'state', 'reply'],
  );
  const foreign = [
    'cw/v1/k2/telemetry',
    'cw/v1/k1/command',
    'cw/v1/k1/telemetry/x',
    'cw/v1/k1/',
    'cw/v1/k1/constructor',
    'cw/v1/k10/telemetry',
    'CW/v1/k1/telemetry',
    '/cw/v1/k1/telemetry',
    'cw/v1/+/telemetry',
    '$SYS/broker',
    '$share/g/cw/v1/k1/telemetry',
    'cw/v1/k1/telemetry\u0000',
    'cw/v1/k1/telemetrÿ',
  ];
  for (const topic of foreign) {
    const client = await RawClient.device(t, port, 'k1');
    client.send(publishPacket({ topic, id: 9 }));
    await client.closed;
    t.same(client.ackIds, [], JSON.stringify(topic));
  }
  const broken = await RawClient.device(t, port, 'k1');
  broken.send(Buffer.concat([Buffer.from([0x32, 7, 0, 3, 0xff, 0xfe, 0x80]), Buffer.from([0, 1])]));
  await broken.closed;
  t.equal(intake.taken.length, 4);
  t.equal(logs.filter((line) => line.includes('"device":"k1"')).length, 1, 'one line a minute, not one per attempt');
  t.equal(await metric(observer, 'citywatch_mqtt_messages_total'), 4);
});

t.test('only the own command topic can be subscribed to; wildcards, $SYS and shares are refused', async (t) => {
  const { port } = await startListener(t);
  const client = await RawClient.device(t, port, 'k1');
  const filters = ['#', '+/+/#', 'cw/v1/+/command', '$SYS/#', '$share/g/#', 'cw/v1/k2/command', 'cw/v1/k1/telemetry'];
  client.send(subscribe(filters.map((topic) => ({ topic, qos: 1 }))));
  client.send(subscribe([{ topic: 'cw/v1/k1/command', qos: 2 }], 2));
  client.send(subscribe([{ topic: 'cw/v1/k1/command', qos: 0 }], 3));
  await client.until(() => client.of('suback').length === 3);
  t.same(
    client.of('suback').map(({ granted }) => granted),
    [filters.map(() => 0x80), [1], [0]],
  );
});

t.test('nothing of another device arrives at one that tried to listen', async (t) => {
  const { port } = await startListener(t);
  const listener = await RawClient.device(t, port, 'k2');
  listener.send(subscribe([{ topic: '#', qos: 1 }]));
  const speaker = await RawClient.device(t, port, 'k1');
  speaker.send(publishPacket({ topic: 'cw/v1/k1/state', id: 1 }));
  await speaker.until(() => speaker.ackIds.length === 1);
  await listener.ping();
  t.equal(listener.of('publish').length, 0);
});

t.test('too many filters, no filter, QoS 2 and packets a client may not send end the connection', async (t) => {
  const { port, intake } = await startListener(t);
  const many = (count: number) => subscribe(Array.from({ length: count }, (_, i) => ({ topic: `a${i}`, qos: 1 })));
  const cases: Record<string, Buffer> = {
    'eleven filters': many(11),
    'ten thousand filters': many(10_000),
    'no filter': Buffer.from([0x82, 2, 0, 1]),
    'packet id 0': Buffer.from([0x82, 6, 0, 0, 0, 1, 0x61, 1]),
    'wrong flags': Buffer.from([0x80, 6, 0, 1, 0, 1, 0x61, 1]),
    'a filter that is not UTF-8': Buffer.from([0x82, 6, 0, 1, 0, 1, 0xff, 1]),
    'a filter with NUL': Buffer.from([0x82, 6, 0, 1, 0, 1, 0, 1]),
    'a filter longer than its packet': Buffer.from([0x82, 6, 0, 1, 0, 9, 0x61, 1]),
    'QoS 2': publishPacket({ topic: 'cw/v1/k1/telemetry', qos: 2, id: 5 }),
    'QoS 3': Buffer.from([0x36, 4, 0, 0, 0, 1]),
    'DUP with QoS 0': Buffer.from([0x38, 2, 0, 0]),
    'publish with packet id 0': Buffer.from([0x32, 4, 0, 0, 0, 0]),
    'publish cut short': Buffer.from([0x32, 1, 0]),
    PUBREL: Buffer.from([0x62, 2, 0, 1]),
    CONNACK: Buffer.from([0x20, 2, 0, 0]),
    AUTH: Buffer.from([0xf0, 0]),
    'type 0': Buffer.from([0x00, 0]),
    'PINGREQ with a body': Buffer.from([0xc0, 1, 0]),
    'PUBACK without an id': Buffer.from([0x40, 1, 0]),
  };
  for (const [name, bytes] of Object.entries(cases)) {
    const client = await RawClient.device(t, port, 'k1');
    client.send(bytes);
    await client.closed;
    t.equal(client.packets.length, 1, name);
  }
  t.equal(intake.asked.length, 0);
});

t.test('a command reaches the subscribed device and its acknowledgement reaches the caller', async (t) => {
  const { port, listener } = await startListener(t);
  const client = await RawClient.device(t, port, 'k1');
  const payload = Buffer.from('{"id":"1","name":"unlock"}');
  t.equal(await listener.downlink.send('k1', payload), false, 'not subscribed');
  t.equal(await listener.downlink.send('k2', payload), false, 'not connected');
  client.send(subscribe([{ topic: 'cw/v1/k1/command', qos: 1 }]));
  await client.ping();
  const answer = listener.downlink.send('k1', payload);
  await client.until(() => client.of('publish').length === 1);
  const [packet] = client.of('publish');
  t.match(packet, { topic: 'cw/v1/k1/command', qos: 1 });
  t.equal(packet?.payload.toString(), payload.toString());
  client.send(generate({ cmd: 'puback', messageId: packet!.messageId! }));
  t.equal(await answer, true);
  client.send(generate({ cmd: 'unsubscribe', messageId: 8, unsubscriptions: ['cw/v1/k1/command'] }));
  await client.until(() => client.of('unsuback').length === 1);
  t.equal(await listener.downlink.send('k1', payload), false, 'unsubscribed');
});

t.test(
  'a command that is not acknowledged ends as failed: in time, over the limit, and when the device goes',
  async (t) => {
    const { port, listener } = await startListener(t, { commandDeadlineMs: 100, commandsPerDeviceMax: 2 });
    const client = await RawClient.device(t, port, 'k1');
    client.send(subscribe([{ topic: 'cw/v1/k1/command', qos: 1 }]));
    await client.ping();
    const open = [1, 2, 3].map((n) => listener.downlink.send('k1', Buffer.from(`{"id":"${n}"}`)));
    t.equal(await open[2], false, 'a third one is not sent');
    t.same(await Promise.all(open), [false, false, false]);
    const last = listener.downlink.send('k1', Buffer.from('{}'));
    client.socket.destroy();
    t.equal(await last, false);
    await eventually(() => listener.sessions === 0);
  },
);
