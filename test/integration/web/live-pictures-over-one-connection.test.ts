import t, { type Test } from 'tap';
import { testFilm } from '../../support/streams/h264-source.ts';
import { hevcFilm } from '../../support/streams/h265-source.ts';
import { numberedFilm, PICTURES, READ_NUMBERS, type ReadNumber } from '../../support/streams/pictures/numbered-film.ts';
import { until } from '../../support/time/until.ts';
import { openBrowser, signIn, type View } from '../../support/web/browser.ts';
import { type WatchedConsole, watchedConsole } from '../../support/web/watched-console.ts';

/** A camera that stops sending is told of soon. */
const QUICK = { stallMs: 1_500 };

async function playing({ page }: View, tiles = 4): Promise<void> {
  await until(`${tiles} playing`, async () => (await page.locator('.tile-playing').count()) === tiles);
}

const read = ({ page }: View): Promise<ReadNumber[]> => page.evaluate(READ_NUMBERS);

/** All four go on: what each shows is another picture than before. */
async function moving(view: View): Promise<void> {
  const before = await read(view);
  await until('other pictures', async () => {
    const now = await read(view);
    return now.length === 4 && now.every(({ number }, tile) => number !== before[tile]?.number);
  });
}

async function opened(t: Test): Promise<{ view: View; watched: WatchedConsole; sent: Map<number, number>[] }> {
  const sent = Array.from({ length: 4 }, () => new Map<number, number>());
  const watched = await watchedConsole(t, {
    film: numberedFilm(),
    times: QUICK,
    sent: (camera, picture) => void sent[camera]!.set(picture % PICTURES, Date.now()),
  });
  const view = await openBrowser(t);
  await signIn(view, watched.url);
  await playing(view);
  return { view, watched, sent };
}

t.test('four pictures play over one connection, close to the present, and come back over cuts', async (t) => {
  const { view, watched, sent } = await opened(t);
  const { page } = view;

  await t.test('by one socket and nothing else', async (t) => {
    await moving(view);
    t.strictSame(watched.asked, { sockets: 1, playlists: 0, stills: 0 });
    t.strictSame(watched.bed.views.map(({ deviceId, quality, use }) => `${deviceId} ${quality} ${use}`).sort(), [
      'cam-0 sub wall',
      'cam-1 sub wall',
      'cam-2 sub wall',
      'cam-3 sub wall',
    ]);
  });

  await t.test('what is shown was sent a moment ago', async (t) => {
    const behindMs: number[] = [];
    await until('enough pictures', async () => {
      for (const [tile, { number, atMs }] of (await read(view)).entries()) {
        const sentAtMs = sent[tile]!.get(number);
        if (sentAtMs !== undefined) behindMs.push(atMs - sentAtMs);
      }
      return behindMs.length >= 80;
    });
    behindMs.sort((a, b) => a - b);
    const at = (share: number) => Math.round(behindMs[Math.floor(behindMs.length * share)]!);
    t.comment(`behind the camera: median ${at(0.5)} ms, p95 ${at(0.95)} ms`);
    t.ok(at(0.5) < 10_000, 'it is no old picture');
  });

  await t.test('a hidden page lets its cameras go', async () => {
    await setHidden(view, true);
    await page.locator('.tile-paused').nth(3).waitFor();
    await until('no viewer', () => watched.bed.service.list().every(({ viewers }) => viewers === 0));
    await setHidden(view, false);
    await playing(view);
    await moving(view);
  });

  await t.test('the network cuts the connection', async (t) => {
    const { sockets } = watched.asked;
    watched.cutSockets();
    await until('another connection', () => watched.asked.sockets > sockets);
    await playing(view);
    await moving(view);
    t.equal(watched.asked.playlists, 0);
  });

  await t.test('the gateway is started again', async (t) => {
    await watched.restart();
    await until('another connection', async () => (await page.locator('.tile-playing').count()) < 4);
    await playing(view);
    await moving(view);
    t.equal(watched.asked.playlists, 0);
  });
  t.same(view.offences, []);
});

t.test('what happens to a camera is told, and the last picture stays', async (t) => {
  const { view, watched } = await opened(t);
  const { page, offences } = view;
  const tile = (n: number) => page.locator('.tile').nth(n);

  await t.test('it stops sending, and goes on', async (t) => {
    watched.cameras[0]!.frozen = true;
    await tile(0).getByText('no picture, trying again: the camera').waitFor();
    t.ok((await tile(0).screenshot()).length > 1_500, 'it is a picture, not a black field');
    watched.cameras[0]!.frozen = false;
    await playing(view);
  });

  await t.test('it sends another size', async (t) => {
    const { film } = watched.cameras[1]!;
    watched.cameras[1]!.film = testFilm({ size: '320x192', seconds: 2, x264: 'keyint=1' });
    t.not(film.sps.toString('hex'), watched.cameras[1]!.film.sps.toString('hex'));
    const width = () => page.evaluate("document.querySelectorAll('.tile video')[1].videoWidth");
    await until('the other size', async () => (await width()) === 320);
    await playing(view);
    t.equal(watched.asked.playlists, 0);
  });

  await t.test('it sends what this browser cannot show', async (t) => {
    watched.cameras[2]!.film = hevcFilm();
    watched.cameras[2]!.hangUp();
    const coded = () => watched.bed.service.list().find(({ deviceId }) => deviceId === 'h264:cam-2');
    await until('it is coded anew', () => coded()?.state === 'live');
    await playing(view);
    t.equal(watched.asked.stills, 0);
  });
  t.same(offences, []);
});

t.test(
  'pictures come by HLS where there is no connection, or the browser would not have what comes by it',
  async (t) => {
    const watched = await watchedConsole(t);
    const view = await openBrowser(t);
    watched.noSockets = true;
    await signIn(view, watched.url);
    await playing(view);
    t.equal(watched.asked.sockets, 1, 'it is not tried again and again');
    t.ok(watched.asked.playlists >= 4);

    watched.noSockets = false;
    const picky = await openBrowser(t);
    await picky.context.addInitScript(`Object.defineProperty(SourceBuffer.prototype, 'mode', {
    set() { throw new DOMException('not here', 'NotSupportedError'); },
  });`);
    const before = watched.asked.playlists;
    await signIn(picky, watched.url);
    await playing(picky);
    t.ok(watched.asked.playlists >= before + 4);
    t.same([...view.offences, ...picky.offences], []);
  },
);

/** Chromium without a window hides no tab, so the page is told what it would be told. */
async function setHidden({ page }: View, hidden: boolean): Promise<void> {
  await page.evaluate(`{
    Object.defineProperty(document, 'hidden', { configurable: true, get: () => ${hidden} });
    document.dispatchEvent(new Event('visibilitychange'));
  }`);
}
