import { once } from 'node:events';
import t from 'tap';
import { barriersOf, smallTargets } from '../../../support/web/barriers.ts';
import { openBrowser, signIn } from '../../../support/web/browser.ts';
import { startFakeApi } from '../../../support/web/fake-console-api.ts';
import { orderLike, PHOTO } from '../../../support/web/fake-orders.ts';

const aborted = async (signal: AbortSignal) => {
  if (!signal.aborted) await once(signal, 'abort');
};

t.test('what others changed is told, also when another window read the order meanwhile', async (t) => {
  const api = await startFakeApi(t);
  const view = await openBrowser(t);
  const { page, context } = view;
  await signIn(view, api.url, 'technician');
  const other = await context.newPage();
  // The first window waits for an answer, and learns nothing of what waits until it comes.
  const [held, asked] = [new AbortController(), new AbortController()];
  await page.route('**/api/v1/orders/W-2026-1/steps', async (route) => {
    asked.abort();
    await aborted(held.signal);
    await route.continue();
  });
  await page.goto(`${api.url}/orders/W-2026-1`);
  await page.getByRole('button', { name: 'Note', exact: true }).click();
  await page.locator('.deed-form textarea').fill('on my way');
  await page.locator('.deed-form').getByRole('button', { name: 'Enter' }).click();
  await aborted(asked.signal);
  await page.getByText('sent, no answer yet').waitFor();
  t.equal(await page.getByRole('button', { name: 'Take back' }).count(), 0, 'it may have arrived');
  await page.locator('.case-back').click();
  const [first, second] = [page, other].map((one) => one.waitForResponse('**/api/v1/devices/kiosk-00001'));
  await page.getByRole('link', { name: 'W-2026-2' }).first().click();
  await first;
  await page.getByRole('button', { name: 'Take it' }).waitFor();
  await other.goto(`${api.url}/orders/W-2026-2`);
  await second;
  await other.getByRole('button', { name: 'Take it' }).waitFor();
  api.orders.change('W-2026-2', { state: 'cancelled' }, '王伟', 'built over');
  const reread = page.waitForResponse('**/api/v1/devices/kiosk-00001');
  await other.getByRole('button', { name: 'Take it' }).click();
  await other.getByText('Waits to be sent: 1').waitFor();
  await reread;
  held.abort();
  await other.locator('.clash').waitFor();
  t.match(
    (await other.locator('.clash').allInnerTexts()).join(),
    /open, nobody has it[\s\S]*cancelled[\s\S]*built over/,
  );
  t.same(api.orders.done, ['note on my way']);
  t.same(view.offences, []);
});

t.test('a network that answers everything with its own page takes no photo', async (t) => {
  const api = await startFakeApi(t);
  const view = await openBrowser(t);
  const { page } = view;
  await signIn(view, api.url, 'technician');
  await page.goto(`${api.url}/orders/W-2026-1`);
  let answered = 0;
  await page.route('**/api/v1/orders/*/photos**', async (route) => {
    answered += 1;
    await route.fulfill({ status: 200, contentType: 'text/html', body: '<h1>Welcome</h1>' });
  });
  await page.getByRole('button', { name: 'Photo', exact: true }).click();
  await page.locator('input[name=photo-after]').setInputFiles(PHOTO);
  await page.getByText('sent, no answer yet').waitFor();
  while (answered < 2) await page.waitForResponse('**/photos**');
  t.equal(await page.locator('.wait-thumb').count(), 1);
  await page.unroute('**/api/v1/orders/*/photos**');
  await page.getByText('Everything was sent.').waitFor();
  t.same(api.orders.done, ['photo after']);
});

t.test(
  'mine are those of one’s user name; of an open one that is given to somebody the row says to whom',
  async (t) => {
    const api = await startFakeApi(t);
    api.orders.all.push(orderLike('W-2026-3', { state: 'open', assignee: 'technician' }));
    api.orders.all.push(orderLike('W-2026-4', { state: 'open', assignee: 'wang.wei' }));
    const view = await openBrowser(t, { width: 360, height: 740 });
    const { page } = view;
    await signIn(view, api.url, 'technician');
    await page.goto(`${api.url}/orders`);
    const mine = page.getByRole('region', { name: 'Mine' });
    await mine.getByRole('link', { name: 'W-2026-3' }).waitFor();
    t.equal(await mine.getByRole('link').count(), 1);
    const open = page.getByRole('region', { name: 'Open, nobody has taken them' });
    const given = open.getByRole('link', { name: 'W-2026-4' });
    await given.getByText('given to 王伟').waitFor();
    t.equal(await given.locator('[title]').getAttribute('title'), 'wang.wei');
    t.notMatch(await open.textContent(), /W-2026-3/, 'what is theirs stands once');
    await open.getByRole('link', { name: 'W-2026-2' }).waitFor();
    t.same(await barriersOf(page), []);
    t.same(await smallTargets(page), []);
    t.same(view.offences, []);
  },
);
