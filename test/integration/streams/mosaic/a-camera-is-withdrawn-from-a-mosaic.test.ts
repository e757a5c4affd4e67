import t, { type Test } from 'tap';
import { listen } from '../../../../src/api/server/server.ts';
import { PULL_TIMES } from '../../../../src/streams/pool/pull-machine.ts';
import { bearer, HERE, makeDevice, startApi, TOKENS } from '../../../support/api/api.ts';
import { memorySight } from '../../../support/api/memory/search.ts';
import { openPage } from '../../../support/streams/live/live-page.ts';
import { TestCamera } from '../../../support/streams/rtsp-camera.ts';
import { startStreams } from '../../../support/streams/streams.ts';
import { until } from '../../../support/time/until.ts';

const IDS = ['cam-1', 'cam-2'];

/** A door with two cameras, and how one is taken out of sight. */
async function start(t: Test) {
  const bed = await startStreams(t, { times: { ...PULL_TIMES, graceMs: 500 } });
  const api = await startApi(t, { streams: bed.service });
  const seen = new Map();
  for (const id of IDS) {
    bed.cameras.set(id, { url: (await TestCamera.start(t)).url });
    api.registry.devices.set(id, makeDevice({ id, kind: 'camera', name: id }));
    seen.set(id, { id, kind: 'camera', kindVersion: 1, jurisdiction: HERE });
  }
  Object.assign(api.deps.directory, memorySight(seen));
  return { bed, api, withdraw: (id: string) => void seen.delete(id) };
}

t.test('a page sees a mosaic over its socket, until one of its cameras is withdrawn', async (t) => {
  const { bed, api, withdraw } = await start(t);
  const { url } = await listen(api.app, { host: '127.0.0.1', port: 0 });
  const page = await openPage(url, TOKENS.operator);
  page.socket.send(JSON.stringify({ type: 'open', channel: 7, cameras: IDS, use: 'wall', purpose: 'desk' }));
  await until('video comes', () => page.videos.length >= 3);
  t.match(page.news, [{ type: 'begin', channel: 7, codec: /^avc1/, width: 1280, height: 720 }]);
  t.match(bed.views, [{ members: IDS, purpose: 'desk' }], 'it is a look at each of them');
  withdraw('cam-2');
  await until('it is ended', () => page.news.some(({ type }) => type === 'end'));
  const [end] = page.news.filter(({ type }) => type === 'end');
  t.match(end, { channel: 7, code: 'not-found', detail: /Camera 2 / });
  const videos = page.videos.length;
  await until('nothing of it is pulled', () => bed.service.list().length === 0);
  t.equal(page.videos.length, videos, 'no picture came after that');
  page.socket.send(JSON.stringify({ type: 'open', channel: 7, cameras: ['cam-1'], use: 'wall', purpose: 'desk' }));
  await until('the other camera is shown', () => page.videos.length > videos);
  page.socket.close();
});

t.test('by HLS, the next request of a mosaic with a camera that was withdrawn is refused', async (t) => {
  const { bed, api, withdraw } = await start(t);
  const get = (name: string) =>
    api.call({
      method: 'GET',
      url: `/api/v1/mosaics/${name}?cameras=${IDS}&purpose=desk`,
      headers: bearer(TOKENS.operator),
    });
  t.equal((await get('live.m3u8')).status, 200);
  const { status, text } = await get('media.m3u8');
  t.equal(status, 200);
  const [, part] = /MAP:URI="([^"?]+)/.exec(text)!;
  withdraw('cam-1');
  for (const name of ['live.m3u8', 'media.m3u8', part!]) {
    t.match(await get(name), { status: 404, body: { code: 'not-found', detail: /Camera 1 / } }, name);
  }
  await until('nothing of it is pulled', () => bed.service.list().length === 0);
});
