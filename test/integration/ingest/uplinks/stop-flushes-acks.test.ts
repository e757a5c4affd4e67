import t from 'tap';
import { Authority } from '../../../support/network/certificates.ts';
import { turns } from '../../../support/time/turns.ts';
import { eventually, publishPacket, RawClient, startListener } from '../../../support/uplinks/mqtt.ts';

const topic = 'cw/v1/k1/telemetry';

t.test('stop waits for the journal, sends what it still owes and delivers no will', async (t) => {
  const { port, intake, listener } = await startListener(t);
  const will = { topic: 'cw/v1/k1/state', payload: Buffer.from('{"online":false}'), qos: 1 as const };
  const client = await RawClient.device(t, port, 'k1', { will });
  const five = await RawClient.device(t, port, 'k5', { protocolVersion: 5 });
  intake.mode = 'hold';
  client.send(Buffer.concat([publishPacket({ topic, id: 1 }), publishPacket({ topic, id: 2 })]));
  await eventually(() => intake.held.length === 2);
  let stopped = false;
  const stop = listener.stop(new AbortController().signal).then(() => {
    stopped = true;
  });
  client.send(publishPacket({ topic, id: 3 }));
  await turns();
  t.equal(stopped, false);
  for (const { take } of intake.held) take();
  await client.closed;
  await stop;
  t.same(client.ackIds, [1, 2], 'what came after the stop is not acknowledged');
  t.equal(five.of('disconnect')[0]?.reasonCode, 0x8b);
  t.equal(intake.asked.length, 2);
  await t.rejects(RawClient.open(t, port), { code: 'ECONNREFUSED' });
});

t.test('stop ends at its signal when the journal does not answer', async (t) => {
  const { port, intake, listener } = await startListener(t);
  intake.mode = 'hold';
  const client = await RawClient.device(t, port, 'k1');
  client.send(publishPacket({ topic, id: 1 }));
  await eventually(() => intake.held.length === 1);
  const limit = new AbortController();
  setTimeout(() => limit.abort(), 100);
  await listener.stop(limit.signal);
  await client.closed;
  t.same(client.ackIds, []);
});

t.test('stop does not wait for a TLS handshake that never comes', async (t) => {
  const { tlsPort, listener } = await startListener(t, {
    tls: { port: 0, ...new Authority(t.testdir(), 'city').issue('localhost') },
  });
  const client = await RawClient.open(t, tlsPort);
  await t.resolves(listener.stop(new AbortController().signal), 'without a signal to end it');
  await client.closed;
});
