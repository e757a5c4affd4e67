import { generate } from 'mqtt-packet';
import t from 'tap';
import { CitywatchError } from '../../../../src/core/errors.ts';
import { ManualClock } from '../../../support/time/clock.ts';
import {
  connectPacket,
  eventually,
  metric,
  publishPacket,
  RawClient,
  SECRET,
  startListener,
} from '../../../support/uplinks/mqtt.ts';

const code = (client: RawClient) => client.of('connack')[0]?.returnCode;

t.test('ids that are no device ids are refused before anybody looks them up', async (t) => {
  const { port } = await startListener(t, { failuresPerMinute: 1_000 });
  for (const id of ['', '#', '+', 'a/b', '..', '$SYS', '-a', 'a b', 'é', 'a'.repeat(65), 'a\uffffb']) {
    const client = await RawClient.device(t, port, id, { clean: true });
    await client.closed;
    t.equal(code(client), 2, JSON.stringify(id));
  }
  const withNul = await RawClient.device(t, port, 'a\u0000b');
  await withNul.closed;
  t.equal(code(withNul), undefined, 'MQTT-1.5.3-2: that is no packet');
  const long = await RawClient.device(t, port, 'a'.repeat(65_535));
  await long.closed;
  t.equal(code(long), undefined, 'an id of 64 KiB is not even read');
  for (const id of ['constructor', '__proto__x', 'toString', 'k1']) {
    const client = await RawClient.device(t, port, id);
    const wanted = id.startsWith('_') ? 2 : 0;
    t.equal(code(client), wanted, id);
  }
});

t.test('an unknown id, a wrong secret, none, and a foreign user name get one and the same answer', async (t) => {
  const { port, known } = await startListener(t, { failuresPerMinute: 1_000 });
  known.add('k1');
  const attempts = [
    connectPacket('stranger'),
    connectPacket('k1', { password: Buffer.from('x'.repeat(43)) }),
    connectPacket('k1', { password: Buffer.from(`${SECRET}x`) }),
    connectPacket('k1', { password: Buffer.alloc(4_000, 'x') }),
    connectPacket('k1', { username: 'k2' }),
    connectPacket('k1', { username: undefined, password: undefined } as never),
    connectPacket('constructor'),
  ];
  for (const bytes of attempts) {
    const client = await RawClient.open(t, port);
    client.send(bytes);
    await client.closed;
    t.same(client.packets.length, 1);
    t.match(client.of('connack')[0], { returnCode: 4, sessionPresent: false });
  }
});

t.test('one that nobody can tell of now is told to come again, at the pace of those who are wrong', async (t) => {
  const away = new Set(['k1']);
  const lookUp = async (id: string): Promise<void> => {
    if (away.has(id)) throw new CitywatchError('store.unavailable');
  };
  const clock = new ManualClock();
  const { port, listener } = await startListener(t, { clock, lookUp, failuresPerMinute: 1 });
  const refused = await RawClient.device(t, port, 'k1');
  await refused.closed;
  t.equal(code(refused), 3, 'server unavailable, not bad user name or password');
  const held = await RawClient.open(t, port);
  held.send(connectPacket('k1'));
  await eventually(async () => listener.stats.connects.get('held') === 1);
  const gone = await RawClient.open(t, port);
  gone.send(connectPacket('k1'));
  gone.socket.destroy();
  away.delete('k1');
  t.equal(code(await RawClient.device(t, port, 'k1')), 0);
});

t.test('wrong secrets above the allowed pace are answered late, right ones never', async (t) => {
  const clock = new ManualClock();
  const { port, observer } = await startListener(t, { clock, failuresPerMinute: 3 });
  const wrong = { password: Buffer.from('wrong') };
  for (let i = 0; i < 3; i += 1) {
    const client = await RawClient.open(t, port);
    client.send(connectPacket('k1', wrong));
    await client.closed;
    t.equal(code(client), 4);
  }
  const held = await RawClient.open(t, port);
  held.send(connectPacket('k1', wrong));
  await eventually(async () => (await metric(observer, 'citywatch_mqtt_connects_total')) === 4);
  t.equal(held.isClosed, false);
  const right = await RawClient.device(t, port, 'k1');
  t.equal(code(right), 0, 'the device itself is not locked out');
  t.equal(held.packets.length, 0);
  await clock.advance(3_000);
  await held.closed;
  t.equal(code(held), 4);
});

t.test('other protocol versions and things that are not MQTT are turned away', async (t) => {
  const { port } = await startListener(t);
  const level = (n: number) => Buffer.from([0x10, 12, 0, 4, 0x4d, 0x51, 0x54, 0x54, n, 2, 0, 60, 0, 0]);
  for (const n of [0, 3, 6, 131, 132]) {
    const client = await RawClient.open(t, port);
    client.send(level(n));
    await client.closed;
    t.equal(code(client), n === 6 ? 0x84 : 1);
  }
  const old = await RawClient.open(t, port);
  old.send(Buffer.from([0x10, 14, 0, 6, ...Buffer.from('MQIsdp'), 3, 2, 0, 60, 0, 0]));
  await old.closed;
  t.equal(code(old), 1);
  const strangers = ['GET / HTTP/1.1\r\n\r\n', '\x16\x03\x01\x02\x00\x01', '\x30\x02\x00\x00', '\x10\x03\x00\x04M'];
  for (const bytes of strangers) {
    const client = await RawClient.open(t, port);
    client.send(Buffer.from(bytes, 'latin1'));
    await client.closed;
    t.equal(client.packets.length, 0);
  }
});

t.test('a second CONNECT and a publish before the first end the connection', async (t) => {
  const { port, intake } = await startListener(t);
  const twice = await RawClient.device(t, port, 'k1');
  twice.send(connectPacket('k1'));
  await twice.closed;
  const early = await RawClient.open(t, port);
  early.send(publishPacket({ topic: 'cw/v1/k1/telemetry' }));
  await early.closed;
  t.equal(intake.asked.length, 0);
});

t.test('what a device sends in one go with its CONNECT is taken', async (t) => {
  const { port, intake } = await startListener(t);
  const client = await RawClient.open(t, port);
  client.send(Buffer.concat([connectPacket('k1'), publishPacket({ topic: 'cw/v1/k1/event', id: 3 })]));
  await client.until(() => client.ackIds.length === 1);
  t.equal(intake.taken[0]?.channel, 'event');
});

t.test('a MQTT 5 device is told the limits, and why it is closed', async (t) => {
  const { port, intake } = await startListener(t);
  const five = { protocolVersion: 5 as const, keepalive: 0 };
  const client = await RawClient.device(t, port, 'k1', five);
  t.match(client.of('connack')[0], {
    reasonCode: 0,
    properties: {
      sessionExpiryInterval: 0,
      maximumQoS: 1,
      maximumPacketSize: 264_192,
      serverKeepAlive: 300,
      wildcardSubscriptionAvailable: false,
    },
  });
  const topic = 'cw/v1/k1/telemetry';
  const properties = { userProperties: { a: 'b' }, contentType: 'application/json' };
  const packet = { cmd: 'publish', topic, payload: '{"n":1}', qos: 1, messageId: 9, properties } as const;
  client.send(generate({ ...packet, dup: false, retain: true }, { protocolVersion: 5 }));
  await client.until(() => client.ackIds.length === 1);
  t.equal(intake.taken[0]?.raw.toString(), '{"n":1}');
  client.send(generate({ ...packet, topic: 'cw/v1/k2/telemetry', dup: false, retain: false }, { protocolVersion: 5 }));
  await client.closed;
  t.equal(client.of('disconnect')[0]?.reasonCode, 0x87);
  const wrong = await RawClient.device(t, port, 'k1', { ...five, password: Buffer.from('no') });
  t.equal(wrong.of('connack')[0]?.reasonCode, 0x86);
  const method = { ...five, properties: { authenticationMethod: 'SCRAM' } };
  const other = await RawClient.device(t, port, 'k1', method);
  t.equal(other.of('connack')[0]?.reasonCode, 0x8c);
});
