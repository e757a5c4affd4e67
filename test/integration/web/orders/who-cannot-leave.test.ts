import type { Route } from 'playwright-core';
import t from 'tap';
import { until } from '../../../support/time/until.ts';
import { barriersOf } from '../../../support/web/barriers.ts';
import { openBrowser, signIn } from '../../../support/web/browser.ts';
import { startFakeApi } from '../../../support/web/fake-console-api.ts';

const KEPT = 'JSON.stringify({ ...sessionStorage, ...localStorage })';
/** What the technician had open is kept on the device. */
const ORDERS_KEPT = `new Promise((resolve, reject) => {
  const opened = indexedDB.open('citywatch.orders');
  opened.onerror = () => reject(opened.error);
  opened.onsuccess = () => {
    const all = opened.result.transaction('orders').objectStore('orders').count();
    all.onsuccess = () => { opened.result.close(); resolve(all.result); };
  };
})`;

t.test('who signs out without network is locked out at once, and signed out when the gateway answers', async (t) => {
  const api = await startFakeApi(t);
  const view = await openBrowser(t);
  const { page } = view;
  await signIn(view, api.url, 'technician');
  await page.goto(`${api.url}/orders/W-2026-1`);
  await page.getByRole('button', { name: 'Note', exact: true }).click();
  await page.locator('.deed-form textarea').fill('half a sentence');
  await until('the order is kept', async () => (await page.evaluate(ORDERS_KEPT)) === 1);
  const other = await view.context.newPage();
  await other.goto(`${api.url}/orders`);
  await other.locator('.screen').waitFor();
  await view.context.route('**/api/v1/**', (route) => route.abort());
  await page.getByRole('banner').getByRole('button', { name: 'Sign out' }).click();
  await page.locator('.login').getByText('The gateway does not answer yet').waitFor();
  await other.locator('.login').waitFor();
  t.same(await barriersOf(page), []);
  t.notMatch(await page.evaluate(KEPT), /half a sentence/);
  t.equal(await page.evaluate(ORDERS_KEPT), 0);
  await page.locator('input[name=username]').fill('technician');
  await page.locator('input[name=password]').fill('correct horse');
  await page.locator('button[type=submit]').click();
  await page.getByRole('alert').getByText('The gateway does not answer.').waitFor();
  t.equal((await view.context.cookies()).length, 1, 'the browser still has the session');
  await page.reload();
  await page.locator('.login').getByText('The gateway does not answer yet').waitFor();
  api.requests.length = 0;
  await view.context.unroute('**/api/v1/**');
  await page.getByText('The gateway does not answer yet').waitFor({ state: 'detached' });
  await other.getByText('The gateway does not answer yet').waitFor({ state: 'detached' });
  const [first] = api.requests.filter((one) => one.includes('/api/'));
  t.equal(first, 'DELETE /api/v1/session', 'before anything else');
  t.equal((await view.context.cookies()).length, 0);
  t.notMatch(await page.evaluate(KEPT), /ending/);
  await signIn(view, api.url, 'viewer');
  await other.locator('.screen').waitFor();
  t.same(view.offences, []);
});

t.test('what could still be taken back and did not reach the gateway is told, until somebody signs in', async (t) => {
  const api = await startFakeApi(t);
  const view = await openBrowser(t);
  const { page } = view;
  api.raise({ id: 'mine' });
  await signIn(view, api.url);
  const said = page.locator('.login').getByText('is not known to have reached the gateway (alerts: 1)');
  // Neither answered nor refused for now, so that it is under way however fast this goes.
  let held: Route | null = null;
  await page.route('**/alerts/mine/ack', (route) => {
    held = route;
  });
  await page.locator('[data-id=mine]').getByRole('button', { name: 'Acknowledge' }).click();
  await page.getByRole('banner').getByRole('button', { name: 'Sign out' }).click();
  await said.waitFor();
  t.same(await barriersOf(page), []);
  await (held as Route | null)?.abort();
  await page.locator('input[name=username]').fill('li.na');
  await page.locator('input[name=password]').fill('correct horse');
  await page.locator('button[type=submit]').click();
  await page.locator('[data-id=mine]').waitFor();
  await page.getByRole('banner').getByRole('button', { name: 'Sign out' }).click();
  await page.locator('.login').waitFor();
  t.equal(await said.count(), 0, 'who had nothing under way reads nothing of it');
  t.same(view.offences, []);
});

t.test('a page that went away while somebody left goes on with it before it shows anything', async (t) => {
  const api = await startFakeApi(t);
  const view = await openBrowser(t);
  const { page } = view;
  await signIn(view, api.url, 'technician');
  await page.evaluate("localStorage.setItem('citywatch.ending', 'technician')");
  await page.goto('about:blank');
  api.requests.length = 0;
  await page.goto(api.url);
  await page.locator('.login').waitFor();
  await until('it was ended', async () => (await view.context.cookies()).length === 0);
  const [first] = api.requests.filter((one) => one.includes('/api/'));
  t.equal(first, 'DELETE /api/v1/session');
  await signIn(view, api.url, 'technician');
});
