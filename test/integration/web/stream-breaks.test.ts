import t from 'tap';
import { until } from '../../support/time/until.ts';
import { openBrowser, signIn } from '../../support/web/browser.ts';
import { startFakeApi } from '../../support/web/fake-console-api.ts';

t.test('what happens while the line is cut is there afterwards, once', async (t) => {
  const api = await startFakeApi(t);
  const view = await openBrowser(t);
  const { page } = view;
  await signIn(view, api.url);
  api.raise({ id: 'before' });
  await page.locator('[data-id=before]').waitFor();
  const reads = () =>
    api.requests.filter((line) => /^GET .*\/alerts\?order=urgency&limit=100&desk=police$/.test(line)).length;
  const readsBefore = reads();
  api.cut();
  for (const id of ['during-1', 'during-2']) api.raise({ id });
  api.change('before', { occurrences: 5 });
  await page.locator('[data-id=during-2]').waitFor();
  await page.locator('[data-id=before]').getByText('×5').waitFor();
  t.equal(await page.locator('.alert-list > li').count(), 3);
  t.equal(reads(), readsBefore, 'it went on at its place and did not read the list again');
});

t.test('a line that is silent for 20 s is called so, and opened anew', async (t) => {
  const api = await startFakeApi(t);
  const view = await openBrowser(t);
  const { page } = view;
  await page.clock.install();
  await signIn(view, api.url);
  await page.locator('.link-live').waitFor();
  const streams = () => api.requests.filter((line) => line.startsWith('GET /api/v1/alerts/stream')).length;
  const before = streams();
  api.fallSilent();
  await page.clock.fastForward(21_000);
  await page.getByText(/No news from the gateway for 2\d s/).waitFor();
  await until('another stream', async () => {
    await page.clock.runFor(1_000);
    return streams() > before;
  });
  await page.locator('.link-live').waitFor();
  t.notOk(await page.locator('.banner').isVisible());
});
