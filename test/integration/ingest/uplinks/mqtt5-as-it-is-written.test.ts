import t, { type Test } from 'tap';
import { ManualClock } from '../../../support/time/clock.ts';
import { turns } from '../../../support/time/turns.ts';
import {
  connectPacket,
  eventually,
  publishPacket,
  RawClient,
  type Rig,
  startListener,
} from '../../../support/uplinks/mqtt.ts';
import {
  CLEAN_LOGIN,
  connect5,
  four,
  joined,
  NONE,
  packet,
  properties,
  property,
  subscribe5,
  text,
  two,
} from '../../../support/uplinks/mqtt5/mqtt5.ts';
import {
  COMMAND,
  CONNECTING,
  ID,
  PUBLISHING,
  type Statement,
  TOPIC,
} from '../../../support/uplinks/mqtt5/mqtt5-statements.ts';
import { NOT_OURS, SUBSCRIBING, TALKING } from '../../../support/uplinks/mqtt5/mqtt5-statements-2.ts';

const device = (t: Test, port: number) => RawClient.device(t, port, ID, { protocolVersion: 5 });

async function holds(t: Test, { port, intake }: Rig, statement: Statement): Promise<void> {
  const { bytes } = statement;
  const name = `[MQTT-${statement.id}] ${statement.what}`;
  const taken = intake.asked.length;
  if ('instead' in statement) {
    const client = await RawClient.open(t, port, 5);
    client.send(bytes);
    await client.closed;
    const codes = client.packets.map((packet) => ('reasonCode' in packet ? packet.reasonCode : packet.cmd));
    t.same(codes, statement.connack === null ? [] : [statement.connack], name);
    return;
  }
  const client = await device(t, port);
  client.send(bytes);
  if ('closed' in statement) {
    await client.closed;
    t.match(client.packets.slice(1), [{ cmd: 'disconnect', reasonCode: statement.closed }], name);
    t.equal(client.packets.length, 2, name);
    t.equal(intake.asked.length, taken, `${name}: nothing of it is taken in`);
    return;
  }
  await client.until(() => client.packets.at(-1)?.cmd === statement.answer.cmd || client.isClosed);
  t.match(client.packets.at(-1), statement.answer, name);
  if ('granted' in statement.answer) t.same(client.packets.at(-1), { ...client.packets.at(-1), ...statement.answer });
  client.send(packet(0xe0));
  await client.closed;
}

for (const [part, statements] of Object.entries({ CONNECTING, PUBLISHING, SUBSCRIBING, TALKING })) {
  t.test(`the statements of MQTT 5 on ${part.toLowerCase()} hold`, async (t) => {
    const rig = await startListener(t, { failuresPerMinute: 1_000, takeoversPerMinute: 1_000 });
    for (const statement of statements) await holds(t, rig, statement);
  });
}

t.test('each statement that does not apply says why, and none stands in both lists', async (t) => {
  const tested = new Set([...CONNECTING, ...PUBLISHING, ...SUBSCRIBING, ...TALKING].map(({ id }) => id));
  const others = NOT_OURS.flatMap(([ids]) => ids.split(' '));
  t.same(
    others.filter((id) => tested.has(id)),
    [],
  );
  t.equal(new Set(others).size, others.length);
});

t.test(
  'CONNACK says what we offer, comes first and once, without a session [3.2.0-1, 3.2.0-2, 3.2.2-1 to -9]',
  async (t) => {
    const { port } = await startListener(t);
    const client = await RawClient.open(t, port, 5);
    client.send(joined(connect5(ID, { flags: CLEAN_LOGIN & ~2 }), Buffer.from([0xc0, 0])));
    await client.until(() => client.packets.length === 2);
    t.match(client.packets, [
      {
        cmd: 'connack',
        reasonCode: 0,
        sessionPresent: false,
        properties: {
          maximumQoS: 1,
          receiveMaximum: 200,
          maximumPacketSize: 258 * 1024,
          sessionExpiryInterval: 0,
          wildcardSubscriptionAvailable: false,
          sharedSubscriptionAvailable: false,
        },
      },
      { cmd: 'pingresp' },
    ]);
  },
);

t.test('a whole packet of Maximum Packet Size is read, its fixed header included [3.2.2-15]', async (t) => {
  const { port, intake } = await startListener(t);
  const client = await device(t, port);
  const [connack] = client.of('connack');
  const max = connack!.properties!.maximumPacketSize!;
  // The payload alone may be 256 KiB; the rest is properties here.
  const filler = (bytes: number) => properties(property(38, joined(text('a'), text('x'.repeat(bytes)))));
  const body = (bytes: number) => joined([0x32], length3(bytes - 4), text(TOPIC), two(1));
  const sized = (bytes: number): Buffer => {
    const head = joined(body(bytes), filler(2_020));
    return joined(head, Buffer.alloc(bytes - head.length, 0x20));
  };
  client.send(sized(max));
  await client.until(() => client.ackIds.length === 1 || client.isClosed);
  t.equal(intake.taken.length, 1);
  client.send(sized(max + 1));
  await client.closed;
  t.match(client.packets.at(-1), { cmd: 'disconnect', reasonCode: 0x95 });
});

const length3 = (value: number): number[] => [(value & 0x7f) | 0x80, ((value >> 7) & 0x7f) | 0x80, value >> 14];

t.test('a second connection of a device ends the first, which is told why [3.1.4-3]', async (t) => {
  const { port } = await startListener(t);
  const first = await device(t, port);
  await device(t, port);
  await first.closed;
  t.match(first.packets.at(-1), { cmd: 'disconnect', reasonCode: 0x8e });
});

t.test('a will goes out unless the device says goodbye with code 0 [3.1.2-8, 3.14.4-3]', async (t) => {
  for (const [what, farewell, wills] of [
    ['normal', packet(0xe0), 0],
    ['code 0', packet(0xe0, [0], NONE), 0],
    ['with the will', packet(0xe0, [4]), 1],
    ['an error of its own', packet(0xe0, [0x80]), 1],
    ['a malformed packet', Buffer.from([0xc1, 0]), 1],
  ] as const) {
    const { port, intake } = await startListener(t);
    const will = {
      topic: `cw/v1/${ID}/state`,
      payload: Buffer.from('{"online":false}'),
      qos: 1 as const,
      retain: true,
    };
    const client = await RawClient.device(t, port, ID, { protocolVersion: 5, will });
    client.send(farewell);
    await client.closed;
    await new Promise((resolve) => setImmediate(resolve));
    t.equal(intake.asked.length, wills, what);
  }
});

t.test(
  'silence of one and a half keep alives ends the connection; a longer one is told in CONNACK [3.1.2-22]',
  async (t) => {
    const clock = new ManualClock();
    const { port } = await startListener(t, { clock });
    const open = async (keepalive: number) => {
      const client = await RawClient.open(t, port, 5);
      client.send(connectPacket(ID, { protocolVersion: 5, keepalive }));
      await clock.advance(0);
      while (client.of('connack').length === 0) {
        await new Promise((resolve) => setImmediate(resolve));
        await clock.advance(10);
      }
      return client;
    };
    const client = await open(10);
    t.equal(client.of('connack')[0]!.properties!.serverKeepAlive, undefined);
    await clock.advance(14_000);
    t.equal(client.isClosed, false);
    await clock.advance(2_000);
    await client.closed;
    t.match(client.packets.at(-1), { cmd: 'disconnect', reasonCode: 0x8d });
    t.equal((await open(3_600)).of('connack')[0]!.properties!.serverKeepAlive, 300);
  },
);

t.test(
  'no more commands are open than the device takes, none is larger [3.3.4-9, 4.9.0-2, 3.1.2-24, 3.1.2-25]',
  async (t) => {
    const { port, listener } = await startListener(t);
    const client = await RawClient.open(t, port, 5);
    client.send(connect5(ID, { properties: properties(property(33, two(1)), property(39, four(200))) }));
    client.send(subscribe5([[COMMAND, 1]]));
    await client.until(() => client.of('suback').length === 1);
    t.equal(await listener.downlink.send(ID, Buffer.alloc(200)), false, 'too large, and not sent');
    const first = listener.downlink.send(ID, Buffer.from('{}'));
    t.equal(await listener.downlink.send(ID, Buffer.from('{}')), false, 'one at a time');
    await client.until(() => client.of('publish').length === 1);
    client.send(packet(0x40, two(client.of('publish')[0]!.messageId!), [0x10], NONE));
    t.equal(await first, true);
    t.equal(client.of('publish').length, 1);
  },
);

t.test('a device that has Receive Maximum messages open is not read on, and nothing is lost [3.3.4-7]', async (t) => {
  const { port, intake } = await startListener(t, { inflightMax: 2 });
  intake.mode = 'hold';
  const client = await device(t, port);
  const publish = (id: number) => joined(publishPacket({ topic: TOPIC, id }).subarray(0, -2), [0], Buffer.from('{}'));
  for (let id = 1; id <= 4; id += 1) client.send(withLength(publish(id)));
  await eventually(() => intake.asked.length >= 2);
  await turns();
  t.equal(intake.asked.length, 2);
  intake.mode = 'open';
  for (const { take } of intake.held.splice(0)) take();
  await client.until(() => client.ackIds.length === 4);
  t.same(client.ackIds, [1, 2, 3, 4]);
});

/** The length of a short packet, made right. */
function withLength(bytes: Buffer): Buffer {
  bytes[1] = bytes.length - 2;
  return bytes;
}
