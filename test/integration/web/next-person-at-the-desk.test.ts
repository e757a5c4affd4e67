import t, { type Test } from 'tap';
import { until } from '../../support/time/until.ts';
import { openBrowser, pressWhereItStands, signIn } from '../../support/web/browser.ts';
import { startFakeApi } from '../../support/web/fake-console-api.ts';

const DEVICES = '**/api/v1/map/devices';

/** Without a graphics card a map takes processor time by its size. */
const SMALL = { width: 800, height: 500 };

t.test('who signs in next at this desk sees nothing of what the one before saw', async (t) => {
  const api = await startFakeApi(t);
  const view = await openBrowser(t, SMALL);
  const { page } = view;
  await signIn(view, api.url);
  await page.getByRole('link', { name: 'Map', exact: true }).click();
  await page.getByRole('heading', { name: 'Map of devices' }).waitFor();
  await page.locator('.map-rows li').first().waitFor();
  await page.getByRole('banner').getByRole('button', { name: 'Sign out' }).click();
  // The gateway has not answered yet what the next one may see.
  await page.route(DEVICES, () => {});
  await page.locator('input[name=username]').fill('viewer');
  await page.locator('input[name=password]').fill('correct horse');
  await page.locator('button[type=submit]').click();
  await page.getByText('Reading the devices…').waitFor();
  t.equal(await page.locator('.map-rows li').count(), 0);
  await page.unrouteAll({ behavior: 'ignoreErrors' });
});

t.test('a plate that somebody looked for stays in no entry of the history when they leave', async (t) => {
  const api = await startFakeApi(t);
  const view = await openBrowser(t);
  const { page } = view;
  await signIn(view, api.url);
  await page.goto(`${api.url}/passages`);
  await page.locator('input[name=plate]').fill('浙B12345');
  t.match(await page.evaluate('JSON.stringify(history.state)'), /浙B12345/);
  await page.getByRole('link', { name: 'Settings', exact: true }).click();
  await page.getByRole('banner').getByRole('button', { name: 'Sign out' }).click();
  await page.locator('input[name=username]').fill('viewer');
  await page.locator('input[name=password]').fill('correct horse');
  await page.locator('button[type=submit]').click();
  await page.locator('.screen').waitFor();
  await page.goBack();
  t.equal(await page.evaluate('history.state'), null, 'the entry of the one before');
  await page.getByRole('banner').getByRole('button', { name: 'Sign out' }).click();
  await page.locator('.login').waitFor();
  await signIn(view, api.url);
  await page.goto(`${api.url}/passages`);
  await page.locator('input[name=plate]').fill('浙B54321');
  await page.getByRole('banner').getByRole('button', { name: 'Sign out' }).click();
  await page.locator('.login').waitFor();
  t.equal(await page.evaluate('history.state'), null, 'that of who leaves');
  t.same(view.offences, []);
});

t.test('whose right is withdrawn while the map is open sees no devices any more', async (t) => {
  const api = await startFakeApi(t);
  const view = await openBrowser(t, SMALL);
  const { page } = view;
  await signIn(view, api.url);
  await page.goto(`${api.url}/map`);
  await page.locator('.map-rows li').first().waitFor();
  await page.route(DEVICES, (route) => route.fulfill({ status: 403, json: { code: 'auth.forbidden' } }));
  api.raise({ id: 'next', device: 'kiosk-003', severity: 'severe' });
  await page.getByText('The devices cannot be read now').waitFor();
  t.equal(await page.locator('.map-rows li').count(), 0);
});

/** Everybody is called the same, as people of one watch may be. */
async function open(t: Test, user: string) {
  const api = await startFakeApi(t);
  const view = await openBrowser(t);
  const { page } = view;
  await page.route('**/api/v1/session', async (route) => {
    if (route.request().method() !== 'GET') return route.fallback();
    const response = await route.fetch();
    if (!response.ok()) return route.fulfill({ response });
    return route.fulfill({ response, json: { ...(await response.json()), name: '值班员' } });
  });
  await signIn(view, api.url, user);
  const signInAs = async (next: string) => {
    await page.locator('input[name=username]').fill(next);
    await page.locator('.login input[name=password]').fill('correct horse');
    await page.locator('button[type=submit]').click();
    await page.locator('.screen').waitFor();
  };
  return { api, view, page, signInAs };
}

const KEPT = 'JSON.stringify({ ...sessionStorage, ...localStorage })';

t.test('words that somebody searched for come back to them, and to nobody after them', async (t) => {
  const { api, page, signInAs } = await open(t, 'li.na');
  await page.goto(`${api.url}/devices`);
  const words = page.locator('input[name=words]');
  await words.fill('浙B7K2M9');
  await until('they are kept', () => page.evaluate('history.state?.words === "浙B7K2M9"'));
  await page.reload();
  await words.waitFor();
  await until('they are back', async () => (await words.inputValue()) === '浙B7K2M9');
  await page.getByRole('banner').getByRole('button', { name: 'Sign out' }).click();
  const asked: string[] = [];
  page.on('request', (request) => asked.push(decodeURIComponent(request.url())));
  await signInAs('viewer');
  await page.locator('.device-list li').first().waitFor();
  t.equal(await words.inputValue(), '');
  t.notMatch(asked.join(' '), /7K2M9/);
});

t.test('what somebody began to write is not shown to another one of the same name', async (t) => {
  const { api, view, page, signInAs } = await open(t, 'technician');
  await page.goto(`${api.url}/add-device?by=address`);
  await page.getByLabel('Kind').selectOption('camera');
  await page.getByLabel('Name', { exact: true }).fill('东门');
  await page.getByLabel('Stream address').fill('rtsp://admin:secret-7@10.1.2.3/live');
  await until('it is kept', () => page.evaluate(`${KEPT}.includes('东门')`));
  t.notMatch(await page.evaluate(KEPT), /secret-7/, 'no storage has a login that stands in an address');
  await view.context.clearCookies();
  await pressWhereItStands(page.getByRole('button', { name: 'Check it first' }));
  await page.locator('.login').waitFor();
  await signInAs('viewer');
  await until('it is gone', () => page.evaluate(`!${KEPT}.includes('东门')`));
  t.notMatch(await page.evaluate(KEPT), /东门|secret-7/);
});

t.test('people are called by their names, and for whom those are not theirs to know by their user names', async (t) => {
  const { api, page, signInAs } = await open(t, 'li.na');
  api.raise({ id: 'given', handling: 'assigned', ackedBy: '王伟', assignedTo: 'chen.jing' });
  const who = page.locator('[data-id=given] .handling bdi');
  await who.getByText('acknowledged by 王伟 · assigned to 陈静').waitFor();
  t.equal(await who.getAttribute('title'), 'wang.wei, chen.jing');
  await page.getByRole('banner').getByRole('button', { name: 'Sign out' }).click();
  await page.locator('.login').waitFor();
  await signInAs('viewer');
  await who.getByText('acknowledged by 王伟 · assigned to chen.jing').waitFor();
  t.equal(await who.getAttribute('title'), null);
  t.equal(api.requests.filter((one) => one.endsWith('/users/names')).length, 1, 'asked once, by who may');
});

t.test('what somebody chose is not chosen for the next person, nor told what came of their deeds', async (t) => {
  const { api, page, signInAs } = await open(t, 'li.na');
  for (const id of ['one', 'two', 'three']) api.raise({ id });
  for (const id of ['one', 'two']) await page.locator(`[data-id=${id}] input[type=checkbox]`).click();
  await page.locator('.chosen-bar').getByText('2 chosen').waitFor();
  await page.getByRole('banner').getByRole('button', { name: 'Sign out' }).click();
  await page.locator('.login').waitFor();
  await signInAs('viewer');
  await page.locator('[data-id=three]').waitFor();
  t.equal(await page.locator('.chosen-bar').count(), 0);
  t.equal(await page.locator('.alert-chosen').count(), 0);
});

t.test('what can still be taken back is done by who signs out, and not after they have', async (t) => {
  const { api, page } = await open(t, 'li.na');
  api.raise({ id: 'mine' });
  // On a loaded machine it may be sent before anybody signs out.
  const answered = page.waitForResponse((response) => response.url().endsWith('/alerts/mine/ack'));
  await page.locator('[data-id=mine]').getByRole('button', { name: 'Acknowledge' }).click();
  await page.getByRole('banner').getByRole('button', { name: 'Sign out' }).click();
  t.equal((await answered).status(), 200);
  await page.locator('.login').waitFor();
});
