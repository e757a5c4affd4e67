import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { type ClientHttp2Session, connect } from 'node:http2';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t, { type Test } from 'tap';
import type { StreamsPort } from '../../../../src/api/deps.ts';
import { readPages } from '../../../../src/api/server/console.ts';
import { listen } from '../../../../src/api/server/server.ts';
import { bearer, CAMERA, startApi, type TestParts, TOKENS } from '../../../support/api/api.ts';
import { memoryStreams } from '../../../support/api/api-parts.ts';
import { API_SETTINGS } from '../../../support/api/api-settings.ts';
import {
  broken,
  MASTER_RULES,
  MEDIA_RULES,
  type MediaTags,
  PART_RULES,
  readTags,
} from '../../../support/streams/hls/authoring-rules.ts';
import { TestCamera } from '../../../support/streams/rtsp-camera.ts';
import { startStreams } from '../../../support/streams/streams.ts';
import { patientClock } from '../../../support/time/clock.ts';
import { until } from '../../../support/time/until.ts';
import { openBrowser } from '../../../support/web/browser.ts';

const BASE = `/api/v1/streams/${CAMERA}`;
const LOOK = 'purpose=routine';

function certificate() {
  const read = (ending: string) => readFileSync(new URL(`../../../fixtures/tls/one.${ending}`, import.meta.url));
  return { cert: read('crt'), key: read('key') };
}

async function serve(t: Test, parts: TestParts = {}): Promise<{ url: string; camera: TestCamera }> {
  const camera = await TestCamera.start(t);
  const { service, cameras } = await startStreams(t, { clock: patientClock });
  cameras.set(CAMERA, { url: camera.url });
  const settings = { ...API_SETTINGS, tls: certificate() };
  const { app } = await startApi(t, { streams: service, settings, ...parts });
  return { url: (await listen(app, { host: '127.0.0.1', port: 0 })).url, camera };
}

interface Answer {
  status: number;
  body: Buffer;
}

function over2(t: Test, url: string): (path: string) => Promise<Answer> {
  const session: ClientHttp2Session = connect(url, { rejectUnauthorized: false });
  t.teardown(() => session.destroy());
  return (path) =>
    new Promise((resolve, reject) => {
      const stream = session.request({ ':path': path, ...bearer(TOKENS.operator) });
      const chunks: Buffer[] = [];
      let status = 0;
      stream.on('response', (headers) => {
        status = Number(headers[':status']);
      });
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.once('end', () => resolve({ status, body: Buffer.concat(chunks) })).once('error', reject);
    });
}

function over1(url: string): Promise<string> {
  return new Promise((resolve, reject) => {
    request(url, { rejectUnauthorized: false, headers: bearer(TOKENS.operator) }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk) => {
        text += chunk;
      });
      response.once('end', () => resolve(text));
    })
      .once('error', reject)
      .end();
  });
}

/** Where a playlist ends: the segment that grows, and its newest part. */
function endOf({ sequence, segmentsS, parts }: MediaTags): { msn: number; part: number } {
  return { msn: sequence + segmentsS.length, part: parts.at(-1)!.length };
}

t.test('over HTTP/2, playlists tell of parts, as the rules for authors want it', async (t) => {
  const { url } = await serve(t);
  const get = over2(t, url);
  const master = await get(`${BASE}/live.m3u8?${LOOK}`);
  t.strictSame(broken(MASTER_RULES, master.body.toString()), []);
  const read = async (reload = ''): Promise<MediaTags> => {
    const { status, body } = await get(`${BASE}/media.m3u8?${LOOK}${reload}`);
    t.equal(status, 200, body.toString());
    const tags = readTags(body.toString());
    t.strictSame([...broken(MEDIA_RULES, tags), ...broken(PART_RULES, tags)], [], tags.text);
    return tags;
  };
  let tags = await read();
  for (let n = 0; n < 12; n += 1) {
    const { msn, part } = endOf(tags);
    const hint = /PRELOAD-HINT:TYPE=PART,URI="([^"]+)"/.exec(tags.text)![1]!;
    const [next, hinted] = await Promise.all([read(`&_HLS_msn=${msn}&_HLS_part=${part}`), get(`${BASE}/${hint}`)]);
    const now = endOf(next);
    t.ok(now.msn > msn || (now.msn === msn && now.part > part), 'what was waited for is there');
    t.equal(next.partTargetS, tags.partTargetS);
    if (hinted.status === 200) t.ok(next.text.includes(hint), 'the part that was hinted at came');
    const newest = next.parts.flat().at(-1)!.uri;
    t.equal((await get(`${BASE}/${newest}`)).body.toString('latin1', 4, 8), 'moof');
    tags = next;
  }
  const { msn } = endOf(tags);
  const far = await get(`${BASE}/media.m3u8?${LOOK}&_HLS_msn=${msn + 9}`);
  t.equal(far.status, 400);
  t.match(JSON.parse(far.body.toString()), { code: 'request.invalid', issues: [{ path: '_HLS_msn' }] });
  const plain = await over1(`${url}${BASE}/media.m3u8?${LOOK}&_HLS_msn=${msn + 9}&_HLS_part=0`);
  t.notMatch(plain, /PART|SERVER-CONTROL|PRELOAD/, 'over HTTP/1.1 it is plain, and nobody waits');
  t.strictSame(broken(MEDIA_RULES, readTags(plain)), []);
});

t.test(
  'a request over HTTP/2 that is under way is answered while the server stops, and idle connections end',
  async (t) => {
    let release = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    let asked = () => {};
    const arrived = new Promise<void>((resolve) => {
      asked = resolve;
    });
    const memory = memoryStreams();
    const streams: StreamsPort = {
      ...memory,
      playlist: async (view) => {
        asked();
        await held;
        return memory.playlist(view);
      },
    };
    const { app } = await startApi(t, { streams, settings: { ...API_SETTINGS, tls: certificate() } });
    const { url } = await listen(app, { host: '127.0.0.1', port: 0 });
    const idle = connect(url, { rejectUnauthorized: false });
    idle.on('error', () => {});
    await new Promise((resolve) => idle.once('connect', resolve));
    const gone = new Promise((resolve) => idle.once('close', resolve));
    const answer = over2(t, url)(`${BASE}/live.m3u8?${LOOK}`);
    await arrived;
    const closed = app.close();
    await gone;
    release();
    t.equal((await answer).status, 200);
    await closed;
  },
);

const PLAYER = fileURLToPath(new URL('../../../../node_modules/hls.js/dist/hls.min.js', import.meta.url));
const PAGE = '<!doctype html><title>live</title><script src="/hls.js"></script><script src="/watch.js"></script>';
const WATCHING = `
  const stalls = [];
  const video = document.createElement('video');
  video.muted = true;
  document.documentElement.append(video);
  async function watch(address) {
    const body = JSON.stringify({ username: 'li', password: 'correct horse' });
    const headers = { 'content-type': 'application/json', 'x-citywatch': 'console' };
    await fetch('/api/v1/session', { method: 'POST', headers, body });
    window.hls = new Hls({ enableWorker: false });
    hls.on(Hls.Events.ERROR, (_name, { details }) => stalls.push(details));
    hls.on(Hls.Events.MANIFEST_PARSED, () => video.play());
    hls.loadSource(address);
    hls.attachMedia(video);
  }
`;

const SOCKET = `new Promise((resolve) => {
  const socket = new WebSocket(location.origin.replace('https', 'wss') + '/api/v1/live');
  socket.onopen = () => resolve(true);
  socket.onclose = () => resolve(false);
})`;

async function pagesOf(t: Test) {
  const directory = await mkdtemp(join(tmpdir(), 'cw-pages-'));
  t.teardown(() => rm(directory, { recursive: true, force: true }));
  const files = { 'index.html': PAGE, 'not-found.html': '', 'watch.js': WATCHING, 'hls.js': readFileSync(PLAYER) };
  for (const [name, text] of Object.entries(files)) await writeFile(join(directory, name), text);
  return readPages(directory);
}

t.test('hls.js plays the parts in a browser without a stall', async (t) => {
  const said: string[] = [];
  // A busy machine may hold up a player once; what the playlist causes, it causes each time.
  for (let n = 1; n <= 3; n += 1) {
    const { url } = await serve(t, { pages: await pagesOf(t) });
    const { page, offences } = await openBrowser(t, { untrusted: true });
    await page.goto(url);
    await page.evaluate(`watch('${BASE}/live.m3u8?${LOOK}')`);
    await until(
      'to have played for 6 s',
      async () => ((await page.evaluate('video.currentTime')) as number) > 6,
      60_000,
    );
    t.ok(await page.evaluate(SOCKET), 'a WebSocket is opened beside');
    const level = 'hls.latestLevelDetails ?? hls.levels[hls.currentLevel].details';
    t.ok(((await page.evaluate(`(${level}).partTarget`)) as number) > 0, 'it plays parts');
    t.comment(`behind: ${await page.evaluate('hls.latency')} s`);
    t.same(offences, []);
    const stalls = (await page.evaluate('stalls')) as string[];
    if (stalls.length === 0) return;
    said.push(`${n}: ${stalls}`);
  }
  t.fail(said.join('; '));
});
