import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Page } from 'playwright-core';
import t, { type Test } from 'tap';
import type { StreamAnswer, StreamService } from '../../../../src/streams/live/service.ts';
import type { View } from '../../../../src/streams/pool/types.ts';
import { othersAgree } from '../../../support/streams/media/other-readers.ts';
import { decode, packetTimes } from '../../../support/streams/players.ts';
import { TestCamera } from '../../../support/streams/rtsp-camera.ts';
import { look, startStreams } from '../../../support/streams/streams.ts';
import { patientClock } from '../../../support/time/clock.ts';
import { until } from '../../../support/time/until.ts';
import { openBrowser } from '../../../support/web/browser.ts';

const run = promisify(execFile);

const CAMERAS = 3;

const PLAYER = fileURLToPath(new URL('../../../../node_modules/hls.js/dist/hls.min.js', import.meta.url));

/** Serves one camera's live stream over HTTP, as the API does, and what a test wants to serve beside it. */
async function serve(t: Test, service: StreamService, others: Record<string, string> = {}): Promise<string> {
  const server = createServer(async (request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost');
    const name = pathname.slice(1);
    const view = { ...look('cam'), purpose: searchParams.get('purpose') ?? 'routine' };
    const other = others[name];
    if (other !== undefined) return void response.setHeader('content-type', 'text/html; charset=utf-8').end(other);
    try {
      const answer = await answerOf(service, view, name);
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

function answerOf(service: StreamService, view: View, name: string): Promise<StreamAnswer<string | Buffer>> {
  if (name === 'live.m3u8') return service.playlist(view);
  return name === 'media.m3u8' ? service.mediaPlaylist(view) : service.part(view, name);
}

t.test('ffprobe and ffmpeg play the live playlist without a complaint', async (t) => {
  const camera = await TestCamera.start(t, { sprop: false });
  const { service, cameras, views } = await startStreams(t, { clock: patientClock });
  cameras.set('cam', { url: camera.url });
  const url = await serve(t, service);

  const entries = 'stream=codec_name,width,height';
  const probe = await run('ffprobe', ['-v', 'error', '-show_entries', entries, '-of', 'json', url]);
  t.same(JSON.parse(probe.stdout).streams, [{ codec_name: 'h264', width: 768, height: 576 }]);

  t.equal(await decode(url, 35), '', 'every picture decodes, in time order');
  t.equal(views.length, 1, 'playlist and parts are one look');
  t.equal(camera.plays, 1);
  await othersAgree(t, await listedNow(service));
});

/** What the playlist lists of the camera now, as one file; the still picture before it has no time. */
async function listedNow(service: StreamService): Promise<Buffer> {
  const { body: playlist } = await service.mediaPlaylist(look('cam'));
  const names = [/#EXT-X-MAP:URI="([^"?]+)/g, /#EXT-X-PROGRAM-DATE-TIME:.*\n#EXTINF:.*\n([^?]+)/g].flatMap((pattern) =>
    [...playlist.matchAll(pattern)].map(([, name]) => name!),
  );
  const parts = await Promise.all(names.map((name) => service.part(look('cam'), name)));
  return Buffer.concat(parts.map(({ body }) => body));
}

t.test('the pictures of a camera come in the time it gave them, from the first on', async (t) => {
  const camera = await TestCamera.start(t);
  const { service, cameras } = await startStreams(t, { clock: patientClock });
  cameras.set('cam', { url: camera.url });
  const lease = await service.lease(look('cam'));
  const file: Buffer[] = [];
  lease.listen({
    epoch: ({ init }) => void file.push(init.data),
    fragment: ({ data }) => void file.push(data),
    failed: t.fail,
  });
  await until('a second of pictures', () => file.length > 3);
  const times = await packetTimes(Buffer.concat(file));
  for (const [n, s] of times.slice(1).entries()) t.equal(Math.round((s - times[n]!) * 1000), 100, `${n}: ${s}`);
});

/** hls.js as it comes and as the console sets it, on one cold camera each; counts how often it had nothing to show. */
const WATCHING = `<!doctype html><title>live</title><script>${readFileSync(PLAYER, 'utf8')}</script><script>
  const stalls = [];
  for (const settings of [{}, { liveSyncDurationCount: 2, maxLiveSyncPlaybackRate: 1.1 }]) {
    const video = document.createElement('video');
    video.muted = true;
    document.documentElement.append(video);
    const hls = new Hls(settings);
    hls.on(Hls.Events.ERROR, (_name, { details }) => stalls.push(details));
    hls.on(Hls.Events.MANIFEST_PARSED, (_name, { levels: [level] }) => {
      window.level = { codec: level.videoCodec, width: level.width, height: level.height };
      video.play();
    });
    hls.loadSource('live.m3u8');
    hls.attachMedia(video);
  }
</script>`;

/** What two players of a cold camera had to say against it until both had played for 6 s. */
async function complaints(t: Test, page: Page): Promise<string[]> {
  const camera = await TestCamera.start(t);
  const { service, cameras } = await startStreams(t, { clock: patientClock });
  cameras.set('cam', { url: camera.url });
  const url = await serve(t, service, { 'watching.html': WATCHING });
  await page.goto(url.replace('live.m3u8', 'watching.html'));
  const atS = () => page.evaluate("[...document.querySelectorAll('video')].map((video) => video.currentTime)");
  // What was there at the start is played by then.
  await until('both to have played for 6 s', async () => ((await atS()) as number[]).every((s) => s > 6), 60_000);
  t.same(await page.evaluate('level'), { codec: 'avc1.4d401f', width: 768, height: 576 });
  return (await page.evaluate('stalls')) as string[];
}

t.test('a browser plays a camera that nobody watched before without a stall', async (t) => {
  const { page } = await openBrowser(t);
  const said: string[] = [];
  // A busy machine may hold up a player once; what the playlist causes, it causes for every cold camera.
  for (let camera = 1; camera <= CAMERAS; camera += 1) {
    const stalls = await complaints(t, page);
    if (stalls.length === 0) return;
    said.push(`camera ${camera}: ${stalls}`);
  }
  t.fail(said.join('; '));
});

t.test('a still picture is a JPEG of the camera', async (t) => {
  const camera = await TestCamera.start(t);
  const { service, cameras } = await startStreams(t, { clock: patientClock });
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
