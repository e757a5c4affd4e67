import { createServer } from 'node:net';
import t from 'tap';
import { look, startStreams } from '../../support/streams/streams.ts';

t.test('addresses outside the camera networks, in any spelling, are refused without a connection', async (t) => {
  let connects = 0;
  const canary = createServer((socket) => {
    connects += 1;
    socket.destroy();
  });
  await new Promise<void>((resolve) => canary.listen(0, '::', resolve));
  t.teardown(() => canary.close());
  const { port } = canary.address() as { port: number };
  const { service, cameras } = await startStreams(t);
  const hosts = [
    '127.0.0.1',
    '0.0.0.0',
    '0',
    '127.1',
    '0x7f.1',
    '0x7f000001',
    '2130706433',
    '017700000001',
    '127.0.0.1.',
    'localhost',
    '[::1]',
    '[::]',
    '[::ffff:127.0.0.1]',
    '[::ffff:7f00:1]',
    '169.254.169.254',
    '100.64.0.1',
    'user@127.64.0.1',
    'user:secret-word@127.64.0.1',
    'x\\@127.0.0.1',
  ];
  const urls = hosts.map((host) => `rtsp://${host}:${port}/x`);
  urls.push(`http://127.64.0.1:${port}/x.m3u8`, 'file:///etc/passwd', 'concat:a|b', 'data:text/plain,x', '-version');
  for (const [n, url] of urls.entries()) {
    cameras.set(`cam-${n}`, { url });
    const error = await service.playlist(look(`cam-${n}`)).catch((cause: unknown) => cause);
    t.match(error, { code: 'outbound.refused', message: /CITYWATCH_CAMERA_NETWORKS/ }, url);
    t.notMatch(String(error), /secret-word/);
  }
  t.equal(connects, 0);
  t.equal(service.processes().ffmpeg.length, 0, 'no ffmpeg was started for any of them');
});

t.test('a device without a stream, and one that does not exist, answer at once', async (t) => {
  const { service } = await startStreams(t);
  await t.rejects(service.playlist(look('nobody')), { code: 'not-found' });
});
