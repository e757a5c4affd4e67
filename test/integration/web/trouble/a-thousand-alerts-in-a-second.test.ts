import t from 'tap';
import { until } from '../../../support/time/until.ts';
import { openBrowser, signIn } from '../../../support/web/browser.ts';
import { startFakeApi } from '../../../support/web/fake-console-api.ts';

const ALERTS = 1_000;
/** However many there are, so few rows are drawn. */
const ROWS_MOST = 100;

t.test('a thousand alerts at once: the gravest is seen first, each can be reached, and the page lives', async (t) => {
  const api = await startFakeApi(t);
  const view = await openBrowser(t);
  const { page } = view;
  await signIn(view, api.url);
  await page.locator('.link-live').waitFor();
  for (let n = 0; n < ALERTS; n += 1) api.raise({ id: `a-${n}`, severity: n === 500 ? 'extreme' : 'minor' });
  await page.locator('.alert-list > li:first-child[data-id=a-500]').waitFor();
  const rows = page.locator('.alert-list > li');
  await until('all are counted', async () => (await rows.first().getAttribute('aria-setsize')) === String(ALERTS));
  t.ok((await rows.count()) <= ROWS_MOST);
  // What comes pushes those below it down, and does not push itself out of sight.
  for (const id of ['next', 'one-more']) {
    api.raise({ id, firstAt: new Date(Date.now() + 60_000).toISOString() });
    await page.locator(`.alert-list > li:first-child[data-id=${id}]`).waitFor();
    t.equal(await page.locator('.alert-box').evaluate((box) => box.scrollTop), 0);
  }
  await page.locator('.alert-box').evaluate((box) => box.scrollTo(0, box.scrollHeight));
  await page.locator(`.alert-list > li[aria-posinset="${ALERTS}"]`).waitFor();
  t.ok((await rows.count()) <= ROWS_MOST);
  await page.locator('.alert-box').evaluate((box) => box.scrollTo(0, 0));
  await page.locator('[data-id=a-500]').getByRole('button', { name: 'Acknowledge' }).click();
  await until('it is acknowledged', () => api.requests.includes('POST /api/v1/alerts/a-500/ack'));
  t.same(view.offences, []);
});
