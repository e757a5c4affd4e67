import t from 'tap';
import { openBrowser, signIn } from '../../../support/web/browser.ts';
import { startFakeApi } from '../../../support/web/fake-console-api.ts';

const data = { temp_c: 81.25, smoke: true, free_slots: 3, odd_thing: 'x' };

t.test('values have the words of their kind, else those of the page, and their unit', async (t) => {
  const api = await startFakeApi(t);
  api.raise({ id: 'fire', rule: 'kiosk-fire@1', data });
  const view = await openBrowser(t);
  const { page } = view;
  await signIn(view, api.url);
  const row = page.locator('[data-id=fire]');
  await row.getByRole('button', { name: 'Details' }).click();
  const details = row.locator('dl');
  await details.getByText('Free slots').waitFor();
  const told = await details.locator('dt, dd').allTextContents();
  t.match(told.slice(-8), ['Temperature', '81.25 °C', 'Smoke', 'yes', 'Free slots', '3', 'odd_thing', 'x']);

  await page.goto(`${api.url}/alerts/fire`);
  await page.getByRole('region', { name: 'What fired' }).getByText('Free slots').waitFor();
});

t.test('in the administration a kind says what its values are called, in the language of the page', async (t) => {
  const api = await startFakeApi(t);
  const view = await openBrowser(t, { locale: 'zh-CN' });
  const { page } = view;
  await signIn(view, api.url, 'administrator');
  await page.goto(`${api.url}/admin/kinds`);
  const kiosk = page.locator('.admin-rows > li', { hasText: 'recycling-kiosk' });
  await kiosk.locator('button[aria-expanded=false]').click();
  await kiosk.getByText('空闲格').waitFor();
  await kiosk.locator('code', { hasText: 'free_slots' }).waitFor();
});
