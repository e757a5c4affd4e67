import type { Page } from 'playwright-core';
import t, { type Test } from 'tap';
import { openBrowser, signIn } from '../../../support/web/browser.ts';
import { startFakeApi } from '../../../support/web/fake-console-api.ts';

async function open(t: Test, path: string, user = 'administrator') {
  const api = await startFakeApi(t);
  const view = await openBrowser(t);
  await signIn(view, api.url, user);
  await view.page.goto(api.url + path);
  return { api, admin: api.admin, view, page: view.page };
}

/** What is sent arrives and is done; the answer does not. */
async function loseAnswers(page: Page, path: string): Promise<() => Promise<void>> {
  const lose = `**/api/v1${path}`;
  await page.route(lose, async (route) => {
    if (route.request().method() !== 'POST') return route.fallback();
    await route.fetch();
    await route.abort('connectionreset');
  });
  return () => page.unroute(lose);
}

/** Fills in a new token, whose answer tells a secret. */
async function fillToken(page: Page, name: string) {
  const form = page.getByRole('form', { name: 'Make a token' });
  if ((await form.count()) === 0) await page.getByRole('button', { name: 'Make a token' }).click();
  await form.getByLabel('What it is for').fill(name);
  await form.getByLabel('Role').selectOption('viewer');
  await form.getByLabel('Area').selectOption('330203');
  await form.getByLabel('Ends').fill('2036-01-01T00:00');
  return form;
}

t.test('an answer that was lost makes no second token, and its secret is not made up', async (t) => {
  const { admin, view, page } = await open(t, '/admin/tokens');
  const heal = await loseAnswers(page, '/tokens');
  const form = await fillToken(page, 'wall');
  await form.locator('button[type=submit]').click();
  await form.getByRole('alert').waitFor();
  t.equal(admin.done.length, 1, 'it was made all the same');
  await heal();
  await form.locator('button[type=submit]').click();
  await page.getByText('the answer with its secret did not arrive').waitFor();
  t.equal(admin.done.length, 1, 'pressed again: one');
  const second = await fillToken(page, 'wall');
  await second.locator('button[type=submit]').click();
  await page.getByText('cwt_shown-once').waitFor();
  t.equal(admin.done.length, 2, 'the same once more after that is meant');
  t.same(view.offences, []);
});

t.test('what is changed before it is sent again is another thing', async (t) => {
  const { admin, page } = await open(t, '/admin/tokens');
  const heal = await loseAnswers(page, '/tokens');
  const form = await fillToken(page, 'wall');
  await form.locator('button[type=submit]').click();
  await form.getByRole('alert').waitFor();
  await heal();
  await form.getByLabel('What it is for').fill('another wall');
  await form.locator('button[type=submit]').click();
  await page.getByText('cwt_shown-once').waitFor();
  t.same(
    admin.done.map(({ body }) => (body as { name: string }).name),
    ['wall', 'another wall'],
  );
});

t.test('a form that outlives the page makes one thing, too', async (t) => {
  const { admin, page } = await open(t, '/admin/rules');
  const heal = await loseAnswers(page, '/rules');
  await page.getByRole('button', { name: 'Change it' }).first().click();
  await page.getByLabel('Why it is needed').fill('quieter');
  await page.getByRole('button', { name: 'Ask for it' }).click();
  await page.getByRole('alert').waitFor();
  await heal();
  await page.reload();
  await page.getByRole('button', { name: 'Ask for it' }).click();
  await page.getByText('it comes in force when another person approves it').waitFor();
  t.equal(admin.done.filter(({ what }) => what === 'POST /rules').length, 1);
});

t.test('nothing that was typed stands in a storage for it, and nothing at all where it may be secret', async (t) => {
  const { page } = await open(t, '/admin/people');
  const asked = () => page.evaluate("sessionStorage.getItem('citywatch.asked')");
  await loseAnswers(page, '/users');
  await page.getByRole('button', { name: 'Let somebody log in' }).click();
  const form = page.getByRole('form', { name: 'Let somebody log in' });
  await form.getByLabel('User name').fill('wang.wei');
  await form.getByLabel('Name', { exact: true }).fill('王伟');
  await form.getByLabel('Role').selectOption('operator');
  await form.getByLabel('Area').selectOption('330203');
  await form.getByLabel('First password').fill('a-phrase-of-today');
  await form.locator('button[type=submit]').click();
  await form.getByRole('alert').waitFor();
  t.equal(await asked(), null);
  await loseAnswers(page, '/rules');
  await page.goto(`${new URL(page.url()).origin}/admin/rules`);
  await page.getByRole('button', { name: 'Change it' }).first().click();
  await page.getByLabel('Why it is needed').fill('quieter');
  await page.getByRole('button', { name: 'Ask for it' }).click();
  await page.getByRole('alert').waitFor();
  t.match(await asked(), /"path":"\/rules"/);
  t.notMatch(await asked(), /quieter/);
  await page.getByRole('banner').getByRole('button', { name: 'Sign out' }).click();
  await page.locator('.login').waitFor();
  t.equal(await asked(), null, 'gone with the person');
});

t.test('what is being done already is waited for', async (t) => {
  const { admin, page } = await open(t, '/admin/tokens');
  let running = 2;
  await page.route('**/api/v1/tokens', async (route) => {
    if (route.request().method() !== 'POST' || running === 0) return route.fallback();
    running -= 1;
    const json = { code: 'idempotency.running' };
    await route.fulfill({
      status: 409,
      headers: { 'retry-after': '1' },
      contentType: 'application/problem+json',
      json,
    });
  });
  const form = await fillToken(page, 'wall');
  await form.locator('button[type=submit]').click();
  await page.getByText('cwt_shown-once').waitFor();
  t.equal(admin.done.length, 1);
});
