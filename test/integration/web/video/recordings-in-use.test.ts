import type { Route } from 'playwright-core';
import t, { type Test } from 'tap';
import { until } from '../../../support/time/until.ts';
import { barriersOf, smallTargets } from '../../../support/web/barriers.ts';
import { openBrowser, signIn, type ViewOptions } from '../../../support/web/browser.ts';
import { startFakeApi } from '../../../support/web/fake-console-api.ts';

/** Of those that have drawn a picture. */
const TIMES = `[...document.querySelectorAll('.shows-picture video')]
  .flatMap((video) => (video.getVideoPlaybackQuality().totalVideoFrames > 0 ? [video.currentTime] : []))`;

const DESK = { width: 1440, height: 900 };

async function openRecordings(t: Test, options: ViewOptions = DESK, h265: readonly string[] = []) {
  const api = await startFakeApi(t, { recorded: true, h265 });
  const view = await openBrowser(t, options);
  const { page } = view;
  await signIn(view, api.url);
  const { startsAtMs, lengthMs, holeMs } = api.recorded!;
  const goTo = (ms: number) => {
    const at = new Date(Math.floor(ms / 1_000) * 1_000).toISOString().replace('.000', '');
    return page.goto(`${api.url}/video?layout=4&cameras=cam-0,cam-1&at=${at}`);
  };
  const times = () => page.evaluate(TIMES) as Promise<number[]>;
  return {
    api,
    view,
    page,
    startsAtMs,
    endsAtMs: startsAtMs + lengthMs,
    secondAtMs: startsAtMs + lengthMs + holeMs,
    goTo,
    times,
  };
}

t.test('several cameras play together, over a hole that says why, and the line leads to what happened', async (t) => {
  const { api, view, page, startsAtMs, endsAtMs, secondAtMs, goTo, times } = await openRecordings(t);
  await goTo(startsAtMs + 1_000);
  await until('two pictures', async () => (await times()).length === 2);
  await until('both go on', async () => (await times()).every((at) => at > 3));
  await page.getByRole('button', { name: 'Pause' }).click();
  await until('both stand at the same moment', async () => {
    const [one = 0, other = 1] = await times();
    return Math.abs(one - other) < 0.3;
  });

  await t.test('a hole is told with its cause', async () => {
    await page.getByRole('slider', { name: 'Moment' }).fill(String(endsAtMs + 5_000));
    await page.getByText('no recording: the disk was full').nth(1).waitFor();
  });

  await t.test('what happened is listed, and pressed to see it', async (t) => {
    await page.getByText('What happened (4)').click();
    await page
      .getByRole('button', { name: /Alert: A fall/ })
      .first()
      .press('Enter');
    await until('pictures of then', async () => (await times()).length === 2);
    const said = new URL(page.url()).searchParams.get('at') ?? '';
    t.equal(Math.floor((secondAtMs + 2_000) / 1_000), Date.parse(said) / 1_000, 'and the address says when');
    await page.reload();
    await until('the same', async () => (await times()).length === 2);
  });

  await t.test('a copy is asked for with purpose and case', async (t) => {
    await page.getByText('Take away a copy').click();
    const form = page.getByRole('form', { name: 'Take away a copy' });
    await form.getByLabel('What for').fill('theft');
    await form.getByLabel('Number of the case').fill('A-7');
    const issues = [{ path: 'from', message: 'lies before all recordings' }];
    const told = { code: 'request.invalid', detail: 'Something is wrong.', issues };
    const refuse = (route: Route) =>
      route.request().method() === 'POST' ? route.fulfill({ status: 400, json: told }) : route.fallback();
    await page.route('**/recording-exports', refuse);
    await form.getByRole('button', { name: 'Ask for it' }).press('Enter');
    await form.getByText('from lies before all recordings').waitFor();
    await page.reload();
    t.equal(await form.getByLabel('What for').inputValue(), 'theft', 'what was typed is kept');
    t.equal(await form.getByLabel('Number of the case').inputValue(), 'A-7');
    await page.unroute('**/recording-exports', refuse);
    await form.getByRole('button', { name: 'Ask for it' }).press('Enter');
    await page.getByRole('link', { name: /2\.3/ }).waitFor();
    t.ok(api.requests.includes('POST /api/v1/recording-exports'));
    t.same(await barriersOf(page), []);
  });
  await page.getByRole('button', { name: 'Live' }).click();
  await page.getByRole('button', { name: 'Recordings' }).waitFor();
  t.same(view.offences, []);
});

t.test('on a phone, in Chinese, a finger can press everything, and nothing is too wide', async (t) => {
  const phone = { width: 360, height: 740, locale: 'zh-CN' };
  const { view, page, startsAtMs, goTo, times } = await openRecordings(t, phone);
  await goTo(startsAtMs + 1_000);
  await until('two pictures', async () => (await times()).length === 2);
  for (const name of ['导出录像', '已保存的视频墙（1）', '事件与缺口（4）']) await page.getByText(name).click();
  t.same(await barriersOf(page), []);
  t.same(await smallTargets(page), []);
  t.equal(await page.evaluate('document.documentElement.scrollWidth - innerWidth'), 0);
  t.same(view.offences, []);
});

t.test('what was recorded in H.265 is asked for anew as H.264, but not so fast', async (t) => {
  const { api, view, page, startsAtMs, goTo, times } = await openRecordings(t, DESK, ['cam-1 recorded']);
  await goTo(startsAtMs + 1_000);
  await until('two pictures', async () => (await times()).length === 2);
  t.ok(api.requests.some((line) => /cam-1\/playback\.m3u8\?.*codec=h264/.test(line)));
  t.notOk(api.requests.some((line) => /cam-0\/.*codec=h264/.test(line)));
  await page.getByLabel('Speed').selectOption('16');
  await page.getByText('this browser cannot show it so fast').waitFor();
  t.same(view.offences, []);
});
