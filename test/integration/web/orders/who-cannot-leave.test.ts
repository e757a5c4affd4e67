import t from 'tap';
import { barriersOf } from '../../../support/web/barriers.ts';
import { openBrowser, signIn } from '../../../support/web/browser.ts';
import { startFakeApi } from '../../../support/web/fake-console-api.ts';

t.test('who cannot be signed out is told so, and loses nothing that was typed', async (t) => {
  const api = await startFakeApi(t);
  const view = await openBrowser(t);
  const { page } = view;
  await signIn(view, api.url, 'technician');
  await page.goto(`${api.url}/orders/W-2026-1`);
  await page.getByRole('button', { name: 'Note', exact: true }).click();
  const note = page.locator('.deed-form textarea');
  await note.fill('half a sentence');
  api.unplugged = true;
  const leave = page.getByRole('banner').getByRole('button', { name: 'Sign out' });
  await leave.click();
  await page.getByText('You are still signed in').waitFor();
  t.same(await barriersOf(page), []);
  await page.getByRole('button', { name: 'Close', exact: true }).last().click();
  t.equal(await note.inputValue(), 'half a sentence');
  t.match(await page.evaluate('JSON.stringify(sessionStorage)'), /half a sentence/, 'also over a reload');
  api.unplugged = false;
  await leave.click();
  await page.locator('.login').waitFor();
  t.notMatch(await page.evaluate('JSON.stringify(sessionStorage)'), /half a sentence/);
  t.same(view.offences, []);
});
