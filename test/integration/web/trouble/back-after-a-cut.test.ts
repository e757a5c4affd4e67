import t from 'tap';
import { CutLine } from '../../../support/network/cut-line.ts';
import { openBrowser, signIn } from '../../../support/web/browser.ts';
import { startFakeApi } from '../../../support/web/fake-console-api.ts';
import { cutOff, everythingIsBack, everythingIsThere } from '../../../support/web/trouble/after-a-cut.ts';

/** That it takes no more than 3 s after a minute: test/long/console/back-within-three-seconds. */
t.test('the list, the counts, the map and the wall are back after the network was cut', async (t) => {
  const api = await startFakeApi(t, { video: true });
  const line = await CutLine.start(t, api.url);
  const view = await openBrowser(t, { dutyMap: true });
  const { page } = view;
  await signIn(view, line.url);
  await everythingIsThere(page);
  await cutOff(page, line, api, 'refuses');
  const from = api.requests.length;
  line.become('stands');
  for (const [, back] of everythingIsBack(page, api, from)) await back;
  t.equal(await page.locator('.alert-list > li').count(), 1);
  t.same(view.offences, []);
});
