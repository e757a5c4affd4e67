import t from 'tap';
import { lasts } from '../../support/time/lasting.ts';
import { openBrowser, signIn } from '../../support/web/browser.ts';
import { startFakeApi } from '../../support/web/fake-console-api.ts';

/** Longer than the worker that keeps the stream remembers a window that says nothing. */
const ASLEEP_MS = 200_000;
const ALERTS = 2_000;

t.setTimeout(600_000);

t.test('a tab that was forgotten while it slept reads its list anew, and nothing was kept for it', async (t) => {
  const api = await startFakeApi(t);
  const view = await openBrowser(t);
  const { page, context } = view;
  await signIn(view, api.url);
  api.raise({ id: 'in-the-evening' });
  await page.locator('[data-id=in-the-evening]').waitFor();
  // Another window is awake all night, so that the worker lives.
  const awake = await context.newPage();
  await awake.goto(api.url);
  await awake.locator('[data-id=in-the-evening]').waitFor();
  const session = await context.newCDPSession(page);
  await session.send('Page.setWebLifecycleState', { state: 'frozen' });
  for (let n = 0; n < ALERTS; n += 1) {
    api.raise({ id: `night-${n}`, severity: 'minor' });
    await lasts(ASLEEP_MS / ALERTS);
  }
  api.raise({ id: 'at-dawn' });
  api.change('in-the-evening', { handling: 'closed', condition: 'cleared' });
  await awake.locator('[data-id=at-dawn]').waitFor();
  await session.send('Page.setWebLifecycleState', { state: 'active' });
  await page.locator('.alert-list > li:first-child[data-id=at-dawn]').waitFor();
  await page.locator('.link-live').waitFor();
  await page.locator('[data-id=in-the-evening]').waitFor({ state: 'detached' });
  t.same(view.offences, []);
});
