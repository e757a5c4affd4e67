import type { Page, Route } from 'playwright-core';
import t, { type Test } from 'tap';
import { until } from '../../../support/time/until.ts';
import { barriersOf, smallTargets } from '../../../support/web/barriers.ts';
import { openBrowser, signIn, type ViewOptions } from '../../../support/web/browser.ts';
import { startFakeApi } from '../../../support/web/fake-console-api.ts';
import { listLike } from '../../../support/web/shift/fake-watchlists.ts';

async function open(t: Test, { user = 'li.na', ...options }: ViewOptions & { user?: string } = {}) {
  const api = await startFakeApi(t);
  const view = await openBrowser(t, options);
  await signIn(view, api.url, user);
  const goTo = async (path: string) => {
    await view.page.goto(api.url + path);
    await view.page.locator('.paper h2').waitFor();
  };
  await goTo('/watchlists');
  return { api, view, page: view.page, goTo, lists: api.shift.watchlists };
}

const chosen = (page: Page, name: string) => page.getByRole('button', { name, exact: true });

t.test('an order is made, given plates and asked for; what somebody began to type is kept', async (t) => {
  const { page, lists, view } = await open(t);
  await page.getByText('系列盗窃 l-draft').waitFor();
  t.same(await barriersOf(page), []);
  await chosen(page, 'New list').click();
  await page.getByLabel('Name', { exact: true }).fill('系列盗窃');
  await page.getByLabel('Handling').selectOption('covert');
  await page.getByLabel('陈静 (chen.jing)').check();
  t.equal(await page.getByLabel('li.na (li.na)').count(), 0, 'who makes it knows of it anyway');
  await page.reload();
  await until(
    'the form is there again',
    async () => (await page.getByLabel('Name', { exact: true }).inputValue()) === '系列盗窃',
  );
  t.ok(await page.getByLabel('陈静 (chen.jing)').isChecked());
  await page.getByLabel('Number of the case').fill('A-2026-7');
  await page.getByLabel('Police unit').fill('海曙分局');
  await page.getByLabel('Officer').fill('李伟');
  await page.getByLabel('Telephone').fill('0574 1234567');
  await page.getByLabel('Until', { exact: true }).fill('2036-01-01T00:00');
  await page.getByLabel('Reason').fill('series of thefts');
  t.same(await barriersOf(page), []);
  await chosen(page, 'Make a draft').click();
  await page.getByRole('heading', { name: '系列盗窃' }).waitFor();
  t.match(lists.done[0], {
    what: 'POST /watchlists',
    body: { jurisdiction: '330203', order: { handling: 'covert', named: ['p-chen'], level: 2, phone: '0574 1234567' } },
  });
  t.ok(await chosen(page, 'Ask for approval').isDisabled(), 'not without a plate');
  await chosen(page, 'Add plates…').click();
  await page.getByLabel('One plate a line').fill('浙B12345, stolen\n沪A00001\n浙');
  await chosen(page, 'Add').click();
  await page.getByText('2 added, 0 were there, 1 refused.').waitFor();
  t.match(lists.done[1]?.body, /^plate,reason\n"浙B12345","stolen"\n"沪A00001","series of thefts"/);
  await page.getByText('Line 3: is no whole plate').waitFor();
  await chosen(page, 'Ask for approval').click();
  await page.getByText('You asked for this yourself: somebody else decides it.').waitFor();
  t.equal(await chosen(page, 'Approve').count(), 0);
  t.notMatch(decodeURIComponent(page.url()), /12345/);
  t.same(view.offences, []);
});

t.test('a second person decides what differs; others see that it waits', async (t) => {
  const { page, lists, goTo } = await open(t, { user: 'approver' });
  const waiting = page.getByRole('region', { name: 'Waits for you' });
  await waiting.getByText('<img src=x onerror=alert(1)>').waitFor();
  t.equal(await waiting.getByRole('link').count(), 2, 'not what they asked for themselves');
  t.equal(await chosen(page, 'New list').count(), 0);
  await waiting.getByText('<img src=x onerror=alert(1)>').click();
  await page.getByText('王伟: 案件未破').waitFor();
  const row = await page.locator('.decision tbody tr').allInnerTexts();
  t.match(row, [/^End\s+\d.*2026|2027/]);
  t.equal(row.length, 1, 'only what differs');
  await chosen(page, 'Reject…').click();
  await page.getByLabel('Why not').fill('too long');
  await page.reload();
  await until('it is kept', async () => (await page.getByLabel('Why not').inputValue()) === 'too long');
  await page.locator('.decision').getByRole('button', { name: 'Reject', exact: true }).click();
  await page.locator('.decision').waitFor({ state: 'detached' });
  t.match(lists.done, [{ what: 'POST /watchlists/l-renew/reject', body: { reason: 'too long' } }]);
  await goTo('/watchlists/l-fast');
  await page.getByText(/ends by itself/).waitFor();
  await chosen(page, 'Approve').click();
  await page.locator('.decision').waitFor({ state: 'detached' });
  await goTo('/watchlists/l-mine');
  await page.getByText('You asked for this yourself').waitFor();
});

t.test('a hit is signed for, confirmed, ordered and reported', async (t) => {
  const { page, lists, goTo } = await open(t);
  await goTo('/watchlists/l-hits');
  const hit = page.locator('article.paper-row');
  await hit.getByText('浙B***45').waitFor();
  t.same(await barriersOf(page), []);
  t.equal(await chosen(page, 'Report…').count(), 0, 'not before its turn');
  await chosen(page, 'Sign for it').click();
  await chosen(page, 'The picture shows the vehicle').click();
  await chosen(page, 'Order to stop it…').click();
  await page.getByLabel('Which unit, and where').fill('110-3, 东门');
  await chosen(page, 'Order').click();
  await chosen(page, 'Report…').click();
  await page.getByLabel('What came of it').fill('stopped');
  await page.locator('.hit').getByRole('button', { name: 'Report', exact: true }).click();
  await hit.getByText('feedback').waitFor();
  t.same(
    lists.done.map(({ what }) => what),
    ['sign', 'confirm', 'order', 'report'].map((step) => `POST /alerts/hit-1/hit/${step}`),
  );
  t.match(
    (await page.locator('.stages').allInnerTexts()).join(),
    /signed for\s+li.na, after 42 s[\s\S]*intercept ordered[\s\S]*110-3/,
  );
  await hit.getByRole('link', { name: 'The case' }).waitFor();
});

t.test('a form that was opened before the last step was answered stays as it is', async (t) => {
  const { page, lists, goTo } = await open(t);
  lists.hits[0]!.state = 'confirmed';
  await goTo('/watchlists/l-hits');
  const held: Route[] = [];
  await page.route('**/hit/order', (route) => void held.push(route));
  await chosen(page, 'Order to stop it…').click();
  await page.getByLabel('Which unit, and where').fill('110-3, 东门');
  await chosen(page, 'Order').click();
  await chosen(page, 'Report…').click();
  const text = await page.getByLabel('What came of it').elementHandle();
  await until('it was asked', () => held.length > 0);
  for (const route of held) await route.continue();
  await page.locator('.stages').getByText('intercept ordered').waitFor();
  t.ok(await text!.evaluate((one) => one.matches(':focus')), 'it is typed in');
});

t.test('what somebody wrote turns nothing around it, whoever ended a list and why', async (t) => {
  const { page, lists, goTo } = await open(t);
  const reason = 'found \u202E again';
  lists.lists.push(
    listLike('l-ended', { state: 'revoked', ended: { by: '王伟', at: new Date().toISOString(), reason } }),
  );
  await goTo('/watchlists/l-ended');
  await page.locator('bdi').filter({ hasText: /^王伟/ }).first().waitFor();
  t.equal(
    await page
      .locator('bdi')
      .filter({ hasText: /^found/ })
      .textContent(),
    reason,
  );
});

t.test('the case of a hit has its steps, and whoever it is given to is chosen from a list', async (t) => {
  const { api, page, lists } = await open(t);
  api.raise({ id: 'hit-1', data: { watchlist: 'l', wanted_plate: '浙B***45' } });
  await page.goto(`${api.url}/alerts/hit-1`);
  await chosen(page, 'Sign for it').click();
  await chosen(page, 'The picture shows the vehicle').waitFor();
  t.match(lists.done, [{ what: 'POST /alerts/hit-1/hit/sign' }]);
  await chosen(page, 'Assign…').click();
  await page.getByRole('group', { name: 'One of these' }).waitFor();
  t.same(await barriersOf(page), []);
  await page.getByRole('button', { name: '王伟 wang.wei on duty' }).click();
  await page.locator('.deed-form').getByRole('button', { name: 'Assign', exact: true }).click();
  const given = page.getByText('assigned to 王伟').first();
  await given.waitFor();
  t.match(await given.getAttribute('title'), /wang\.wei/, 'with the user name beside it');
  await page.goto(api.url);
  api.raise({ id: 'other' });
  const row = page.locator('[data-id=other]');
  await row.getByRole('button', { name: 'Details' }).click();
  await row.getByRole('button', { name: 'Assign…' }).click();
  await page.getByRole('dialog', { name: 'Assign…' }).getByRole('button', { name: '王伟 wang.wei' }).click();
  await until('it is sent when nobody takes it back', () => api.requests.includes('POST /api/v1/alerts/other/assign'));
});

t.test('on a phone, in Chinese, nothing is too wide or too small', async (t) => {
  const { page, goTo } = await open(t, { width: 360, height: 740, locale: 'zh-CN' });
  for (const path of ['/watchlists', '/watchlists/l-hits', '/watchlists/l-mine']) {
    await goTo(path);
    await page.locator('.paper-row, .plate').first().waitFor();
    if (path === '/watchlists') await page.getByRole('button', { name: '新建布控' }).click();
    t.same(await barriersOf(page), [], path);
    t.same(await smallTargets(page), [], path);
    t.equal(await page.evaluate('document.documentElement.scrollWidth - innerWidth'), 0, path);
  }
});

t.test('whoever may not see lists is led to none', async (t) => {
  const api = await startFakeApi(t);
  const view = await openBrowser(t);
  await signIn(view, api.url, 'viewer');
  await view.page.goto(`${api.url}/watchlists`);
  await view.page.getByText('Your role does not allow this.').waitFor();
  t.equal(await view.page.getByRole('link', { name: 'Watchlists' }).count(), 0);
});
