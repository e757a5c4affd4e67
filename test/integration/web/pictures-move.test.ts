import type { Locator } from 'playwright-core';
import t from 'tap';
import { until } from '../../support/time/until.ts';
import { openBrowser, signIn } from '../../support/web/browser.ts';
import { startFakeApi } from '../../support/web/fake-console-api.ts';

const TIMES = "[...document.querySelectorAll('.tile video')].map((video) => video.currentTime)";

t.test('four pictures move, one is enlarged, none is fetched while the tab is hidden', async (t) => {
  const api = await startFakeApi(t, { video: true });
  const view = await openBrowser(t);
  const { page, offences } = view;
  await page.clock.install();
  await signIn(view, api.url);
  const tiles = page.locator('.tile');

  await t.test('every tile names its camera and plays', async (t) => {
    await until('four playing tiles', async () => (await page.locator('.tile-playing').count()) === 4);
    t.same(
      await page.locator('.tile-name').allInnerTexts(),
      api.cameras.map(({ name }) => name),
    );
    const before = (await page.evaluate(TIMES)) as number[];
    await until('time to go on in all four', async () => {
      const now = (await page.evaluate(TIMES)) as number[];
      return now.every((at, index) => at > (before[index] ?? 0) + 0.5);
    });
  });

  await t.test('what is seen changes', async (t) => {
    const before = await picture(tiles.first());
    await until('another picture', async () => !(await picture(tiles.first())).equals(before));
    t.ok(before.length > 5_000, 'it is a picture, not a black field');
  });

  await t.test('the tiles take the small stream, the enlarged camera the full one', async (t) => {
    const asked = (quality: string) => api.requests.some((line) => line.includes(`cam-2/live.m3u8?quality=${quality}`));
    t.ok(asked('sub'));
    t.notOk(asked('main'));
    await tiles.nth(2).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText('live', { exact: true }).waitFor();
    t.ok(asked('main'));
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
  });

  await t.test('a hidden tab fetches nothing and comes back by itself', async (t) => {
    await setHidden(page, true);
    await page.locator('.tile-paused').nth(3).waitFor();
    const count = () => api.requests.filter((line) => line.includes('/streams/')).length;
    const before = count();
    const heard = api.requests.length;
    await until('the page to go on asking for numbers', async () => {
      await page.clock.runFor(500);
      return api.requests.length > heard + 1;
    });
    t.equal(count(), before);
    await setHidden(page, false);
    await until('four playing tiles', async () => (await page.locator('.tile-playing').count()) === 4);
  });
  t.same(offences, []);
});

t.test('a browser that cannot show H.265 says so, and shows the small picture or stills', async (t) => {
  const api = await startFakeApi(t, { video: true, h265: ['cam-0 main', 'cam-0 sub', 'cam-1 main'] });
  const view = await openBrowser(t);
  const { page, offences } = view;
  await signIn(view, api.url);
  const [first, second] = [page.locator('.tile').nth(0), page.locator('.tile').nth(1)];
  await first.getByText('stills: this browser cannot show H.265').waitFor();
  await second.getByText('live', { exact: true }).waitFor();
  t.ok((await picture(first)).length > 5_000, 'it is a picture, not a black field');
  const stills = () => api.requests.filter((line) => line.includes('cam-0/snapshot.jpg?quality=sub')).length;
  const before = stills();
  await until('a newer still', () => stills() > before);
  const asked = api.requests.filter((line) => line.includes('cam-0/live.m3u8')).length;
  t.ok(asked <= 2, 'what cannot be shown, coded anew or not, is not asked for again and again');
  await second.click();
  await page.getByRole('dialog').getByText('live, small: this browser cannot show H.265').waitFor();
  t.same(offences, []);
});

t.test('after a cut all pictures come back together, and the last ones stay meanwhile', async (t) => {
  const api = await startFakeApi(t, { video: true });
  const view = await openBrowser(t);
  const { page, offences } = view;
  await page.clock.install();
  await signIn(view, api.url);
  const playing = () => page.locator('.tile-playing').count();
  await until('four playing tiles', async () => (await playing()) === 4);
  api.unplugged = true;
  api.cut();
  await until('no playing tile', async () => (await playing()) === 0);
  t.ok((await picture(page.locator('.tile').first())).length > 5_000, 'it is a picture, not a black field');
  await page.locator('.tile').first().click();
  await page.getByRole('dialog').getByText('picture of').waitFor();
  await page.keyboard.press('Escape');
  const tries = () => api.requests.filter((line) => line.includes('/live.m3u8')).length;
  await until('long pauses', async () => {
    await page.clock.runFor(1_000);
    return tries() > 20;
  });
  api.unplugged = false;
  api.requests.length = 0;
  await until('the first that comes back', async () => {
    await page.clock.runFor(200);
    return tries() > 0;
  });
  await until('the others', () => tries() === 4);
  await until('four playing tiles', async () => (await playing()) === 4);
  t.same(offences, []);
});

t.test('a camera without a picture says so and is tried again with pauses', async (t) => {
  const api = await startFakeApi(t);
  const view = await openBrowser(t);
  await view.page.clock.install();
  await signIn(view, api.url);
  await view.page.getByText('no picture, trying again').nth(3).waitFor();
  const count = () => api.requests.filter((line) => line.includes('cam-0/live.m3u8')).length;
  await until('a second and a third try', async () => {
    await view.page.clock.runFor(200);
    return count() >= 3;
  });
  t.ok(count() < 6);
});

function picture(tile: Locator): Promise<Buffer> {
  return tile.screenshot();
}

/** Chromium without a window hides no tab, so the page is told what it would be told. */
async function setHidden(page: { evaluate(script: string): Promise<unknown> }, hidden: boolean): Promise<void> {
  await page.evaluate(`{
    Object.defineProperty(document, 'hidden', { configurable: true, get: () => ${hidden} });
    document.dispatchEvent(new Event('visibilitychange'));
  }`);
}
