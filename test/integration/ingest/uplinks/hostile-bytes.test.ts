import { once } from 'node:events';
import { connect as connectTcp } from 'node:net';
import fc from 'fast-check';
import t from 'tap';
import { ManualClock } from '../../../support/time/clock.ts';
import {
  connectPacket,
  eventually,
  metric,
  publishPacket,
  RawClient,
  startListener,
} from '../../../support/uplinks/mqtt.ts';

const topic = 'cw/v1/k1/telemetry';
const MIB = 1024 * 1024;

/** Fixed header of a PUBLISH that claims `length` bytes. */
function claim(length: number): Buffer {
  const bytes = [0x32];
  for (let rest = length; ; rest = Math.floor(rest / 128)) {
    bytes.push((rest % 128) | (rest >= 128 ? 0x80 : 0));
    if (rest < 128) return Buffer.from(bytes);
  }
}

t.test('a header that claims too much closes the connection before a byte of the body is there', async (t) => {
  const { port, observer } = await startListener(t);
  for (const length of [268_435_455, 64 * MIB, 256 * 1024 + 2_049]) {
    const client = await RawClient.device(t, port, 'k1');
    client.send(claim(length));
    await client.closed;
  }
  const overlong = await RawClient.device(t, port, 'k1');
  overlong.send(Buffer.from([0x32, 0xff, 0xff, 0xff, 0xff, 0x01]));
  await overlong.closed;
  t.equal(await metric(observer, 'citywatch_mqtt_partial_bytes'), 0);
});

t.test('a publish of 64 MiB is cut off without costing memory', async (t) => {
  const { port, intake } = await startListener(t);
  const client = await RawClient.device(t, port, 'k1');
  const block = Buffer.alloc(MIB, 'x');
  global.gc?.();
  const before = process.memoryUsage().rss;
  client.send(claim(64 * MIB));
  for (let i = 0; i < 64 && !client.isClosed; i += 1) {
    if (!client.socket.write(block)) await Promise.race([once(client.socket, 'drain').catch(() => {}), client.closed]);
  }
  await client.closed;
  t.ok(process.memoryUsage().rss - before < 20 * MIB, 'less than 20 MiB more');
  t.equal(intake.asked.length, 0);
});

t.test('the largest payload is taken, one byte more is not', async (t) => {
  const { port, intake } = await startListener(t);
  const client = await RawClient.device(t, port, 'k1');
  client.send(publishPacket({ topic, id: 1, payload: Buffer.alloc(256 * 1024, 'a') }));
  await client.until(() => client.ackIds.length === 1);
  t.equal(intake.taken[0]?.raw.length, 256 * 1024);
  client.send(publishPacket({ topic, id: 2, payload: Buffer.alloc(256 * 1024 + 1, 'a') }));
  await client.closed;
  t.same(client.ackIds, [1]);
});

t.test('a packet may come byte by byte', async (t) => {
  const { port, intake } = await startListener(t);
  const client = await RawClient.open(t, port);
  const bytes = Buffer.concat([connectPacket('k1'), publishPacket({ topic, id: 5, payload: '{"n":5}' })]);
  for (const byte of bytes) {
    client.send(Buffer.from([byte]));
    await new Promise((resolve) => setImmediate(resolve));
  }
  await client.until(() => client.ackIds.length === 1);
  t.equal(intake.taken[0]?.raw.toString(), '{"n":5}');
});

t.test('whoever is silent or drips its CONNECT is closed within ten seconds', async (t) => {
  const clock = new ManualClock();
  const { port } = await startListener(t, { clock });
  const silent = await RawClient.open(t, port);
  const slow = await RawClient.open(t, port);
  const bytes = connectPacket('k1');
  for (let second = 0; second < 10; second += 1) {
    slow.send(bytes.subarray(second, second + 1));
    await clock.advance(1_000);
  }
  await Promise.all([silent.closed, slow.closed]);
  t.equal(slow.packets.length, 0);
});

t.test('above the limit of connections without a CONNECT the oldest of them makes room', async (t) => {
  const { port } = await startListener(t, { silentMax: 20 });
  const crowd = [];
  for (let i = 0; i < 30; i += 1) crowd.push(await RawClient.open(t, port));
  const device = await RawClient.device(t, port, 'k1');
  t.equal(device.of('connack')[0]?.returnCode, 0);
  await Promise.all(crowd.slice(0, 10).map(({ closed }) => closed));
  t.equal(crowd.filter(({ isClosed }) => isClosed).length, 11, 'one more for the device itself');
});

t.test('silent connections of one address make room for each other, and those of another address stay', async (t) => {
  const { port } = await startListener(t, { silentPerAddressMax: 3 });
  const other = connectTcp({ port, host: '127.0.0.1', localAddress: '127.0.0.2' });
  t.teardown(() => other.destroy());
  await once(other, 'connect');
  const crowd = [];
  for (let i = 0; i < 9; i += 1) crowd.push(await RawClient.open(t, port));
  await Promise.all(crowd.slice(0, 6).map(({ closed }) => closed));
  const device = await RawClient.device(t, port, 'k1');
  t.equal(device.of('connack')[0]?.returnCode, 0, 'a device behind the same address');
  t.notOk(other.closed || other.readableEnded, 'whoever came first from elsewhere');
});

t.test('a device that has shown who it is stays, however many come after it in silence', async (t) => {
  const { port } = await startListener(t, { silentPerAddressMax: 2 });
  const device = await RawClient.device(t, port, 'k1');
  const crowd = [];
  for (let i = 0; i < 6; i += 1) crowd.push(await RawClient.open(t, port));
  await Promise.all(crowd.slice(0, 4).map(({ closed }) => closed));
  await device.ping();
  t.equal(device.isClosed, false);
});

t.test('connections are limited in all and per address', async (t) => {
  const { port, observer } = await startListener(t, { connectionsPerAddressMax: 3 });
  const inside = [];
  for (let i = 0; i < 3; i += 1) inside.push(await RawClient.device(t, port, `k${i}`));
  const outside = await RawClient.open(t, port);
  await outside.closed;
  inside[0]!.socket.destroy();
  await eventually(async () => (await metric(observer, 'citywatch_mqtt_connections')) === 2);
  t.equal((await RawClient.device(t, port, 'k9')).of('connack')[0]?.returnCode, 0);
});

t.test('silence beyond the keepalive ends the connection; keepalive 0 means five minutes', async (t) => {
  const clock = new ManualClock();
  const { port } = await startListener(t, { clock });
  const minute = await RawClient.device(t, port, 'k1', { keepalive: 60 });
  const forever = await RawClient.device(t, port, 'k2', { keepalive: 0 });
  await clock.advance(80_000);
  t.equal(minute.isClosed, false);
  await minute.ping();
  await clock.advance(80_000);
  t.equal(minute.isClosed, false);
  await clock.advance(12_000);
  await minute.closed;
  t.equal(forever.isClosed, false);
  await clock.advance(130_000);
  await forever.closed;
});

t.test('whoever never reads its answers is no longer read, and closed when its keepalive is over', async (t) => {
  const clock = new ManualClock();
  const { port, observer } = await startListener(t, { clock, messagesBurst: 1e9, unreadBytesMax: 16 * 1024 });
  const client = await RawClient.device(t, port, 'k1', { keepalive: 10 });
  client.socket.pause();
  const pings = Buffer.alloc(64 * 1024, Buffer.from([0xc0, 0]));
  let ended = false;
  client.socket.once('close', () => {
    ended = true;
  });
  // Each ping that is read begins its keepalive anew, so only what is no longer read ends. Time passes in small steps,
  // with turns between them in which the listener would read.
  for (let step = 0; step < 3_000 && !ended; step += 1) {
    while (client.socket.writable && client.socket.write(pings));
    for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    await clock.advance(100);
  }
  const closed = await observer.metrics.getSingleMetric('citywatch_mqtt_closed_total')?.get();
  t.match(closed?.values, [{ labels: { reason: 'unread' }, value: 1 }]);
  t.equal(await metric(observer, 'citywatch_mqtt_sessions'), 0);
});

t.test('no bytes whatever make the listener throw or harm another device', async (t) => {
  const { port, intake } = await startListener(t, { failuresPerMinute: 1e6, messagesBurst: 1e6 });
  const witness = await RawClient.device(t, port, 'witness');
  const prefix = fc.constantFrom(Buffer.alloc(0), connectPacket('k1'), connectPacket('k1', { protocolVersion: 5 }));
  const noise = fc.oneof(
    fc.uint8Array({ maxLength: 200 }),
    fc
      .tuple(fc.integer({ min: 1, max: 15 }), fc.integer({ min: 0, max: 15 }), fc.uint8Array({ maxLength: 120 }))
      .map(([type, flags, body]) => Uint8Array.from([(type << 4) | flags, body.length, ...body])),
  );
  await fc.assert(
    fc.asyncProperty(prefix, fc.array(noise, { maxLength: 5 }), async (start, parts) => {
      const client = await RawClient.open(t, port);
      client.send(start);
      for (const part of parts) client.send(Buffer.from(part));
      client.socket.end();
      await client.closed;
      client.socket.destroy();
    }),
    { numRuns: 400 },
  );
  await witness.ping();
  t.equal(witness.isClosed, false);
  t.ok(intake.asked.every(({ device }) => device.id === 'k1'));
});
