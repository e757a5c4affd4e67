import t from 'tap';
import { numberedFilm, PICTURES, READ_NUMBERS, type ReadNumber } from '../../support/streams/pictures/numbered-film.ts';
import { lasts } from '../../support/time/lasting.ts';
import { until } from '../../support/time/until.ts';
import { openBrowser, signIn, type View } from '../../support/web/browser.ts';
import { watchedConsole } from '../../support/web/watched-console.ts';

/** What a page is to be behind its cameras at most, for 95 of 100 looks. */
const BEHIND_MS = 1_200;
const READINGS = 1_200;
/** How long a wall of sixteen is watched; see docs/campaigns.md. */
const WALL_MINUTES = Number(process.env.CITYWATCH_TEST_WALL_MINUTES ?? 30);
const WALL = 16;
/** Told of the beginning, the middle and the end: a drift shows there. */
const PARTS = 3;
const LOOK_EVERY_MS = 1_000;
/** CIF, as sub-streams of cameras are. */
const CIF = { bitPx: 44, height: 288 };

t.setTimeout((WALL_MINUTES * 2 + 10) * 60_000);

/** When each camera sent each picture last, Unix ms. */
type Sent = readonly Map<number, number>[];

function sentOf(cameras: number): { sent: Sent; note: (camera: number, picture: number) => void } {
  const sent = Array.from({ length: cameras }, () => new Map<number, number>());
  return { sent, note: (camera, picture) => void sent[camera]!.set(picture % PICTURES, Date.now()) };
}

/** How far each picture of the page is behind its camera at the moment, ms. */
async function behind({ page }: View, sent: Sent): Promise<number[]> {
  const seen: ReadNumber[] = await page.evaluate(READ_NUMBERS);
  return seen.flatMap(({ number, atMs }, tile) => {
    const sentAtMs = sent[tile]?.get(number);
    return sentAtMs === undefined ? [] : atMs - sentAtMs;
  });
}

function shares(looks: number[]): { p50: number; p95: number; most: number } {
  const sorted = looks.toSorted((a, b) => a - b);
  const at = (share: number) => Math.round(sorted[Math.floor(sorted.length * share)] ?? Number.POSITIVE_INFINITY);
  return { p50: at(0.5), p95: at(0.95), most: at(0.999) };
}

const playing = ({ page }: View) => page.locator('.tile-playing').count();

t.test('four pictures are about a second behind their cameras', async (t) => {
  const { sent, note } = sentOf(4);
  const { url } = await watchedConsole(t, { film: numberedFilm(), sent: note });
  const view = await openBrowser(t);
  await signIn(view, url);
  await until('four playing', async () => (await playing(view)) === 4, 60_000);
  const looks: number[] = [];
  await until('enough looks', async () => looks.push(...(await behind(view, sent))) >= READINGS, 180_000);
  const { p50, p95, most } = shares(looks);
  t.comment(`behind: median ${p50} ms, p95 ${p95} ms, most ${most} ms, of ${looks.length} looks`);
  t.ok(p95 <= BEHIND_MS, `p95 ${p95} ms`);
});

t.test(`a wall of sixteen does not drift in ${WALL_MINUTES} minutes`, async (t) => {
  const { sent, note } = sentOf(WALL);
  const { url } = await watchedConsole(t, { film: numberedFilm(CIF), sent: note, cameras: WALL });
  const view = await openBrowser(t, { width: 1440, height: 900 });
  await signIn(view, url);
  const cameras = Array.from({ length: WALL }, (_, n) => `cam-${n}`);
  await view.page.goto(`${url}/video?layout=${WALL}&cameras=${cameras.join(',')}`);
  await until('sixteen playing', async () => (await playing(view)) === WALL, 120_000);
  const parts: number[][] = Array.from({ length: PARTS }, () => []);
  let fewest = WALL;
  const lastMs = WALL_MINUTES * 60_000;
  const beganMs = performance.now();
  for (let passedMs = 0; passedMs < lastMs; passedMs = performance.now() - beganMs) {
    parts[Math.floor((passedMs / lastMs) * PARTS)]!.push(...(await behind(view, sent)));
    fewest = Math.min(fewest, await playing(view));
    await lasts(LOOK_EVERY_MS);
  }
  for (const [n, looks] of parts.entries()) {
    const { p50, p95, most } = shares(looks);
    const part = ['beginning', 'middle', 'end'][n];
    t.comment(`${part}: median ${p50} ms, p95 ${p95} ms, most ${most} ms, of ${looks.length} looks`);
    t.ok(p95 <= BEHIND_MS, `${part}: p95 ${p95} ms`);
  }
  t.equal(fewest, WALL, 'all of them moved all the time');
  t.same(view.offences, []);
});
