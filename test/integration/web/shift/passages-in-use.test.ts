import type { Page } from 'playwright-core';
import t, { type Test } from 'tap';
import { until } from '../../../support/time/until.ts';
import { barriersOf, smallTargets } from '../../../support/web/barriers.ts';
import { openBrowser, pressWhereItStands, signIn, type View, type ViewOptions } from '../../../support/web/browser.ts';
import { type FakeConsoleApi, startFakeApi } from '../../../support/web/fake-console-api.ts';
import { someCheckpoints } from '../../../support/web/shift/fake-passages.ts';

const PLATE = '浙B12345';

async function open(t: Test, options: ViewOptions = {}): Promise<{ api: FakeConsoleApi; view: View; page: Page }> {
  const api = await startFakeApi(t);
  api.devices.all.push(...someCheckpoints());
  const view = await openBrowser(t, options);
  await signIn(view, api.url);
  await view.page.goto(`${api.url}/passages?area=330203`);
  await view.page.locator('input[name=purpose]').waitFor();
  return { api, view, page: view.page };
}

const rows = (page: Page) => page.locator('.paper-rows > li');

t.test(
  'a plate is searched for: purpose and case first, nothing of it in an address, its track with what nobody knows',
  async (t) => {
    const { api, view, page } = await open(t);
    const asked: string[] = [];
    page.on('request', (request) => asked.push(decodeURIComponent(request.url())));
    const { passages } = api.shift;

    await page.locator('option[value=kakou-2]').waitFor({ state: 'attached' });
    await page.getByRole('button', { name: 'Search', exact: true }).click();
    t.same(passages.asked, [], 'without a purpose nothing is asked');
    await page.getByLabel('What you look for it for').fill('a series of thefts');
    await page.getByLabel('Plate', { exact: true }).fill('浙B1?345');
    await page.getByRole('button', { name: 'Search', exact: true }).click();
    t.same(passages.asked, [], 'nor a plate without a case');
    await page.getByLabel('Number of the case').fill('A-2026-7');
    await page.getByRole('button', { name: 'Search', exact: true }).click();
    await page.getByText('The newest 3 passages; there are more.').waitFor();
    t.match(passages.asked, [
      { plate: '浙B1?345', purpose: 'a series of thefts', case: 'A-2026-7', jurisdiction: '330203', limit: 100 },
    ]);
    t.equal(passages.asked.length, 1, 'one look for one press');
    t.equal(new URL(page.url()).search, '?area=330203');

    await page.getByRole('button', { name: /^Show older ones/ }).click();
    await until('the next page is a look of its own', () => passages.asked.length === 2);
    t.equal(await rows(page).first().locator('.plate').textContent(), PLATE);
    t.match(await rows(page).first().textContent(), /北仑港卡口[\s\S]*Speed 54 km\/h[\s\S]*blue plate/);
    t.match(await rows(page).nth(2).textContent(), /too fast/);
    await rows(page).first().getByRole('button', { name: 'Show the picture' }).click();
    await page.getByRole('img', { name: 'Picture 1 of the passage at 北仑港卡口' }).waitFor();
    t.ok(api.requests.some((one) => /^GET \/api\/v1\/images\/.*purpose=a\+series\+of\+thefts&case=A-2026-7/.test(one)));

    await rows(page).first().getByRole('button', { name: 'Track of this vehicle' }).click();
    await page.getByRole('heading', { name: `Track of ${PLATE}` }).waitFor();
    await page.locator('.stops > li').nth(2).waitFor();
    t.match(passages.asked.at(-1), { plate: PLATE, case: 'A-2026-7', limit: 500 });
    const stops = await page.locator('.stops > li').allInnerTexts();
    t.equal(stops.length, 3, 'what was told of one passage is one stop');
    t.match(stops[0], /Airport road[\s\S]*by our clock/);
    t.match(stops[1], /Not read anywhere for 3 h 6 min: where it was then, nobody knows/);
    t.match(stops[2], /29.1 km in 4 min: one car cannot have done this/);
    await page.locator('.track-map').locator('canvas, svg').first().waitFor();
    await page.getByRole('button', { name: /^2 天一广场卡口/ }).click();
    await page.locator('.stop-chosen').waitFor();
    t.same(await barriersOf(page), []);
    t.notOk(
      asked.some((url) => url.includes('12345') || url.includes('1?345')),
      'no address has a plate',
    );

    await page.reload();
    await until(
      'what was typed is there',
      async () => (await page.locator('input[name=plate]').inputValue()) === '浙B1?345',
    );
    t.equal(passages.asked.length, 3, 'and nothing is asked by itself');
    t.same(view.offences, []);
  },
);

t.test('without a plate they are masked, and no track is offered', async (t) => {
  const { api, page } = await open(t);
  await page.getByLabel('What you look for it for').fill('traffic');
  await page.getByLabel('Checkpoint').selectOption('kakou-1');
  await page.getByRole('button', { name: 'Last 6 h' }).click();
  t.match(new URL(page.url()).search, /area=330203&place=kakou-1&from=20/);
  await page.getByRole('button', { name: 'Search', exact: true }).click();
  await page.getByText('2 passages').waitFor();
  t.match(api.shift.passages.asked, [{ devices: ['kakou-1'], purpose: 'traffic' }]);
  t.same(await page.locator('.plate').allInnerTexts(), ['浙B***45', 'plate not read']);
  t.equal(await page.getByRole('button', { name: 'Track of this vehicle' }).count(), 0);
  await page.locator('input[name=from]').fill('2020-01-01T00:00:00');
  await page.getByRole('button', { name: 'Search', exact: true }).click();
  await page.getByText('At most 31 days at once.').waitFor();
  t.equal(api.shift.passages.asked.length, 1);
});

t.test('a session that ends keeps what was typed for who typed it, and for nobody else', async (t) => {
  const { api, view, page } = await open(t);
  await page.getByLabel('What you look for it for').fill('a series of thefts');
  await page.getByLabel('Plate', { exact: true }).fill(PLATE);
  await page.getByLabel('Number of the case').fill('A-2026-7');
  await page.getByRole('button', { name: 'Search', exact: true }).click();
  await rows(page).first().waitFor();
  const signInAs = async (user: string) => {
    await page.locator('input[name=username]').fill(user);
    await page.locator('.login input[name=password]').fill('correct horse');
    await page.locator('button[type=submit]').click();
    await page.locator('.screen').waitFor();
  };
  await view.context.clearCookies();
  await pressWhereItStands(page.getByRole('button', { name: 'Search', exact: true }));
  await page.getByText('Your session has ended').waitFor();
  await signInAs('li.na');
  await until('it is back', async () => (await page.locator('input[name=plate]').inputValue()) === PLATE);
  t.equal(await rows(page).count(), 0, 'what was found is asked for anew');
  await page.getByRole('banner').getByRole('button', { name: 'Sign out' }).click();
  await signInAs('viewer');
  await page.getByText('Your role does not allow this.').waitFor();
  t.equal(await page.getByRole('navigation').getByRole('link', { name: 'Passages' }).count(), 0);
  t.notMatch((await page.locator('body').textContent()) ?? '', /12345|thefts/);
  await page.getByRole('banner').getByRole('button', { name: 'Sign out' }).click();
  await page.locator('.login').waitFor();
  await page.goto(`${api.url}/passages`);
  await signInAs('li.na');
  await page.locator('input[name=plate]').waitFor();
  t.equal(await page.locator('input[name=plate]').inputValue(), '');
});

t.test('on a phone, in Chinese: nothing is too wide or too small, and the bar unfolds', async (t) => {
  const { page } = await open(t, { width: 360, height: 740, locale: 'zh-CN' });
  await page.getByLabel('查询用途').fill('系列盗窃案');
  await page.getByLabel('案件编号').fill('A-2026-7');
  await page.getByLabel('显示完整车牌').check();
  await page.getByRole('button', { name: '查询', exact: true }).click();
  await rows(page).first().waitFor();
  await page.getByRole('button', { name: '车辆轨迹' }).first().click();
  await page.locator('.stops > li').nth(2).waitFor();
  t.same(await barriersOf(page), []);
  t.same(await smallTargets(page), []);
  t.equal(await page.evaluate('document.documentElement.scrollWidth - innerWidth'), 0);
  await page.getByRole('button', { name: '更多', exact: true }).click();
  t.same(await smallTargets(page), []);
  await page.getByRole('navigation').getByRole('link', { name: '设置' }).click();
  await page.locator('.screen-settings').waitFor();
  t.equal(await page.getByRole('navigation').getByRole('link', { name: '设置' }).count(), 0, 'and folds again');
});
