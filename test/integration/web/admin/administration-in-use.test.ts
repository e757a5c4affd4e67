import type { Page } from 'playwright-core';
import t, { type Test } from 'tap';
import { PIECE_NAMES } from '../../../../web/src/admin/pieces.ts';
import { barriersOf, smallTargets } from '../../../support/web/barriers.ts';
import { openBrowser, pressWhereItStands, signIn, type ViewOptions } from '../../../support/web/browser.ts';
import { startFakeApi } from '../../../support/web/fake-console-api.ts';

type Options = ViewOptions & { path?: string; user?: string };

async function open(t: Test, { path = '/admin', user = 'administrator', ...options }: Options = {}) {
  const api = await startFakeApi(t);
  const view = await openBrowser(t, options);
  await signIn(view, api.url, user);
  await view.page.goto(api.url + path);
  return { api, admin: api.admin, view, page: view.page };
}

/** Something of each view that is there once it was read. */
const THERE = '.admin-shown :is(.admin-rows > li, form, .admin-table)';

/** Unfolds the first of what can be unfolded, so that what is below is looked at too. */
async function unfold(page: Page): Promise<void> {
  const folded = page.locator('.admin-shown button[aria-expanded=false]');
  for (let n = 0; n < 3 && (await folded.count()) > 0; n += 1) await folded.first().click();
}

t.test('axe finds nothing in any view of the administration, dark and light, with forms open', async (t) => {
  const { view, page } = await open(t);
  for (const name of PIECE_NAMES) {
    await page.locator(`.admin-nav a[href="/admin/${name}"]`).click();
    await page.locator(THERE).first().waitFor();
    await unfold(page);
    for (const theme of ['light', 'dark']) {
      await page.evaluate(`document.documentElement.dataset.theme = '${theme}'`);
      t.same(await barriersOf(page), [], `${name}, ${theme}`);
    }
  }
  t.equal(await page.locator('.admin').locator('script, iframe, img, [onerror]').count(), 0);
  t.same(view.offences, []);
});

t.test('on a phone, in Chinese, a finger can press everything and nothing is too wide', async (t) => {
  const { view, page } = await open(t, { width: 360, height: 740, locale: 'zh-CN' });
  for (const name of PIECE_NAMES) {
    await page.locator(`.admin-nav a[href="/admin/${name}"]`).click();
    await page.locator(THERE).first().waitFor();
    await unfold(page);
    t.same(await smallTargets(page), [], name);
    t.equal(await page.evaluate('document.documentElement.scrollWidth - innerWidth'), 0, name);
    t.same(await barriersOf(page), [], name);
    await page.getByRole('link', { name: '← 管理' }).click();
  }
  t.same(view.offences, []);
});

t.test('what is wrong with a field stands at it, and what was typed outlives the session', async (t) => {
  const { admin, view, page } = await open(t, { path: '/admin/people' });
  await page.getByText('<img src=x onerror=alert(1)>').waitFor();
  await page.getByRole('button', { name: 'Let somebody log in' }).click();
  const form = page.getByRole('form', { name: 'Let somebody log in' });
  await form.getByLabel('User name').fill('Wang Wei');
  await form.getByLabel('Name', { exact: true }).fill('王伟');
  await form.getByLabel('Role').selectOption('operator');
  await form.getByLabel('Area').selectOption('330203');
  await form.getByLabel('First password').fill('a-phrase-of-today');
  const issue = { path: 'username', message: 'is wrong', remedy: 'use small letters' };
  admin.refuseWith = { status: 400, body: { code: 'request.invalid', issues: [issue] } };
  await form.locator('button[type=submit]').click();
  await form.getByText('is wrong. use small letters').waitFor();
  const wrong = form.locator('[name=username][aria-invalid=true]');
  t.equal(await wrong.getAttribute('aria-describedby'), await form.locator('.trouble').getAttribute('id'));
  t.same(await barriersOf(page), []);
  t.notMatch(await page.evaluate('JSON.stringify({ ...sessionStorage, ...localStorage })'), /a-phrase-of-today/);
  await form.getByLabel('User name').fill('wang.wei');
  await view.context.clearCookies();
  await pressWhereItStands(form.locator('button[type=submit]'));
  await page.locator('.login input[name=username]').fill('administrator');
  await page.locator('.login input[name=password]').fill('correct horse');
  await page.locator('button[type=submit]').click();
  t.equal(await form.getByLabel('Name', { exact: true }).inputValue(), '王伟');
  await form.locator('button[type=submit]').click();
  await page.locator('.admin-rows').getByText('wang.wei').waitFor();
  const person = { username: 'wang.wei', name: '王伟', role: 'operator', jurisdiction: '330203' };
  const body = { ...person, password: 'a-phrase-of-today', oneTime: true };
  t.same(admin.done, [{ what: 'POST /users', body }]);
});

t.test('who is suspended is asked about first; a token is shown once', async (t) => {
  const { admin, page } = await open(t, { path: '/admin/people' });
  const person = page.locator('.admin-rows > li', { hasText: 'li.na' });
  await person.getByRole('button', { name: 'Suspend' }).click();
  await person.getByText('李娜 is logged out at once').waitFor();
  t.same(admin.done, []);
  await person.getByRole('button', { name: 'Yes, do it' }).click();
  await person.getByRole('group').waitFor({ state: 'detached' });
  t.same(admin.done, [{ what: 'DELETE /users/u-1', body: undefined }]);
  await page.locator('.admin-nav').getByRole('link', { name: 'Tokens' }).click();
  await page.getByRole('button', { name: 'Make a token' }).click();
  const form = page.getByRole('form', { name: 'Make a token' });
  await form.getByLabel('What it is for').fill('wall');
  await form.getByLabel('Role').selectOption('viewer');
  await form.getByLabel('Area').selectOption('330203');
  await form.getByLabel('Ends').fill('2036-01-01T00:00');
  await form.locator('button[type=submit]').click();
  await page.getByText('cwt_shown-once').waitFor();
  const expiresAt = await page.evaluate("new Date('2036-01-01T00:00').toISOString()");
  const body = { name: 'wall', role: 'viewer', jurisdiction: '330203', expiresAt };
  t.same(admin.done.at(-1), { what: 'POST /tokens', body });
  await page.reload();
  await page.getByText('command centre').waitFor();
  t.equal(await page.getByText('cwt_shown-once').count(), 0);
});

t.test('dead letters are looked at and judged again, piece by piece', async (t) => {
  const { admin, page } = await open(t, { path: '/admin/dead-letters' });
  await page.getByText('250 from 2 devices').waitFor();
  await page.getByRole('button', { name: 'Look at them' }).click();
  await page.getByText('values.fill_pct <b>930</b>').last().waitFor();
  await page.getByRole('button', { name: 'What became of it' }).click();
  await page.locator('.stages').getByText('live 12345').waitFor();
  await page.getByRole('button', { name: 'Judge all of them again' }).click();
  await page.getByRole('button', { name: 'Yes, do it' }).click();
  await page.getByText('Everything that was received could be used.').first().waitFor();
  const group = { reason: 'out-of-range', kind: 'recycling-kiosk', firmware: null };
  const first = { group, limit: 100 };
  const bodies = [first, { ...first, cursor: 'more' }, { ...first, cursor: 'more' }];
  t.same(
    admin.done,
    bodies.map((body) => ({ what: 'POST /dead-letters/replay', body })),
  );
});

t.test('a rule is changed, tried, held against what is in force, and approved by another person', async (t) => {
  const { admin, page } = await open(t, { path: '/admin/rules' });
  await page.getByRole('button', { name: 'Change it' }).first().click();
  const text = page.getByLabel('Text of the rule');
  await text.waitFor();
  t.match(await text.inputValue(), /^rule: kiosk-fire\nversion: 2\n/);
  await page.getByRole('button', { name: 'Against what is in force' }).click();
  await page.locator('.diff-new').getByText('version: 2').waitFor();
  await page.locator('.diff-gone').getByText('version: 1').waitFor();
  await page.getByRole('button', { name: 'Try it' }).click();
  await page.getByText('The draft raises 5 alerts of 2 devices.').waitFor();
  await page.getByText('Version 1, in force, raises 4 alerts of 2 devices; 3 are the same.').waitFor();
  await page.getByText('It raises more than a desk can look at.').waitFor();
  await page.getByRole('heading', { name: 'No longer' }).waitFor();
  t.same(await barriersOf(page), []);
  await page.reload();
  t.match(await text.inputValue(), /version: 2/, 'a draft outlives the page');
  await page.getByLabel('Why it is needed').fill('quieter');
  await page.getByRole('button', { name: 'Ask for it' }).click();
  await page.getByText('it comes in force when another person approves it').waitFor();
  t.match(admin.done.at(-1), { what: 'POST /rules', body: { reason: 'quieter' } });
  await page.getByRole('button', { name: 'Approve' }).click();
  await page.getByRole('button', { name: 'Yes, do it' }).click();
  await page.locator('.mark', { hasText: 'waits for another person' }).waitFor({ state: 'detached' });
  t.same(admin.done.at(-1), { what: 'POST /rules/versions/v-2/approve', body: {} });
});

t.test('a silence says first what it would hide; a link fills it in', async (t) => {
  const { page } = await open(t, { path: '/admin/silences?jurisdiction=330203&rule=kiosk-fire' });
  await page.getByLabel('Only of this rule').waitFor();
  await page.getByLabel('Until').fill('2036-01-01T00:00');
  const asked = page.waitForRequest('**/silences/preview');
  await page.getByRole('button', { name: 'What it would hide' }).click();
  await page.getByText('It would hide 3 open alerts now.').waitFor();
  await page.getByText('1 extreme ones and hits of watchlists stay.').waitFor();
  t.match((await asked).postDataJSON(), { jurisdiction: '330203', rule: 'kiosk-fire' });
});

t.test('each sees what their rights open, and nothing else is asked for', async (t) => {
  const { api, page } = await open(t, { user: 'auditor', path: '/' });
  await page.locator('.admin-nav a').first().waitFor();
  t.equal(new URL(page.url()).pathname, '/admin', 'where auditors begin');
  const names = await page.locator('.admin-nav a').allInnerTexts();
  t.same(names, ['Audit trail', 'Access register', 'What was recorded', 'Kinds', 'What is new']);
  await page.getByRole('link', { name: 'Audit trail' }).click();
  await page.getByText('Looking here leaves an entry').waitFor();
  t.notOk(
    api.requests.some((one) => /\/api\/v1\/audit(\?|$)/.test(one)),
    'a look is registered, so nothing is read by itself',
  );
  await page.getByRole('button', { name: 'Show' }).click();
  await page.getByRole('button', { name: 'What changes' }).click();
  await page.locator('.diff-new').getByText('<img src=x').waitFor();
  await page.goto(`${api.url}/admin/tokens`);
  await page.getByText('Your role does not allow you to see this.').waitFor();
  t.notOk(api.requests.some((one) => one.includes('/api/v1/tokens')));
});
