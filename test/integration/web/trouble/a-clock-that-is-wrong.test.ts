import t from 'tap';
import { HOUR_MS } from '../../../../src/core/clock.ts';
import { openBrowser, signIn } from '../../../support/web/browser.ts';
import { startFakeApi } from '../../../support/web/fake-console-api.ts';

t.test('a gateway that falls silent while the clock is set back is noticed', async (t) => {
  const api = await startFakeApi(t);
  const view = await openBrowser(t);
  const { page } = view;
  await page.clock.install();
  await signIn(view, api.url);
  await page.locator('.link-live').waitFor();
  api.fallSilent();
  await page.clock.setSystemTime(Date.now() - 2 * HOUR_MS);
  await page.clock.runFor(2_000);
  await page.locator('.link-silent').waitFor();
});

for (const [what, byMs] of [
  ['two hours ahead', 2 * HOUR_MS],
  ['a day behind', -24 * HOUR_MS],
] as const) {
  t.test(`a computer whose clock is ${what} tells ages by the gateway's, and goes on when it is set`, async (t) => {
    const api = await startFakeApi(t);
    const view = await openBrowser(t);
    const { page } = view;
    const now = new Date();
    await page.clock.install({ time: now.getTime() + byMs });
    api.raise({ id: 'old', firstAt: new Date(now.getTime() - 10 * 60_000).toISOString() });
    await signIn(view, api.url);
    await page.locator('[data-id=old]').getByText('10 min ago').waitFor();
    await page.clock.setSystemTime(new Date());
    await page.clock.runFor(30_000);
    api.raise({ id: 'new' });
    await page.locator('[data-id=new]').waitFor();
    await page.locator('.link-live').waitFor();
    await page
      .locator('[data-id=old]')
      .getByText(/1[01] min ago/)
      .waitFor();
    t.same(view.offences, []);
  });
}
