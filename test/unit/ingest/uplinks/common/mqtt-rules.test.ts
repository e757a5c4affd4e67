import t from 'tap';
import { Buckets, PacedQueue } from '../../../../../src/ingest/uplinks/common/admission.ts';
import { channelOf, keepalive, topicPrefix } from '../../../../../src/ingest/uplinks/common/topics.ts';
import { decode, decodeConnect } from '../../../../../src/ingest/uplinks/mqtt/codec.ts';
import { ManualClock } from '../../../../support/time/clock.ts';
import { connectPacket } from '../../../../support/uplinks/mqtt.ts';

t.test('a topic is a channel only below the own prefix', async (t) => {
  const prefix = topicPrefix('k1');
  t.equal(channelOf('cw/v1/k1/reply', prefix), 'reply');
  for (const topic of ['cw/v1/k1/command', 'cw/v1/k1/__proto__', 'cw/v1/k1/', 'cw/v1/k2/reply', '', 'cw/v1/k1']) {
    t.equal(channelOf(topic, prefix), undefined, topic);
  }
});

t.test('keepalive: one and a half times the promise, five minutes for none, and what MQTT 5 is told', async (t) => {
  t.same(keepalive(60, 4, 300), { silenceMs: 90_000, toldS: null });
  t.same(keepalive(0, 4, 300), { silenceMs: 300_000, toldS: null });
  t.same(keepalive(600, 4, 300), { silenceMs: 900_000, toldS: null });
  t.same(keepalive(65_535, 4, 300), { silenceMs: 5_400_000, toldS: null });
  t.same(keepalive(60, 5, 300), { silenceMs: 90_000, toldS: null });
  t.same(keepalive(0, 5, 300), { silenceMs: 450_000, toldS: 300 });
  t.same(keepalive(600, 5, 300), { silenceMs: 450_000, toldS: 300 });
});

t.test('no cut of a CONNECT is read as one', async (t) => {
  const whole = connectPacket('k1', { will: { topic: 'cw/v1/k1/state', payload: Buffer.from('{}') } });
  t.match(decodeConnect(whole, 2), { version: 4, packet: { clientId: 'k1' } });
  for (let end = 2; end < whole.length; end += 1) {
    const body = whole.subarray(2, end);
    const cut = Buffer.concat([Buffer.from([0x10, body.length]), body]);
    t.same(decodeConnect(cut, 2), { fault: 'malformed' }, `${end} bytes`);
  }
  t.equal(decode(Buffer.from([0x82, 3, 0, 1, 0]), 4), null);
});

t.test('the admission queue lets in at its pace, in order, and refuses when it is full', async (t) => {
  const clock = new ManualClock();
  const queue = new PacedQueue(clock, 100, 50);
  const entered: number[] = [];
  const accepted = Array.from({ length: 70 }, (_, n) => queue.push(() => void entered.push(n)));
  t.equal(entered.length, 10, 'a tenth of a second at once');
  t.equal(accepted.filter(Boolean).length, 60);
  await clock.advance(250);
  t.ok(entered.length >= 30 && entered.length <= 36);
  await clock.advance(500);
  t.same(
    entered,
    Array.from({ length: 60 }, (_, n) => n),
  );
  t.equal(queue.size, 0);
});

t.test('buckets are kept per key', async (t) => {
  const clock = new ManualClock();
  const buckets = new Buckets(clock, 1, 2);
  t.same([buckets.take('a'), buckets.take('a'), buckets.take('b')], [0, 0, 0]);
  t.equal(buckets.take('a'), 1_000);
  await clock.advance(1_000);
  t.equal(buckets.take('a'), 0);
});
