import { mkdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { BaseMap, CITY_FILE, OUTLINES_FILE, PART_BYTES_MAX } from '../../../../src/api/base-map/base-map.ts';
import { TILES_LIMITS, Tiles } from '../../../../src/api/base-map/tiles.ts';
import { Outbound } from '../../../../src/platform/outbound/outbound.ts';
import { bearer, startApi, TOKENS } from '../../../support/api/api.ts';
import { memoryBaseMap } from '../../../support/api/view-requests.ts';
import { quietObserver } from '../../../support/services/services.ts';
import { ManualClock } from '../../../support/time/clock.ts';

const PNG = Buffer.from('89504e470d0a1a0a0000', 'hex');

/** A map service that answers as told, and what it was asked for. */
async function mapService(t: Test) {
  const asked: string[] = [];
  const answers = new Map<string, { status: number; body?: Buffer; location?: string }>();
  const server = createServer((request, response) => {
    asked.push(request.url ?? '');
    const { status, body = PNG, location } = answers.get(request.url ?? '') ?? { status: 200 };
    // Whatever it calls them.
    response.writeHead(status, { 'content-type': 'text/html', ...(location && { location }) }).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => server.close());
  const { port } = server.address() as AddressInfo;
  return { asked, answers, url: `http://127.0.0.1:${port}/t/{z}/{y}/{x}?tk=secret` };
}

function outboundOf(t: Test, clock: ManualClock): Outbound {
  const outbound = new Outbound({ clock, observer: quietObserver() });
  t.teardown(() => outbound.close());
  return outbound;
}

t.test('tiles of the map service come through the gateway, each once', async (t) => {
  const clock = new ManualClock();
  const { asked, answers, url } = await mapService(t);
  const service = { url, datum: 'gcj02' as const, zoomMax: 18, attribution: '© 示例' };
  const outbound = outboundOf(t, clock);
  const baseMap = new BaseMap({ directory: t.testdir(), service, outbound, clock, limits: TILES_LIMITS });
  const api = await startApi(t, { baseMap });
  const get = (path: string, token: string = TOKENS.viewer) =>
    api.call({ method: 'GET', url: `/api/v1/map/${path}`, headers: bearer(token) });
  const told = await get('base');
  t.same(told.body, { city: false, tiles: { datum: 'gcj02', zoomMax: 18, attribution: '© 示例' }, outlines: false });
  t.notMatch(told.text, /secret|127\.0/, 'nobody is told where it is');
  const [first, again] = await Promise.all([get('tiles/12-3430-1681'), get('tiles/12-3430-1681')]);
  t.equal(first.status, 200);
  t.equal(again.text, first.text);
  t.match(first.headers, { 'content-type': 'image/png', 'cache-control': /^private, max-age=/ });
  await get('tiles/12-3430-1681');
  t.same(asked, ['/t/12/1681/3430?tk=secret'], 'asked for once');
  answers.set('/t/3/1/1?tk=secret', { status: 200, body: Buffer.from('<html><script>alert(1)</script>') });
  answers.set('/t/3/1/2?tk=secret', { status: 302, location: 'http://169.254.169.254/' });
  answers.set('/t/3/1/3?tk=secret', { status: 200, body: Buffer.concat([PNG, Buffer.alloc(600 * 1024)]) });
  answers.set('/t/3/1/4?tk=secret', { status: 404 });
  t.match((await get('tiles/3-1-1')).body, { code: 'outbound.failed' }, 'what is no picture is not passed on');
  t.match((await get('tiles/3-2-1')).body, { code: 'outbound.failed' }, 'no redirect is followed');
  t.match((await get('tiles/3-3-1')).body, { code: 'outbound.failed' }, 'nor what is too large');
  t.equal((await get('tiles/3-4-1')).status, 404);
  for (const beyond of ['tiles/3-8-1', 'tiles/19-1-1']) t.equal((await get(beyond)).status, 404, beyond);
  const count = asked.length;
  for (const wrong of ['tiles/3-1', 'tiles/..-1-1', 'tiles/3-1-1-1', 'tiles/-1-0-0']) {
    t.equal((await get(wrong)).status, 404, wrong);
  }
  t.equal((await get('tiles/3-1-1?url=http://x')).status, 400);
  t.equal(asked.length, count, 'nobody is asked for nonsense');
  await clock.advance(TILES_LIMITS.keptMs + 1);
  await get('tiles/12-3430-1681');
  t.equal(asked.length, count + 1, 'and again after a day');
});

t.test('of tiles no more is kept than there is room, however small they are', async (t) => {
  const clock = new ManualClock();
  let asked = 0;
  const http = async () => {
    asked += 1;
    return { status: 200, headers: {}, body: PNG };
  };
  const service = { url: 'http://x/{z}/{x}/{y}', datum: 'wgs84' as const, zoomMax: 18, attribution: null };
  const tiles = new Tiles(service, { outbound: { http }, clock, limits: { ...TILES_LIMITS, keptBytesMax: 20_000 } });
  for (const x of [0, 1, 2, 0, 2]) await tiles.get(3, x, 0);
  t.equal(asked, 4, 'the first had to go for the third');
});

t.test('questions to a slow service do not pile up', async (t) => {
  const clock = new ManualClock();
  const held: (() => void)[] = [];
  const http = () =>
    new Promise<{ status: number; headers: object; body: Buffer }>((resolve) => {
      held.push(() => resolve({ status: 200, headers: {}, body: PNG }));
    });
  const service = { url: 'http://x/{z}/{x}/{y}', datum: 'wgs84' as const, zoomMax: 18, attribution: null };
  const limits = { ...TILES_LIMITS, atOnce: 2 };
  const tiles = new Tiles(service, { outbound: { http: http as never }, clock, limits });
  const first = [tiles.get(3, 0, 0), tiles.get(3, 1, 0)];
  const refused = t.rejects(tiles.get(3, 2, 0), { code: 'request.rate' });
  await clock.advance(TILES_LIMITS.waitMs);
  await refused;
  const next = tiles.get(3, 3, 0);
  for (const free of held.splice(0)) free();
  await Promise.all(first);
  // Its turn has come: a window that opens beside another one has no holes.
  held.shift()!();
  t.equal((await next).type, 'image/png');
});

t.test('files of the data directory are given out by parts', async (t) => {
  const clock = new ManualClock();
  const directory = join(t.testdir(), 'map');
  const deps = { directory, service: null, outbound: outboundOf(t, clock), clock, limits: TILES_LIMITS };
  const api = await startApi(t, { baseMap: new BaseMap(deps) });
  const get = (path: string, headers = {}) =>
    api.call({ method: 'GET', url: `/api/v1/map/${path}`, headers: { ...bearer(TOKENS.viewer), ...headers } });
  t.same((await get('base')).body, { city: false, tiles: null, outlines: false });
  for (const path of ['city.pmtiles', 'outlines.geojson', 'tiles/1-0-0']) t.equal((await get(path)).status, 404, path);
  await mkdir(directory);
  await writeFile(join(directory, CITY_FILE), Buffer.alloc(PART_BYTES_MAX + 100, 'abcdefghij'));
  const part = await get('city.pmtiles', { range: 'bytes=10-14' });
  t.match(part, { status: 206, text: 'abcde', headers: { 'content-range': `bytes 10-14/${PART_BYTES_MAX + 100}` } });
  t.match(part.headers.etag, /^"\w+-\w+"$/);
  t.equal((await get('city.pmtiles')).status, 400, 'not all of it at once');
  t.equal((await get('city.pmtiles', { range: `bytes=${PART_BYTES_MAX + 200}-` })).status, 416);
  const feature = { type: 'Feature', geometry: { type: 'Point', coordinates: [121.5, 29.8] } };
  const said = { type: 'FeatureCollection', features: [{ ...feature, properties: { name: '三江口', script: '<b>' } }] };
  await writeFile(join(directory, OUTLINES_FILE), JSON.stringify(said));
  t.same((await get('outlines.geojson')).body, {
    type: 'FeatureCollection',
    features: [{ ...feature, properties: { name: '三江口' } }],
  });
  t.same((await get('base')).body, { city: true, tiles: null, outlines: true });
  await writeFile(join(directory, OUTLINES_FILE), '{"type":"Topology"}');
  t.match((await get('outlines.geojson')).body, { code: 'config.invalid' });
});

t.test('nobody has more than some parts of the file in memory at once', async (t) => {
  const held: (() => void)[] = [];
  let isFull = () => {};
  const full = new Promise<void>((resolve) => {
    isFull = resolve;
  });
  const read = () =>
    new Promise<Buffer>((resolve) => {
      if (held.push(() => resolve(Buffer.alloc(4))) === 16) isFull();
    });
  const baseMap = { ...memoryBaseMap(), city: async () => ({ bytes: 4, mark: '1', read }) };
  const api = await startApi(t, { baseMap });
  const get = () => api.call({ method: 'GET', url: '/api/v1/map/city.pmtiles', headers: bearer(TOKENS.viewer) });
  const first = Array.from({ length: 16 }, get);
  await full;
  t.match(await get(), { status: 429, body: { code: 'request.rate' } });
  for (const answer of held) answer();
  t.same([...new Set((await Promise.all(first)).map(({ status }) => status))], [200]);
});
