import { once } from 'node:events';
import { connect as connectTcp } from 'node:net';
import t from 'tap';
import { ManualClock, passTime } from '../../../support/time/clock.ts';
import { countProcessorTime } from '../../../support/time/processor-time.ts';
import { turns } from '../../../support/time/turns.ts';
import { until } from '../../../support/time/until.ts';
import { connectPacket, metric, publishPacket, RawClient, startListener } from '../../../support/uplinks/mqtt.ts';

const DEVICES = 3_000;
const BACKLOG = 5;

t.test('3,000 devices that reconnect at once are all let in at a pace and lose nothing', async (t) => {
  const clock = new ManualClock();
  const { port, intake, observer } = await startListener(t, { admitPerS: 1_500, clock });
  const witness = await RawClient.device(t, port, 'witness');
  const clients = await Promise.all(
    Array.from({ length: DEVICES }, async (_, i) => {
      const id = `k${i}`;
      const socket = connectTcp({ port, host: '127.0.0.1' });
      t.teardown(() => void socket.destroy());
      await once(socket, 'connect');
      const client = new RawClient(socket);
      const messages = Array.from({ length: BACKLOG }, (_, n) =>
        publishPacket({ topic: `cw/v1/${id}/telemetry`, id: n + 1 }),
      );
      client.send(Buffer.concat([connectPacket(id), ...messages]));
      return client;
    }),
  );
  const letIn = (): number => clients.filter(({ packets }) => packets.length > 0).length;
  // The witness took one of the tenth of a second's worth that comes in at once.
  for (const [afterMs, count] of [
    [0, 149],
    [1_000, 1_649],
  ] as const) {
    await clock.advance(afterMs);
    const waiting = async () => await metric(observer, 'citywatch_mqtt_admission_waiting');
    await until(`${count} are let in`, async () => letIn() + (await waiting()) === DEVICES && letIn() >= count);
    await turns();
    t.equal(letIn(), count, `after ${afterMs} ms`);
    await witness.ping();
  }
  await passTime(clock, () => clients.every(({ packets }) => packets.length === 1 + BACKLOG));
  t.equal(await metric(observer, 'citywatch_mqtt_sessions'), DEVICES + 1);
  t.equal(intake.taken.length, DEVICES * BACKLOG);
});

t.test('when too many wait, the rest is told to come again', async (t) => {
  const { port } = await startListener(t, { admitPerS: 10, admitQueueMax: 5 });
  const clients = [];
  for (let i = 0; i < 10; i += 1) {
    const client = await RawClient.open(t, port);
    client.send(connectPacket(`k${i}`));
    clients.push(client);
  }
  await Promise.all(clients.map((client) => client.until(() => client.of('connack').length === 1)));
  const codes = clients.map((client) => client.of('connack')[0]?.returnCode);
  t.ok(codes.includes(3));
  t.ok(codes.filter((code) => code === 0).length >= 5);
});

t.test('3,000 silent connections do not slow a device down', async (t) => {
  const { port, intake } = await startListener(t, { silentPerAddressMax: 3_000 });
  const device = await RawClient.device(t, port, 'k1');
  const topic = 'cw/v1/k1/telemetry';
  const silent = Array.from({ length: 3_000 }, () => connectTcp({ port, host: '127.0.0.1' }));
  t.teardown(() => {
    for (const socket of silent) socket.destroy();
  });
  await Promise.all(silent.map((socket) => once(socket, 'connect')));
  const spentMs = countProcessorTime();
  for (let id = 1; id <= 200; id += 1) {
    device.send(publishPacket({ topic, id }));
    await device.until(() => device.ackIds.length === id);
  }
  const perMessageMs = spentMs() / 200;
  t.ok(perMessageMs < 5, `${perMessageMs} ms of the processor for each message, its sender included`);
  t.equal(intake.taken.length, 200);
});
