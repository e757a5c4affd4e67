import t from 'tap';
import { CutLine } from '../../support/network/cut-line.ts';
import { lasts } from '../../support/time/lasting.ts';
import { openBrowser, signIn } from '../../support/web/browser.ts';
import { startFakeApi } from '../../support/web/fake-console-api.ts';
import { cutOff, everythingIsBack, everythingIsThere } from '../../support/web/trouble/after-a-cut.ts';

const CUT_MS = 60_000;
const BACK_MS = 3_000;

t.setTimeout(300_000);

for (const is of ['refuses', 'swallows'] as const) {
  t.test(`everything is back within 3 s of a minute in which the network ${is} all`, async (t) => {
    const api = await startFakeApi(t, { video: true });
    const line = await CutLine.start(t, api.url);
    const view = await openBrowser(t, { dutyMap: true });
    const { page } = view;
    await signIn(view, line.url);
    await everythingIsThere(page);
    const cutAtMs = performance.now();
    await cutOff(page, line, api, is);
    await lasts(CUT_MS - (performance.now() - cutAtMs));
    const from = api.requests.length;
    const beganMs = performance.now();
    line.become('stands');
    const took = await Promise.all(
      everythingIsBack(page, api, from).map(async ([what, back]) => {
        await back;
        return [what, Math.round(performance.now() - beganMs)] as const;
      }),
    );
    for (const [what, ms] of took) t.ok(ms <= BACK_MS, `${what} after ${ms} ms`);
    t.same(view.offences, []);
  });
}
