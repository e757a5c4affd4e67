import { createSocket } from 'node:dgram';
import t from 'tap';
import { UdpPairs } from '../../../src/platform/outbound/udp-pairs.ts';
import { decodeStill } from '../../support/streams/players.ts';
import { TestCamera } from '../../support/streams/rtsp-camera.ts';
import { look, startStreams } from '../../support/streams/streams.ts';
import { until } from '../../support/time/until.ts';

const sideBySide = () => ({ buffered: true });
t.jobs = 3;
const PORTS = { first: 20_000, last: 20_399 };

for (const engine of ['auto', 'ffmpeg'] as const) {
  t.test(`${engine}: packets in another order, doubled and of strangers do no harm`, sideBySide(), async (t) => {
    const { service, cameras, lines } = await startStreams(t, { engine, udpPorts: PORTS });
    const stranger = createSocket('udp4');
    t.teardown(() => stranger.close());
    const camera = await TestCamera.start(t, {
      datagrams: (packets) => {
        const [one, two, ...others] = packets;
        return two ? [two, one!, one!, ...others] : packets;
      },
    });
    cameras.set('cam', { url: camera.url });
    const lease = await service.lease(look('cam'));
    let keys = 0;
    let fragments = 0;
    const fragment = ({ key }: { key: boolean }) => {
      fragments += 1;
      keys += key ? 1 : 0;
    };
    lease.listen({ epoch: () => {}, fragment, failed: t.fail });
    await until('video', () => fragments > 6);
    t.ok(keys > 2);
    t.match(await decodeStill((await service.snapshot(look('cam'))).body), { codec: 'mjpeg', width: 768 });
    t.equal(camera.plays, 1);
    t.notOk(lines.some((line) => line.includes('a camera gives no picture')));
  });
}

t.test('packets that are lost are counted, and the pictures go on', sideBySide(), async (t) => {
  const { service, cameras, observer } = await startStreams(t, { engine: 'auto', udpPorts: PORTS });
  const camera = await TestCamera.start(t, { datagrams: (packets, n) => (n % 5 === 3 ? packets.slice(1) : packets) });
  cameras.set('cam', { url: camera.url });
  const lease = await service.lease(look('cam'));
  let fragments = 0;
  lease.listen({ epoch: () => {}, fragment: () => void fragments++, failed: t.fail });
  const lost = async () =>
    Number(/^citywatch_stream_packets_lost_total (\d+)/m.exec(await observer.metrics.metrics())?.[1]);
  await until('some are missing', async () => (await lost()) >= 3);
  const before = fragments;
  await until('and it goes on', () => fragments > before + 2);
});

t.test('without the setting it is refused, and the setting is named', sideBySide(), async (t) => {
  const { service, cameras } = await startStreams(t, { engine: 'auto' });
  const camera = await TestCamera.start(t, { datagrams: (packets) => packets });
  cameras.set('cam', { url: camera.url });
  const why = await service.playlist(look('cam')).catch((error: { detail?: string }) => error.detail);
  t.match(why, /CITYWATCH_STREAM_UDP_PORTS/);
  t.equal(camera.plays, 0);
});

t.test('a pair of ports hears one address, and a range has an end', sideBySide(), async (t) => {
  const heard: string[] = [];
  const pairs = new UdpPairs({ first: 20_401, last: 20_405 });
  const hear = (bytes: Buffer, port: string) => void heard.push(`${port} ${bytes}`);
  const open = () => pairs.open({ from: '127.64.0.9', at: '127.0.0.1', hear });
  const one = await open();
  const two = await open();
  t.same(
    [one.ports, two.ports],
    [
      [20_402, 20_403],
      [20_404, 20_405],
    ],
  );
  await t.rejects(open(), { code: 'outbound.failed', detail: /no two ports of 20401 to 20405/ });
  const send = async (from: string, text: string, port: number) => {
    const socket = createSocket('udp4');
    await new Promise<void>((resolve) => socket.bind(0, from, resolve));
    await new Promise((resolve) => socket.send(text, port, '127.0.0.1', resolve));
    socket.close();
  };
  await send('127.64.0.8', 'stranger', one.ports[0]);
  await send('127.64.0.9', 'camera', one.ports[0]);
  await send('127.64.0.9', 'report', one.ports[1]);
  await until('both', () => heard.length === 2);
  t.same(heard, ['media camera', 'reports report']);
  t.equal(one.strangers, 1);
  two.close();
  await until('it is free again', async () => {
    const again = await open().catch(() => null);
    again?.close();
    return again !== null;
  });
  one.close();
});
