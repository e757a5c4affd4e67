import t, { type Test } from 'tap';
import { BROKEN } from '../../../support/web/admin/admin-data.ts';
import { barriersOf } from '../../../support/web/barriers.ts';
import { openBrowser, signIn } from '../../../support/web/browser.ts';
import { startFakeApi } from '../../../support/web/fake-console-api.ts';

async function open(t: Test, path: string, user = 'administrator') {
  const api = await startFakeApi(t);
  const { admin } = api;
  const [first] = admin.users;
  for (let n = 0; n < 90; n += 1)
    admin.users.push({ ...first, id: `m-${n}`, username: `many.${n}`, name: `many ${n}` });
  const view = await openBrowser(t);
  await signIn(view, api.url, user);
  await view.page.goto(api.url + path);
  return { admin, view, page: view.page };
}

t.test('a row of a further page is as it became by what was done to it, and no row is there twice', async (t) => {
  const { admin, view, page } = await open(t, '/admin/people');
  const rows = page.locator('.admin-rows > li');
  await rows.nth(39).waitFor();
  t.equal(await rows.count(), 40);
  await page.getByRole('button', { name: 'Show older' }).click();
  await rows.nth(79).waitFor();
  await page.getByRole('button', { name: 'Show older' }).click();
  await rows.nth(92).waitFor();
  t.equal(await rows.count(), 93);
  const person = rows.filter({ has: page.getByText('many.60', { exact: true }) });
  await person.getByRole('button', { name: 'Suspend' }).click();
  await person.getByRole('button', { name: 'Yes, do it' }).click();
  await person.locator('.mark', { hasText: 'suspended' }).waitFor();
  t.equal(await rows.count(), 93, 'all that was shown is still there');
  // Whom another person removed meanwhile is gone after the next deed, too, and those behind have moved up.
  admin.users.splice(10, 30);
  const other = rows.filter({ has: page.getByText('many.61', { exact: true }) });
  await other.getByRole('button', { name: 'Suspend' }).click();
  await other.getByRole('button', { name: 'Yes, do it' }).click();
  await other.locator('.mark', { hasText: 'suspended' }).waitFor();
  t.equal(await rows.count(), 63);
  t.same(view.offences, []);
});

t.test('a draft is gone on with; that of another rule is not thrown away unasked', async (t) => {
  const { page } = await open(t, '/admin/rules');
  const rules = page.getByRole('region', { name: 'In force' }).locator('.admin-rows > li');
  const fire = rules.filter({ hasText: 'Fire in a kiosk' });
  const other = rules.filter({ hasText: 'camera-offline' });
  await fire.getByRole('button', { name: 'Change it' }).click();
  const text = page.getByLabel('Text of the rule');
  await text.fill(`${await text.inputValue()}# half a thought\n`);
  await fire.getByRole('button', { name: 'Go on with its draft' }).click();
  t.match(await text.inputValue(), /half a thought/);
  await other.getByRole('button', { name: 'Change it' }).click();
  await other.getByText('There is a draft of kiosk-fire').waitFor();
  t.same(await barriersOf(page), []);
  await other.getByRole('button', { name: 'Close' }).click();
  t.match(await text.inputValue(), /half a thought/, 'it is still there');
  await other.getByRole('button', { name: 'Change it' }).click();
  await other.getByRole('button', { name: 'Yes, do it' }).click();
  await other.getByRole('group').waitFor({ state: 'detached' });
  t.notMatch(await text.inputValue(), /half a thought/);
});

t.test('the registers are checked from the page, which names the first row that does not hold', async (t) => {
  const { admin, view, page } = await open(t, '/admin/audit', 'auditor');
  await page.getByRole('button', { name: 'Check every row now' }).click();
  await page.getByText('20 of 27 rows were checked').waitFor();
  t.equal(await page.getByRole('button', { name: 'Check every row now' }).count(), 0);
  admin.verification = BROKEN;
  await page.getByText('something was changed or taken out').waitFor();
  await page.getByText('Row 7: it was changed').waitFor();
  await page.getByText('It now says: number 7, by <b>Wang</b>').waitFor();
  t.same(await barriersOf(page), []);
  admin.verification = { ...BROKEN, state: 'failed', holds: null, registers: [], reason: 'It took too long.' };
  await page.reload();
  await page.getByText('came to no end').waitFor();
  await page.getByText('It took too long.').waitFor();
  t.same(view.offences, []);
});
