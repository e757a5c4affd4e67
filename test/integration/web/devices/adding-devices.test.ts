import t, { type Test } from 'tap';
import { barriersOf, smallTargets } from '../../../support/web/barriers.ts';
import { openBrowser, pressWhereItStands, signIn, type ViewOptions } from '../../../support/web/browser.ts';
import { startFakeApi } from '../../../support/web/fake-console-api.ts';

async function open(t: Test, by: string, options: ViewOptions = {}) {
  const api = await startFakeApi(t);
  const view = await openBrowser(t, options);
  await signIn(view, api.url, 'technician');
  await view.page.goto(`${api.url}/add-device?by=${by}`);
  await view.page.locator('.add-devices .panel').waitFor();
  return { api, view, page: view.page };
}

t.test(
  'a camera is checked, then registered, also over the end of a session; no storage has its password',
  async (t) => {
    const { api, view, page } = await open(t, 'address', { width: 360, height: 740 });
    await page.getByLabel('Kind').selectOption('camera');
    await page.getByLabel('Name', { exact: true }).fill('东门');
    await page.getByLabel('Latitude').fill('0');
    await page.getByLabel('Longitude').fill('121.5');
    await page.getByLabel('Stream address').fill('rtsp://10.1.2.3/live');
    await page.getByLabel('User name').fill('admin');
    await page.getByLabel('Password').fill('p@ss:1');
    await page.getByRole('button', { name: 'Check it first' }).click();
    await page.getByText('Use the right password.').waitFor();
    t.same(await barriersOf(page), []);
    t.same(await smallTargets(page), []);
    t.equal(await page.evaluate('document.documentElement.scrollWidth - innerWidth'), 0);
    const stream = { url: 'rtsp://admin:p%40ss%3A1@10.1.2.3/live' };
    t.match(api.devices.done, [{ what: 'POST /devices/check', body: { stream } }]);
    await view.context.clearCookies();
    await pressWhereItStands(page.getByRole('button', { name: 'Register' }));
    await signInAgain(page);
    t.equal(await page.locator('input[name=camera-password]').inputValue(), 'p@ss:1');
    t.notMatch(await page.evaluate('JSON.stringify({ ...sessionStorage, ...localStorage })'), /p@ss/);
    await page.getByRole('button', { name: 'Register' }).click();
    await page.getByLabel('It is right as it stands').check();
    await page.getByRole('button', { name: 'Register' }).click();
    await page.getByText('a-secret-that-is-shown-once').waitFor();
    const location = { lat: 0, lon: 121.5, datum: 'wgs84' };
    t.match(api.devices.done[1]?.body, { kind: 'camera', name: '东门', location, stream, confirm: true });
    t.equal(await page.getByLabel('Name', { exact: true }).inputValue(), '');
    t.same(view.offences, []);
  },
);

async function signInAgain(page: Awaited<ReturnType<typeof open>>['page']): Promise<void> {
  await page.locator('input[name=username]').fill('technician');
  await page.locator('.login input[name=password]').fill('correct horse');
  await page.locator('button[type=submit]').click();
  await page.locator('.add-devices').waitFor();
}

t.test('what a search finds is taken into the form', async (t) => {
  const { api, page, view } = await open(t, 'search');
  await page.getByLabel('Ask these addresses as well').fill('10.1.2.0/24');
  await page.getByRole('button', { name: 'Search', exact: true }).click();
  await page.getByText('Found: 2').waitFor();
  t.same(await barriersOf(page), []);
  await page.getByRole('button', { name: 'Register…' }).click();
  t.equal(await page.getByLabel('ONVIF address').inputValue(), 'http://10.1.2.3/onvif');
  t.match(api.devices.done, [{ what: 'POST /discoveries', body: { sweep: { cidr: '10.1.2.0/24' } } }]);
  t.same(view.offences, []);
});

t.test('a file is tried before it is taken, and its secrets are given out once', async (t) => {
  const { api, page, view } = await open(t, 'file');
  const buffer = Buffer.from('id,lat\na,x\n');
  await page.locator('input[type=file]').setInputFiles({ name: 'devices.csv', mimeType: 'text/csv', buffer });
  await page.getByRole('button', { name: 'Try it' }).click();
  await page.getByText('lat: must be a number').waitFor();
  await page.getByText('no such column: <b>颜色</b>').waitFor();
  t.same(await barriersOf(page), []);
  t.same(api.devices.done, [], 'nothing was written');
  await page.getByRole('button', { name: 'Take 2 rows' }).click();
  const download = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Download the secrets' }).click();
  t.equal((await download).suggestedFilename(), 'secrets.csv');
  await page.getByRole('button', { name: 'Download the secrets' }).waitFor({ state: 'detached' });
  t.same(api.devices.done, [{ what: 'POST /devices/import', body: buffer.toString() }]);
  t.same(view.offences, []);
});
