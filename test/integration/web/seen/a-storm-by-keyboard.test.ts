import type { Page } from 'playwright-core';
import t from 'tap';
import { until } from '../../../support/time/until.ts';
import { openBrowser, signIn } from '../../../support/web/browser.ts';
import { startFakeApi } from '../../../support/web/fake-console-api.ts';

const FIRES = 200;
const OTHERS = 10_000;
const ROWS = '.alert-list > li';
const OLD = '2026-01-01T00:00:00.000Z';
/** From the list to the furthest button of the bar above it, and some more. */
const TABS_MAX = 12;

/** Goes back by Shift and Tab to the button of this name, and presses it; answers how many keys that took. */
async function pressBefore(page: Page, name: RegExp): Promise<number> {
  for (let keys = 1; keys <= TABS_MAX; keys += 1) {
    await page.keyboard.press('Shift+Tab');
    if (!name.test((await page.evaluate('document.activeElement.textContent')) as string)) continue;
    await page.keyboard.press('Enter');
    return keys + 1;
  }
  throw new Error(`no ${name} before the list`);
}

t.test('200 fires at once are acknowledged and closed by fewer than thirty keys', async (t) => {
  const api = await startFakeApi(t);
  const view = await openBrowser(t, { width: 1440, height: 900 });
  const { page } = view;
  await signIn(view, api.url);
  // What is raised before the first page is read comes in pages of 100.
  await page.getByText('No alerts. All is quiet.').waitFor();
  const sent = (what: string) => api.requests.filter((line) => line.startsWith('POST') && line.endsWith(what)).length;
  for (let n = 0; n < FIRES; n += 1) api.raise({ id: `fire-${n}` });
  await page.locator(ROWS).first().waitFor();
  await page.getByRole('region', { name: 'Open alerts' }).getByText(String(FIRES), { exact: true }).waitFor();

  await page.keyboard.press('j');
  await page.locator(`${ROWS}:focus`).waitFor();
  await page.keyboard.press('x');
  let keys = 2 + (await pressBefore(page, /^Choose all/));
  await page.getByRole('region', { name: `${FIRES} chosen` }).waitFor();
  keys += await pressBefore(page, /^Acknowledge 200 of 200$/);
  await until('all are acknowledged', () => sent('/ack') === FIRES);

  await page.keyboard.press('j');
  await page.locator(`${ROWS}:focus`).waitFor();
  await page.keyboard.press('x');
  keys += 2 + (await pressBefore(page, /^Choose all/));
  await page.getByRole('region', { name: `${FIRES} chosen` }).waitFor();
  keys += await pressBefore(page, /^Close 200 of 200/);
  await page.getByRole('menuitem').first().waitFor();
  await page.keyboard.press('Enter');
  await until('all are closed', () => sent('/close') === FIRES);
  await until('none is open', async () => (await page.locator(`${ROWS}:not(.alert-closed)`).count()) === 0);
  t.ok(keys < 30, `${keys + 1} keys`);
  t.same(view.offences, []);
});

t.test('an open alert that is older than 10,000 others of its severity is found in two steps', async (t) => {
  const api = await startFakeApi(t);
  const at = (n: number) => new Date(Date.parse('2026-06-01T00:00:00.000Z') + n * 1_000).toISOString();
  for (let n = 0; n < OTHERS; n += 1) api.raise({ id: `other-${n}`, severity: 'moderate', firstAt: at(n) });
  const title = { en: 'Camera is offline', zh: '摄像机离线' };
  const old = {
    id: 'old',
    severity: 'moderate',
    firstAt: OLD,
    jurisdiction: '330212',
    rule: 'camera-offline@2',
    title,
  };
  api.raise(old);
  api.raise({ ...old, id: 'grave', severity: 'severe' });
  api.raise({ ...old, id: 'elsewhere', jurisdiction: '330203' });
  const view = await openBrowser(t, { width: 1440, height: 900 });
  const { page } = view;
  await signIn(view, api.url);
  await page.locator(ROWS).first().waitFor();
  t.equal(await page.locator(ROWS).first().getAttribute('data-id'), 'grave', 'one that is graver stands first');
  t.equal(await page.locator('[data-id=old]').count(), 0);
  await page.getByLabel('Rule').selectOption('camera-offline');
  await page.getByLabel('District').selectOption('330212');
  await until('it alone, with the graver one', async () => (await page.locator(ROWS).count()) === 2);
  t.ok(await page.locator('[data-id=old]').isVisible());
  t.same(view.offences, []);
});
