import { execFile } from 'node:child_process';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { promisify } from 'node:util';
import t, { type Test } from 'tap';
import type { StreamService } from '../../../src/streams/service.ts';
import { TestCamera } from '../../support/rtsp-camera.ts';
import { look, startStreams } from '../../support/streams.ts';
import { until } from '../../support/until.ts';

const run = promisify(execFile);

/** Serves one camera's live stream over HTTP, as the API will. */
async function serve(t: Test, service: StreamService, deviceId: string): Promise<string> {
  const server = createServer(async (request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost');
    const name = pathname.slice(1);
    const view = { ...look(deviceId), purpose: searchParams.get('purpose') ?? 'routine' };
    try {
      const answer = name === 'live.m3u8' ? await service.playlist(view) : await service.part(view, name);
      response.setHeader('content-type', answer.contentType);
      response.end(answer.body);
    } catch (error) {
      response.statusCode = 502;
      response.end(String(error));
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/live.m3u8`;
}

t.test('ffprobe and ffmpeg play the live playlist without a complaint', async (t) => {
  const camera = await TestCamera.start(t, { sprop: false });
  const { service, cameras, views } = await startStreams(t);
  cameras.set('cam', { url: camera.url });
  const url = await serve(t, service, 'cam');

  const entries = 'stream=codec_name,width,height';
  const probe = await run('ffprobe', ['-v', 'error', '-show_entries', entries, '-of', 'json', url]);
  t.same(JSON.parse(probe.stdout).streams, [{ codec_name: 'h264', width: 768, height: 576 }]);

  const decode = await run('ffmpeg', ['-v', 'warning', '-i', url, '-frames:v', '35', '-f', 'null', '-']);
  t.equal(decode.stderr, '', 'every picture decodes, in time order');
  t.equal(views.length, 1, 'playlist and parts are one look');
  t.equal(camera.plays, 1);
});

t.test('a still picture is a JPEG of the camera', async (t) => {
  const camera = await TestCamera.start(t);
  const { service, cameras } = await startStreams(t);
  cameras.set('cam', { url: camera.url });
  const stills = await Promise.all(Array.from({ length: 5 }, (_, n) => service.snapshot(look('cam', `op-${n}`))));
  const { body, contentType } = stills[0]!;
  t.equal(contentType, 'image/jpeg');
  t.equal(body.readUInt16BE(0), 0xffd8);
  t.ok(body.length > 10_000);
  t.ok(
    stills.every((still) => still.body === body),
    'made once for all five',
  );
  const later = await until('a newer one', async () => {
    const still = await service.snapshot(look('cam'));
    return still.body.equals(body) ? null : still;
  });
  t.ok(later.atMs > stills[0]!.atMs);
});
