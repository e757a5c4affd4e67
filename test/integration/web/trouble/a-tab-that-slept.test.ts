import t from 'tap';
import { openBrowser, signIn } from '../../../support/web/browser.ts';
import { startFakeApi } from '../../../support/web/fake-console-api.ts';

t.test('a tab that slept shows what is by now, and nothing of what was closed', async (t) => {
  const api = await startFakeApi(t);
  const view = await openBrowser(t);
  const { page } = view;
  await signIn(view, api.url);
  api.raise({ id: 'in-the-evening' });
  await page.locator('[data-id=in-the-evening]').waitFor();
  const session = await page.context().newCDPSession(page);
  await session.send('Page.setWebLifecycleState', { state: 'frozen' });
  for (let n = 0; n < 300; n += 1) api.raise({ id: `night-${n}`, severity: 'minor' });
  api.raise({ id: 'at-dawn' });
  api.change('in-the-evening', { handling: 'closed', condition: 'cleared' });
  // Its connection does not outlive a night, as a rule.
  api.cut();
  await session.send('Page.setWebLifecycleState', { state: 'active' });
  await page.locator('.alert-list > li:first-child[data-id=at-dawn]').waitFor();
  await page.locator('.alert-list > li[aria-setsize="302"]').first().waitFor();
  await page.locator('.link-live').waitFor();
  t.same(view.offences, []);
});
