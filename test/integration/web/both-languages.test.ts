import t from 'tap';
import { openBrowser, signIn } from '../../support/web/browser.ts';
import { startFakeApi } from '../../support/web/fake-console-api.ts';

t.test('the page speaks the language of the browser and can be switched', async (t) => {
  const api = await startFakeApi(t);
  const view = await openBrowser(t, { locale: 'zh-CN' });
  const { page } = view;
  api.raise({ id: 'one' });
  await page.goto(api.url);
  await page.getByRole('button', { name: '登录' }).waitFor();
  await signIn(view, api.url);
  const row = page.locator('[data-id=one]');
  await row.getByText('回收箱起火').waitFor();
  t.match(await row.textContent(), /秒前[\s\S]*确认/);
  t.equal(await page.getAttribute('html', 'lang'), 'zh-CN');
  await page.locator('.kinds').getByText('智能回收箱').waitFor();
  const latin = await page.locator('.head, .alerts').allInnerTexts();
  t.notMatch(latin.join(' ').replaceAll(/citywatch|English|li\.na|Enter|鼓楼街道 17 号/g, ''), /[A-Za-z]{2,}/);

  await page.getByRole('button', { name: 'English' }).click();
  await row.getByText('Fire in a recycling kiosk').waitFor();
  await page.reload();
  await row.getByText('Fire in a recycling kiosk').waitFor();
  t.equal(await page.getAttribute('html', 'lang'), 'en-GB');
});

t.test('on a phone nothing is wider than the page', async (t) => {
  const api = await startFakeApi(t);
  const view = await openBrowser(t, { width: 360, height: 740 });
  const { page } = view;
  const name = `${'沿江大道'.repeat(30)} ${'x'.repeat(300)}`;
  api.raise({ id: 'one', subject: { type: 'device', id: 'kiosk-017', name } });
  await page.goto(api.url);
  const overflow = () => page.evaluate('document.documentElement.scrollWidth - innerWidth');
  t.equal(await overflow(), 0, 'signing in');
  await signIn(view, api.url);
  const row = page.locator('[data-id=one]');
  await row.waitFor();
  t.equal(await overflow(), 0, 'the screen');
  await row.getByRole('button', { name: 'Details' }).click();
  await row.getByRole('button', { name: 'Close…' }).click();
  await row.getByRole('menu').waitFor();
  t.equal(await overflow(), 0, 'with details and menu');
  await page.locator('.tile').first().click();
  await page.getByRole('dialog').waitFor();
  t.equal(await overflow(), 0, 'an enlarged camera');
});
