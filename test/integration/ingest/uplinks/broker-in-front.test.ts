import type { MqttClient } from 'mqtt';
import t from 'tap';
import { until } from '../../../support/time/until.ts';
import { Broker } from '../../../support/uplinks/broker.ts';
import { startUplink, texts } from '../../../support/uplinks/broker-uplink.ts';

const TOPIC = 'cw/v1/k1/telemetry';

function publishAll(device: MqttClient, from: number, to: number): Promise<unknown> {
  const numbers = Array.from({ length: to - from }, (_, index) => from + index);
  return Promise.all(numbers.map((n) => device.publishAsync(TOPIC, `n${n}`, { qos: 1 })));
}

const numbered = (count: number) => Array.from({ length: count }, (_, n) => `n${n}`);

t.test('the broker gets a PUBACK only for what is durable, in order', async (t) => {
  const broker = await Broker.start(t, ['k1']);
  const { uplink, intake } = await startUplink(t, broker.url, { receiveMaximum: 5 });
  intake.mode = 'hold';
  const device = await broker.device(t, 'k1');
  await publishAll(device, 0, 12);
  await until('five are with us', () => intake.held.length === 5);
  t.equal(uplink.stats.acks, 0);
  intake.held[1]!.take();
  intake.held[2]!.take();
  // The broker's own answer comes behind whatever it would have sent by then.
  await publishAll(device, 12, 13);
  t.equal(uplink.stats.acks, 0, 'the first is not durable yet');
  t.equal(intake.held.length, 5, 'and the broker sends no more than it may');
  intake.held[0]!.take();
  await until('three were acknowledged', () => uplink.stats.acks === 3);
  // Mosquitto 2.0.11 sends more than it may once acknowledgements flow.
  await until('more came', () => intake.held.length >= 8);
  intake.mode = 'open';
  for (const { take } of intake.held.slice(3)) take();
  await until('the broker has nothing left', () => uplink.stats.acks === 13);
  t.same(texts(intake.asked), numbered(13));
  t.same(uplink.status(), { ok: true, reason: null, unacked: 0, sessionsLost: 0 });
});

t.test('while the journal is full acknowledgements are held, and everything comes when it is not', async (t) => {
  const broker = await Broker.start(t, ['k1']);
  const { uplink, intake } = await startUplink(t, broker.url, { receiveMaximum: 50 });
  intake.mode = 'full';
  const device = await broker.device(t, 'k1');
  await publishAll(device, 0, 300);
  await until('as many are with us as may be', () => uplink.status().unacked === 50);
  t.ok(uplink.status().ok);
  t.equal(uplink.stats.acks, 0);
  intake.mode = 'open';
  await until('all arrived', () => uplink.stats.acks === 300);
  t.same(texts(intake.taken), numbered(300));
});

t.test('a broker killed with 500 waiting brings them after its restart', async (t) => {
  const broker = await Broker.start(t, ['k1']);
  const { uplink, intake } = await startUplink(t, broker.url, { receiveMaximum: 100 });
  const device = await broker.device(t, 'k1');
  intake.mode = 'hold';
  await publishAll(device, 0, 500);
  // Mosquitto saves one change late, so the last message it acknowledged is its own to lose.
  await device.publishAsync(TOPIC, 'last', { qos: 1 });
  await until('some are with us', () => intake.held.length === 100);
  await broker.kill();
  await until('noticed', () => !uplink.status().ok);
  t.match(uplink.status().reason, /the (connection to the )?broker/);
  intake.mode = 'open';
  for (const { take } of intake.held) take();
  await broker.start();
  await until('back', () => uplink.status().ok);
  await publishAll(device, 500, 600);
  const arrived = () => [...new Set(texts(intake.taken))].filter((text) => text !== 'last');
  await until('all arrived', () => arrived().length === 600);
  t.same(arrived(), numbered(600), 'in order');
  t.equal(uplink.stats.sessionsLost, 0);
  await until('all acknowledged', () => uplink.status().unacked === 0);
});

t.test('what can never be kept is acknowledged, counted and named once', async (t) => {
  const broker = await Broker.start(t, ['k1', 'ghost']);
  const { uplink, intake, logs } = await startUplink(t, broker.url);
  const [device, ghost] = [await broker.device(t, 'k1'), await broker.device(t, 'ghost')];
  const refused = device.publishAsync('cw/v1/k2/telemetry', 'n0', { qos: 1 });
  await t.rejects(refused, /Not authorized/, 'the broker lets no device speak for another one');
  for (let n = 0; n < 5; n += 1) await ghost.publishAsync('cw/v1/ghost/telemetry', 'n0', { qos: 1 });
  await device.publishAsync(TOPIC, Buffer.alloc(256 * 1024 + 1), { qos: 1 });
  await device.publishAsync(TOPIC, 'n1', { qos: 1 });
  await until('the last one arrived', () => uplink.stats.acks === 7);
  t.same(texts(intake.asked), ['n1']);
  t.same(
    [...uplink.stats.refusals],
    [
      ['unknown-device', 5],
      ['too-large', 1],
    ],
  );
  const named = logs.filter((line) => line.includes('was not kept'));
  t.equal(named.length, 2);
  t.match(named[0], /"device":"ghost"/);
});
