import type { Page } from 'playwright-core';
import t, { type Test } from 'tap';
import { until } from '../../support/time/until.ts';
import { barriersOf, smallTargets } from '../../support/web/barriers.ts';
import { openBrowser, signIn, type View } from '../../support/web/browser.ts';
import { OF_MINORS } from '../../support/web/fake-case.ts';
import { type FakeConsoleApi, startFakeApi } from '../../support/web/fake-console-api.ts';

const HOSTILE = '<img src=x onerror=alert(1)>\u202Egnp.exe';

function pictureOf(alert: string, id = 'p1') {
  const url = `/api/v1/alerts/${alert}/evidence/${id}`;
  const told = { ageMs: 9_000, endsAt: null, sha256: null, reason: null };
  return { id, type: 'picture', camera: 'cam-0', takenAt: new Date().toISOString(), url, ...told };
}

const section = (page: Page, name: string) => page.getByRole('region', { name, exact: true });

t.test('a case is worked on from its row to its end', async (t) => {
  const api = await startFakeApi(t);
  const view = await openBrowser(t, { width: 1440, height: 900 });
  const { offences } = view;
  const other = { type: 'device', id: 'kiosk-018', name: '药行街回收箱' };
  api.raise({ id: 'beside', severity: 'minor', subject: other, device: other.id });
  api.raise({ id: 'fire', evidence: [pictureOf('fire')] });
  await signIn(view, api.url);
  await opens(t, view);
  await says(t, view);
  await goesOn(t, api, view);
  await staysWhenOvertaken(t, api, view);
  await outlivesTheSession(t, api, view);
  await prints(t, view);
  await isTakenAway(t, view);
  await others(t, api, view);
  t.same(offences, []);
});

async function opens(t: Test, { page }: View): Promise<void> {
  await t.test('it opens by a click and by a key, and back leads to its row', async (t) => {
    await page.locator('[data-id=fire] h3 a').click();
    await page.getByRole('heading', { level: 2, name: 'Fire in a recycling kiosk' }).waitFor();
    t.equal(new URL(page.url()).pathname, '/alerts/fire');
    await page.goBack();
    await page.locator('[data-id=fire]:focus').waitFor();
    await page.keyboard.press('j');
    await page.locator('[data-id=beside]:focus').waitFor();
    await page.keyboard.press('k');
    await page.keyboard.press('o');
    await page.waitForURL('**/alerts/fire');
    await page.reload();
    await page.getByRole('heading', { level: 2, name: 'Fire in a recycling kiosk' }).waitFor();
  });
}

async function says(t: Test, view: View): Promise<void> {
  const { page } = view;
  await t.test('it says what fired, by which limit, how it went, and what is beside it', async (t) => {
    const fired = section(page, 'What fired');
    await fired.locator('.beyond', { hasText: 'Temperature' }).waitFor();
    t.same(await fired.locator('.beyond').allInnerTexts(), [
      'Smoke\tyes▲ as the rule says\tyes',
      'Temperature\t81.25 °C▲ beyond the limit\tabove 70 °C',
    ]);
    await fired.getByText('for 2 min or longer').waitFor();
    await section(page, 'Pictures')
      .getByText(/cam-0, .* · taken 9 s before · register no\. 47\d\d/)
      .waitFor();
    const procedure = section(page, 'What to do');
    t.same(await procedure.locator('ol li').allInnerTexts(), ['Look at the picture', '<b>Call</b> the fire brigade']);
    t.equal(await procedure.getByRole('link', { name: 'Fire brigade 119' }).getAttribute('href'), 'tel:119');
    await section(page, 'Readings').getByRole('img', { name: 'Temperature' }).waitFor();
    await section(page, 'Readings').getByText('limit 70 °C').waitFor();
    t.same(await section(page, 'Live').locator('.tile-name').allInnerTexts(), ['天一广场东口', 'Gulou tower']);
    await section(page, 'What happened').getByText('It began').waitFor();
    const beside = section(page, 'Neighbours').getByRole('link', { name: /药行街回收箱/ });
    t.match(await beside.textContent(), /120 m/);
    for (const theme of ['light', 'dark']) {
      await page.evaluate(`document.documentElement.dataset.theme = '${theme}'`);
      t.same(await barriersOf(page), [], theme);
    }
    await beside.click();
    await page.waitForURL('**/alerts/beside');
    await page.goBack();
    await section(page, 'Actions').waitFor();
  });
}

async function goesOn(t: Test, api: FakeConsoleApi, { page }: View): Promise<void> {
  await t.test('each step is one press or one form, and stands in the history', async (t) => {
    const actions = section(page, 'Actions');
    const history = section(page, 'What happened');
    t.equal(await actions.getByRole('button', { name: 'Shelve…' }).count(), 0, 'never of what is extreme');
    await actions.getByRole('button', { name: 'Acknowledge' }).click();
    await history.getByText('li.na: acknowledged').waitFor();
    await actions.getByRole('button', { name: 'Dispatch…' }).click();
    await page.getByLabel('Who is sent').fill('110-3');
    // It fires again before this page hears of it: nobody has to decide anew because of that.
    api.change('fire', { occurrences: 7 }, { quietly: true });
    await page.keyboard.press('Enter');
    await history.getByText('li.na: sent 110-3').waitFor();
    await actions.getByRole('button', { name: 'They are there' }).click();
    await history.getByText('li.na: 110-3 is there').waitFor();
    t.equal(await actions.getByRole('button', { name: 'They are there' }).count(), 0);
  });
}

async function staysWhenOvertaken(t: Test, api: FakeConsoleApi, { page }: View): Promise<void> {
  await t.test('what others changed meanwhile is told, and what was typed stays', async (t) => {
    await page.keyboard.press('c');
    const form = page.getByRole('form', { name: 'Close…' });
    await form.getByLabel('Verdict').selectOption('false_positive');
    await form.getByLabel('Note').fill('a barbecue,\nput out');
    api.change('fire', { severity: 'severe', assignedTo: 'wang.wei' }, { quietly: true });
    await form.getByRole('button', { name: 'Close', exact: true }).click();
    const told = form.getByRole('alert');
    await told.getByText('Severity: Extreme → Severe').waitFor();
    await told.getByText('Assigned to: none → 王伟').waitFor();
    t.equal(await form.getByLabel('Note').inputValue(), 'a barbecue,\nput out');
    t.equal(api.requests.filter((line) => line.endsWith('/close')).length, 1);
    await form.getByRole('button', { name: 'Close', exact: true }).click();
    await section(page, 'What happened').getByText('li.na: closed, False alarm').waitFor();
    await section(page, 'What happened').getByText('a barbecue, put out').waitFor();
    t.same(await section(page, 'Actions').getByRole('button').allInnerTexts(), ['Reopen…']);
  });
}

async function outlivesTheSession(t: Test, api: FakeConsoleApi, view: View): Promise<void> {
  const { page } = view;
  await t.test('a session that ends while somebody types keeps address, form and text', async (t) => {
    await section(page, 'Actions').getByRole('button', { name: 'Reopen…' }).click();
    await page.getByRole('form', { name: 'Reopen…' }).getByLabel('Why').fill('smoke again');
    await view.context.clearCookies();
    await page.getByText('Your session has ended. Please sign in again.').waitFor();
    await page.locator('input[name=username]').fill('li.na');
    await page.locator('input[name=password]').fill('correct horse');
    await page.keyboard.press('Enter');
    const form = page.getByRole('form', { name: 'Reopen…' });
    await form.waitFor();
    t.equal(await form.getByLabel('Why').inputValue(), 'smoke again');
    await form.getByRole('button', { name: 'Reopen' }).click();
    await until('it is open', () => api.requests.some((line) => line === 'POST /api/v1/alerts/fire/reopen'));
    await section(page, 'Actions').getByRole('button', { name: 'Close…' }).waitFor();
    t.equal(await page.getByRole('form', { name: 'Reopen…' }).count(), 0);
  });
}

async function prints(t: Test, { page }: View): Promise<void> {
  await t.test('it is printed on one sheet with picture and number of the register', async (t) => {
    await section(page, 'Pictures')
      .getByText(/register no/)
      .waitFor();
    const sheet = (await page.pdf({ preferCSSPageSize: true })).toString('latin1');
    t.equal(sheet.match(/\/Type\s*\/Page\b/g)?.length, 1, 'one page');
    t.match(sheet, /\/MediaBox\s*\[0 0 59[45]\.\d+ 84[12]/, 'A4');
    await page.emulateMedia({ media: 'print' });
    t.match(await page.locator('.report').textContent(), /Report of an alert[\s\S]*81\.25 °C[\s\S]*register no\. \d+/);
    t.notOk(await page.locator('.rail').isVisible());
    t.ok(await page.locator('.report img').isVisible());
    await page.emulateMedia({ media: 'screen' });
  });
}

async function isTakenAway(t: Test, { page }: View): Promise<void> {
  await t.test('it is taken away as a signed file, once that is made', async (t) => {
    const bundles = section(page, 'Signed bundle');
    await bundles.getByText('Make a bundle').first().click();
    await bundles.getByLabel('Plates').selectOption('whole');
    await bundles.getByLabel('Number of the case').fill('A-2026-7');
    await bundles.getByRole('button', { name: 'Make a bundle' }).click();
    const link = bundles.getByRole('link', { name: 'Download (2.3 MB)' });
    t.equal(await link.getAttribute('href'), '/api/v1/recording-exports/bundle-1/export.tar');
    t.same(await barriersOf(page), []);
  });
}

async function others(t: Test, api: FakeConsoleApi, view: View): Promise<void> {
  const { page } = view;
  await t.test('who may only look has no actions; what is not there is said', async (t) => {
    await page.goto(`${api.url}/alerts/nobody`);
    await page.getByText('There is no such alert, or it is not yours to see.').waitFor();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.locator('.login').waitFor();
    await signIn(view, `${api.url}/alerts/fire`, 'viewer');
    await section(page, 'What fired').waitFor();
    t.equal(await section(page, 'Actions').count(), 0);
    t.equal(await page.getByLabel('Comment').count(), 0);
  });
}

t.test('on a phone, in Chinese, with hostile names, a case is whole, readable and can be pressed', async (t) => {
  const api = await startFakeApi(t);
  const view = await openBrowser(t, { width: 360, height: 740, locale: 'zh-CN' });
  const { page } = view;
  Object.assign(api.cameras[0]!, { name: HOSTILE, accessClass: 'minors' });
  const subject = { type: 'device', id: 'kiosk-017', name: HOSTILE };
  const comments = [{ by: HOSTILE, at: new Date().toISOString(), text: HOSTILE }];
  const data = { temp_c: 81, [HOSTILE]: HOSTILE };
  api.raise({ id: 'bad', severity: 'severe', subject, data, comments, evidence: [pictureOf('bad', OF_MINORS)] });
  api.raise({ id: 'next', subject });
  await signIn(view, `${api.url}/alerts/bad`);
  await section(page, '周边告警').getByRole('link').waitFor();
  t.equal(await page.locator('.case-title > p').first().textContent(), HOSTILE);
  t.equal(await page.locator('.case [onerror], .case img, .case script').count(), 0, 'no name became an element');
  const pictures = section(page, '画面');
  await pictures.getByLabel('案件编号').fill('A-2026-1');
  await pictures.getByRole('button', { name: '查看' }).click();
  await pictures.getByText(/登记号 4711/).waitFor();
  const live = section(page, '实时画面');
  await live.getByLabel('案件编号').fill('A-2026-2');
  await live.getByRole('button', { name: '查看' }).click();
  await until('it is asked for with its case', () =>
    api.requests.some((line) => /streams\/cam-0\/live\.m3u8\?.*case=A-2026-2/.test(line)),
  );
  for (const name of ['指派…', '静默…', '搁置…', '并入事件…', '关闭…']) {
    await section(page, '处置').getByRole('button', { name }).click();
    await page.getByRole('form', { name }).waitFor();
    t.equal(await page.evaluate('document.documentElement.scrollWidth - innerWidth'), 0, name);
    t.same(await smallTargets(page), [], name);
  }
  t.same(await barriersOf(page), []);
  await page.evaluate("document.documentElement.style.fontSize = '150%'");
  t.equal(await page.evaluate('document.documentElement.scrollWidth - innerWidth'), 0, 'text half as large again');
  const words = ((await page.locator('.case').textContent()) ?? '').replaceAll(HOSTILE, '');
  t.notMatch(words.replaceAll(/citywatch|kiosk-(017|fire)|cam-0|Gulou tower|li\.na/g, ''), /[A-Za-z]{3,}/);
  t.same(view.offences, []);
});
