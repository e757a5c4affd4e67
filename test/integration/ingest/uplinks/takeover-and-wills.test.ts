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

const offline = (id: string, over: object = {}) => ({
  will: {
    topic: `cw/v1/${id}/state`,
    payload: Buffer.from('{"online":false}'),
    qos: 1 as const,
    retain: true,
    ...over,
  },
});

t.test('a newer connection with the right secret replaces the older one, a wrong one does not', async (t) => {
  const { port, presence, listener } = await startListener(t);
  const first = await RawClient.device(t, port, 'k1');
  const wrong = await RawClient.device(t, port, 'k1', { password: Buffer.from('wrong') });
  await wrong.closed;
  await first.ping();
  t.equal(first.isClosed, false);
  const second = await RawClient.device(t, port, 'k1');
  await first.closed;
  await second.ping();
  t.equal(second.isClosed, false);
  t.equal(listener.sessions, 1);
  second.socket.destroy();
  await eventually(() => listener.sessions === 0);
  const third = await RawClient.device(t, port, 'k1');
  third.send(Buffer.from([0xe0, 0]));
  await eventually(() => listener.sessions === 0 && presence.length === 5);
  t.same(
    presence.map(([, now]) => now),
    ['open', 'open', 'lost', 'open', 'left'],
    'a goodbye is told from a connection that broke',
  );
});

t.test('two devices with one identity take turns at a pace', async (t) => {
  const clock = new ManualClock();
  const { port, listener } = await startListener(t, { clock, takeoversPerMinute: 2 });
  let current = await RawClient.device(t, port, 'k1');
  for (let i = 0; i < 2; i += 1) {
    const next = await RawClient.device(t, port, 'k1');
    await current.closed;
    current = next;
  }
  const impatient = await RawClient.open(t, port);
  impatient.send(connectPacket('k1'));
  const another = await RawClient.open(t, port);
  another.send(connectPacket('k1'));
  await Promise.race([impatient.closed, another.closed]);
  await current.ping();
  t.equal(current.isClosed, false, 'the session stays while the next one waits');
  await clock.advance(31_000);
  await current.closed;
  await eventually(() => listener.sessions === 1);
  t.equal(impatient.packets.length + another.packets.length, 1, 'of those that wait only the newest remains');
});

t.test('a will may only be left where the device could say the same itself', async (t) => {
  const { port } = await startListener(t);
  const refused = [
    offline('k2'),
    offline('k1', { topic: 'cw/v1/k1/telemetry' }),
    offline('k1', { topic: '$SYS/x' }),
    offline('k1', { topic: '$CONTROL/dynamic-security/v1' }),
    offline('k1', { topic: '#' }),
    offline('k1', { qos: 2 }),
    offline('k1', { payload: Buffer.alloc(5_000, 'x') }),
  ];
  for (const over of refused) {
    const client = await RawClient.device(t, port, 'k1', over);
    await client.closed;
    t.equal(client.of('connack')[0]?.returnCode, 5);
  }
  t.equal((await RawClient.device(t, port, 'k1', offline('k1'))).of('connack')[0]?.returnCode, 0);
});

t.test('a will is delivered when the device vanishes, not when it says goodbye', async (t) => {
  const { port, intake, listener } = await startListener(t);
  const polite = await RawClient.device(t, port, 'k1', offline('k1'));
  polite.send(Buffer.from([0xe0, 0]));
  await polite.closed;
  await eventually(() => listener.sessions === 0);
  t.equal(intake.asked.length, 0);
  const gone = await RawClient.device(t, port, 'k2', offline('k2'));
  gone.socket.destroy();
  await eventually(() => intake.taken.length === 1);
  t.match(intake.taken[0], { channel: 'state', topic: 'cw/v1/k2/state', packetId: 0 });
  t.equal(intake.taken[0]?.raw.toString(), '{"online":false}');
  const rude = await RawClient.device(t, port, 'k3', offline('k3'));
  rude.send(Buffer.from([0, 0]));
  await eventually(() => intake.taken.length === 2);
});

t.test('a will is tried again while the journal is full, but never after a newer session of the device', async (t) => {
  const clock = new ManualClock();
  const { port, intake, listener, observer } = await startListener(t, { clock });
  const first = await RawClient.device(t, port, 'k1', offline('k1'));
  const other = await RawClient.device(t, port, 'k2', offline('k2'));
  intake.mode = 'full';
  first.socket.destroy();
  other.socket.destroy();
  await eventually(() => intake.asked.length === 2 && listener.sessions === 0);
  const back = await RawClient.device(t, port, 'k1');
  intake.mode = 'open';
  await clock.advance(1_000);
  back.send(publishPacket({ topic: 'cw/v1/k1/state', id: 1 }));
  await back.until(() => back.ackIds.length === 1);
  t.same(intake.taken.map(({ device }) => device.id).sort(), ['k1', 'k2']);
  t.equal(intake.taken.find(({ device }) => device.id === 'k1')?.packetId, 1, 'its own word, not the old will');
  t.equal(await metric(observer, 'citywatch_mqtt_wills_lost_total'), 1);
});

t.test('a will the journal never takes is given up and counted', async (t) => {
  const clock = new ManualClock();
  const { port, intake, listener, observer } = await startListener(t, { clock });
  const client = await RawClient.device(t, port, 'k1', offline('k1'));
  intake.mode = 'full';
  client.socket.destroy();
  await eventually(() => listener.sessions === 0);
  await clock.advance(60_000);
  t.equal(intake.asked.length, 10);
  t.equal(await metric(observer, 'citywatch_mqtt_wills_lost_total'), 1);
});

t.test('a rotated secret or a retired device ends its session at once', async (t) => {
  const { port, listener } = await startListener(t);
  const client = await RawClient.device(t, port, 'k1');
  const other = await RawClient.device(t, port, 'k2');
  listener.disconnect('k1');
  listener.disconnect('nobody');
  await client.closed;
  await other.ping();
  t.equal(other.isClosed, false);
});
