import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import t from 'tap';
import { camerasOf } from '../../../../simulators/cities/cameras/camera-set.ts';
import { Viewer } from '../../../../simulators/cities/cameras/viewer.ts';
import { buildCity } from '../../../../simulators/cities/city.ts';
import { parseCityFile } from '../../../../simulators/cities/city-file.ts';
import { type Befallen, type Eye, line, readLine, type Viewed } from '../../../../simulators/fleet/ledger-lines.ts';
import { Facts } from '../../../../simulators/report/facts.ts';
import { judge } from '../../../../simulators/report/judge.ts';
import { toPage } from '../../../../simulators/report/shown/page.ts';
import { toLines } from '../../../../simulators/report/shown/text.ts';
import { until } from '../../../support/time/until.ts';

const BEGAN_MS = Date.UTC(2026, 5, 8, 10);
const HEAD = { run: 'r1', city: 'test', seed: 1, scale: 1, prefix: 'sim-t-', gateway: 'test', machine: 'test' };
const SEEN: Viewed = { firstAfterMs: 2_000, segments: 300, bytes: 9_000_000, gaps: [] };
const GOOD: Eye = { device: 'cam-1', district: '130302', asked: 12, playedAtOnce: 1, viewed: SEEN };

const FILE = `
city: test
title: { zh: 测试, en: Test }
plan: none
home: 冀C
middle: { lat: 39.93, lon: 119.6, radiusKm: 5 }
districts: ["130302", "130303"]
fleets:
  - { name: kiosk, kind: recycling-kiosk, count: 3 }
  - { name: cam, kind: camera, count: 8, video: { watched: 4 } }
`;

async function judged(eyes: readonly Eye[], befallen: readonly Befallen[] = []) {
  const lines = [
    line.head({ ...HEAD, beganAtMs: BEGAN_MS, part: '1/1' }),
    ...befallen.map((one) => line.befallen(one)),
    ...eyes.map((one) => line.eye(one)),
  ];
  return judge(await Facts.of(lines.map((text) => readLine(text)!)), null);
}

async function broken(eyes: readonly Eye[], befallen: readonly Befallen[] = []): Promise<string[]> {
  const { promises } = await judged(eyes, befallen);
  return promises.filter(({ kept }) => kept === false).map(({ name }) => name);
}

const seen = (viewed: Partial<Viewed>): Eye => ({ ...GOOD, viewed: { ...SEEN, ...viewed } });
const gap = (fromS: number, toS: number): Eye =>
  seen({ gaps: [{ fromMs: BEGAN_MS + fromS * 1_000, toMs: BEGAN_MS + toS * 1_000 }] });

function befell(what: string, fromS: number, toS: number, district: string | null): Befallen {
  const untold = { device: null, alertWithinMs: null, clearWithinMs: null, saidMs: null, overSaidMs: null };
  return { ...untold, what, district, fromMs: BEGAN_MS + fromS * 1_000, toMs: BEGAN_MS + toS * 1_000 };
}

t.test('cameras that a gateway treats as it should accuse nobody', async (t) => {
  const verdict = await judged([GOOD, { ...GOOD, device: 'cam-2', viewed: null }, gap(20, 30)]);
  t.equal(verdict.verdict, 'kept');
  t.match(verdict.cameras, { count: 3, unasked: 0, playedTwice: 0, watched: 2, unshown: 0, longestGapMs: 10_000 });
  t.match(toLines(verdict).join('\n'), /3 of 3 asked; 2 of 2 watched ones shown/);
  t.match(toPage(verdict), /<h2>Cameras<\/h2><table>/);
  const none = await judged([]);
  t.equal(none.verdict, 'not judged');
  t.match(toPage(none), /There were no cameras/);
});

t.test('each wrong way with cameras is told', async (t) => {
  t.same(await broken([GOOD, { ...GOOD, asked: 0 }]), ['cameras that were never asked']);
  t.same(await broken([{ ...GOOD, playedAtOnce: 2 }]), ['cameras pulled twice at once']);
  t.same(await broken([seen({ firstAfterMs: null, segments: 0 })]), ['watched cameras without any video']);
  t.same(await broken([seen({ firstAfterMs: 26_000 })]), ['first video within, p99 ms']);
  t.same(await broken([gap(20, 40)]), ['longest time without new video, ms']);
});

t.test('what a fault or a dark district explains is not owed, and no more than that', async (t) => {
  const cut = befell('power-cut', 22, 60, '130302');
  t.same(await broken([gap(20, 100)], [cut]), []);
  t.same(await broken([gap(20, 140)], [cut]), ['longest time without new video, ms'], 'a minute after it is due');
  t.same(await broken([gap(20, 100)], [befell('power-cut', 22, 60, '130303')]), ['longest time without new video, ms']);
  t.same(await broken([gap(20, 100)], [befell('stop influxd', 15, 50, null)]), []);
  t.same(await broken([gap(20, 100)], [befell('tamper', 15, 50, null)]), ['longest time without new video, ms']);
});

t.test('as many cameras are watched as the file says, the same ones for a seed', (t) => {
  const file = parseCityFile(FILE, 'test');
  const cameras = (seed: number, scale: number) => {
    const city = buildCity(file, { seed, scale, prefix: 'sim-t-', beginAtMs: 0 });
    return camerasOf(file, city, { seed, scale });
  };
  t.equal(cameras(1, 1).length, 8);
  t.equal(new Set(cameras(1, 1).map(({ address }) => address)).size, 8);
  t.equal(cameras(1, 1).filter(({ isWatched }) => isWatched).length, 4);
  t.equal(cameras(1, 0.5).filter(({ isWatched }) => isWatched).length, 2);
  t.same(cameras(3, 1), cameras(3, 1));
  const refused = (text: string) => () => parseCityFile(FILE.replace('{ watched: 4 }', text), 'test');
  t.throws(refused('{ watched: 9 }'), /9 are more than it has/);
  t.throws(refused('{ seen: 4 }'), /video/);
  t.throws(
    () => parseCityFile(FILE.replace('count: 3 }', 'count: 3, video: { watched: 1 } }'), 'test'),
    /fleets\.kiosk\.video: only devices of the kind camera/,
  );
  t.end();
});

t.test('a viewer counts what the camera sent, and not what fills a hole', async (t) => {
  const dated = '#EXT-X-PROGRAM-DATE-TIME:2026-06-08T10:00:00.000Z\n';
  let asked = 0;
  const server = createServer((request, response) => {
    if (request.headers.authorization !== 'Bearer token-1') return void response.writeHead(401).end();
    if (request.url?.endsWith('live.m3u8')) return void response.end('#EXTM3U\n#EXT-X-STREAM-INF:x\nmedia.m3u8?v=1\n');
    if (!request.url?.includes('media.m3u8')) return void response.end(Buffer.alloc(1_000));
    asked += 1;
    const still = Array.from({ length: asked }, (_, at) => `#EXTINF:1,\nstill-${at}.m4s\n`).join('');
    response.end(`#EXTM3U\n#EXT-X-TARGETDURATION:0\n${dated}#EXTINF:1,\na.m4s\n${dated}#EXTINF:1,\nb.m4s\n${still}`);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  const gateway = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const viewer = new Viewer({ gateway, token: 'token-1', device: 'cam-1' });
  t.same(viewer.seen, { firstAfterMs: null, segments: 0, bytes: 0, gaps: [] });
  viewer.start();
  t.teardown(() => viewer.stop());
  await until('it asked for the list several times', () => asked > 3);
  t.match(viewer.seen, { segments: 2, bytes: 2_000 });
  t.type(viewer.seen.firstAfterMs, 'number');
});
