import t, { type Test } from 'tap';
import type { StreamsPort } from '../../../../src/api/deps.ts';
import { listen } from '../../../../src/api/server/server.ts';
import { CitywatchError } from '../../../../src/core/errors.ts';
import type { View } from '../../../../src/streams/pool/types.ts';
import { bearer, CAMERA, KIOSK, startApi, TOKENS } from '../../../support/api/api.ts';
import { memoryStreams } from '../../../support/api/api-parts.ts';
import { TestCamera } from '../../../support/streams/rtsp-camera.ts';
import { startStreams } from '../../../support/streams/streams.ts';

const BASE = `/api/v1/streams/${CAMERA}`;
const FILES = ['live.m3u8', 'media.m3u8', '0123456789abcdef.mp4', '0123456789abcdef-1.m4s', 'snapshot.jpg'];

/** The API on streams that note each look they are asked for. */
async function startNoted(t: Test, fail: { with: Error | null } = { with: null }) {
  const views: View[] = [];
  const memory = memoryStreams();
  const note = (view: View) => {
    views.push(view);
    if (fail.with) throw fail.with;
  };
  const streams: StreamsPort = {
    ...memory,
    playlist: async (view) => {
      note(view);
      return memory.playlist(view);
    },
    mediaPlaylist: async (view) => {
      note(view);
      return memory.mediaPlaylist(view);
    },
    part: async (view, name) => {
      note(view);
      return memory.part(view, name);
    },
    snapshot: async (view) => {
      note(view);
      return memory.snapshot(view);
    },
  };
  const api = await startApi(t, { streams });
  const get = (path: string, token: string) =>
    api.call({ method: 'GET', url: `/api/v1/streams/${path}`, headers: bearer(token) });
  return { ...api, views, get };
}

t.test('every look says who, why and for which case', async (t) => {
  const { views, get } = await startNoted(t);
  for (const file of FILES) {
    const answer = await get(`${CAMERA}/${file}?quality=sub&purpose=search&case=A-7`, TOKENS.viewer);
    t.equal(answer.status, 200, file);
    t.match(answer.headers, { 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' });
    t.match(answer.headers['content-type'], /^(application\/vnd.apple.mpegurl|video\/mp4|image\/jpeg)/);
  }
  const viewer = { type: 'token', id: 'viewer', name: 'viewer' };
  const look = { deviceId: CAMERA, quality: 'sub', use: 'live', viewer, purpose: 'search', case: 'A-7' };
  t.same(
    views,
    FILES.map(() => look),
  );
});

t.test('who does not say why, or may not look for that, sees nothing', async (t) => {
  const { views, get } = await startNoted(t);
  for (const file of FILES) {
    const silent = await get(`${CAMERA}/${file}`, TOKENS.operator);
    t.equal(silent.status, 400);
    t.match(silent.body, { code: 'request.invalid', issues: [{ path: 'purpose' }] });
    t.equal((await get(`${CAMERA}/${file}?purpose=routine`, TOKENS.technician)).status, 403);
    t.equal((await get(`${CAMERA}/${file}?purpose=routine&quality=huge`, TOKENS.operator)).status, 400);
    t.equal((await get(`${CAMERA}/${file}?purpose=routine&token=x`, TOKENS.operator)).status, 400);
  }
  t.same(views, []);
});

t.test('a camera of elsewhere answers like one that is not there', async (t) => {
  const { views, get } = await startNoted(t);
  for (const file of ['', ...FILES.map((name) => `/${name}?purpose=x`)]) {
    const foreign = await get(`${CAMERA}${file}`, TOKENS.foreign);
    const absent = await get(`camera-9${file}`, TOKENS.foreign);
    t.equal(foreign.status, 404);
    t.equal(foreign.text.length, absent.text.length);
  }
  const kiosk = await get(`${KIOSK}/live.m3u8?purpose=x`, TOKENS.admin);
  t.match(kiosk.body, { code: 'not-found', detail: 'Devices of this kind have no video.' });
  for (const name of ['..%2flive.m3u8', 'other.txt', 'live.m3u8%00', '%2e%2e', '0123456789abcdef.mp4.exe']) {
    t.equal((await get(`${CAMERA}/${name}?purpose=x`, TOKENS.admin)).status, 404, name);
  }
  t.same(views, []);
});

t.test('what a camera cannot do is a problem document with a time to come back', async (t) => {
  const fail: { with: Error | null } = { with: null };
  const { get } = await startNoted(t, fail);
  for (const code of ['stream.unavailable', 'stream.full'] as const) {
    fail.with = new CitywatchError(code, { detail: 'why', retryAfterS: 5 });
    const answer = await get(`${CAMERA}/live.m3u8?purpose=x`, TOKENS.viewer);
    t.equal(answer.status, fail.with instanceof CitywatchError && fail.with.status);
    t.match(answer.body, { code, detail: 'why' });
    t.match(answer.headers, { 'content-type': /problem\+json/, 'retry-after': /^5$/ });
  }
});

t.test('a player follows the playlist, and the whole viewing is one look', async (t) => {
  const camera = await TestCamera.start(t);
  const { service, cameras, views } = await startStreams(t);
  cameras.set(CAMERA, { url: camera.url });
  const { call } = await startApi(t, { streams: service });
  const get = (url: string) => call({ method: 'GET', url, headers: bearer(TOKENS.viewer) });

  const follow = (name: string) => {
    const { pathname, search } = new URL(name, `http://here${BASE}/live.m3u8`);
    return get(pathname + search);
  };
  const lineWith = (text: string, word: string) => text.split('\n').find((line) => line.includes(word)) ?? '';
  const master = await get(`${BASE}/live.m3u8?purpose=search&case=A-7`);
  t.equal(master.status, 200, master.text);
  t.match(lineWith(master.text, '#EXT-X-STREAM-INF'), /CODECS="avc1\.4d401f",RESOLUTION=768x576$/);
  const playlist = await follow(lineWith(master.text, 'media.m3u8'));
  t.equal(playlist.status, 200, playlist.text);
  const init = /URI="([^"]+)"/.exec(playlist.text)?.[1] ?? '';
  for (const name of [init, lineWith(playlist.text, '.m4s')]) {
    const part = await follow(name);
    t.equal(part.status, 200, name);
    t.equal(part.headers['content-type'], 'video/mp4');
  }
  t.match((await get(`${BASE}/snapshot.jpg?purpose=search&case=A-7`)).headers, { 'content-type': 'image/jpeg' });
  t.match((await get('/api/v1/streams')).body, { items: [{ device: CAMERA, state: 'live', viewers: 1 }] });
  t.match((await get(BASE)).body, { device: CAMERA, streams: [{ quality: 'main', state: 'live' }] });
  const foreign = await call({ method: 'GET', url: '/api/v1/streams', headers: bearer(TOKENS.foreign) });
  t.same(foreign.body, { items: [] });
  t.match(views, [{ viewer: { type: 'token', id: 'viewer' }, purpose: 'search', case: 'A-7' }]);
  t.equal(views.length, 1);
});

t.test('a look that cannot be registered shows no byte and contacts no camera', async (t) => {
  const camera = await TestCamera.start(t);
  const { service, cameras, views } = await startStreams(t);
  cameras.set(CAMERA, { url: camera.url });
  views.push = () => {
    throw new CitywatchError('store.unavailable');
  };
  const { call } = await startApi(t, { streams: service });
  for (const file of FILES) {
    const url = `${BASE}/${file}?purpose=x`;
    const answer = await call({ method: 'GET', url, headers: bearer(TOKENS.viewer) });
    t.equal(answer.status, 503, file);
    t.match(answer.body, { code: 'store.unavailable' });
  }
  t.equal(camera.connections, 0);
});

t.test('a viewer that waits for a picture does not hold up the end of the server', async (t) => {
  const streams: StreamsPort = {
    ...memoryStreams(),
    playlist: (_view, signal) =>
      new Promise((_resolve, reject) => {
        const error = new CitywatchError('stream.unavailable');
        signal?.addEventListener('abort', () => reject(error), { once: true });
      }),
  };
  const { app } = await startApi(t, { streams });
  const { url } = await listen(app, { host: '127.0.0.1', port: 0 });
  const waiting = fetch(`${url}${BASE}/live.m3u8?purpose=x`, { headers: bearer(TOKENS.viewer) });
  const answered = waiting.then(({ status }) => status);
  await new Promise((resolve) => app.server.once('request', resolve));
  await app.close();
  t.equal(await answered, 502);
});
