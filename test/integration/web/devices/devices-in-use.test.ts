import type { Page } from 'playwright-core';
import qrcode from 'qrcode-generator';
import t, { type Test } from 'tap';
import { barriersOf, smallTargets } from '../../../support/web/barriers.ts';
import { openBrowser, pressWhereItStands, signIn, type View, type ViewOptions } from '../../../support/web/browser.ts';
import { type FakeConsoleApi, startFakeApi } from '../../../support/web/fake-console-api.ts';
import { checkStep, deviceLike, someDevices } from '../../../support/web/fake-devices.ts';

const ROWS_MAX = 100;
const HOSTILE = '<img src=x onerror=alert(1)>\u202Egnp.exe';

interface Opened {
  api: FakeConsoleApi;
  view: View;
  page: Page;
}

type Options = ViewOptions & { path?: string; user?: string; count?: number };

async function open(t: Test, { path = '/devices', user = 'technician', count = 3, ...options }: Options = {}) {
  const api = await startFakeApi(t);
  api.devices = someDevices(count);
  api.devices.all.push(deviceLike(99_999, { id: 'bad', name: HOSTILE }));
  const view = await openBrowser(t, options);
  await signIn(view, api.url, user);
  await view.page.goto(api.url + path);
  return { api, view, page: view.page } satisfies Opened;
}

const rowsOf = (page: Page) => page.locator('.device-list li');

/** A picture of a code, as a telephone would take it on a good day. */
function codeOf(text: string): Buffer {
  const code = qrcode(0, 'M');
  code.addData(text);
  code.make();
  return Buffer.from(code.createDataURL(6, 24).split(',')[1] ?? '', 'base64');
}

t.test('ten thousand devices: few are drawn, filters stand in the address, words do not', async (t) => {
  const { view, page } = await open(t, { count: 10_000 });
  await rowsOf(page).first().waitFor();
  await page.getByText('10,001 devices').waitFor();
  await page.locator('body').press('j');
  for (let at = 1; at < 150; at += 10) {
    await page.locator('.device-list a:focus').press('PageDown');
    await page.locator(`.device-list li[aria-posinset="${at + 11}"] a:focus`).waitFor();
    t.ok((await rowsOf(page).count()) <= ROWS_MAX);
  }
  await page.getByLabel('Health').selectOption('offline');
  await page.getByText('200 devices').waitFor();
  t.equal(new URL(page.url()).search, '?health=offline');
  await page.getByText('Offline (200)', { exact: false }).first().waitFor({ state: 'attached' });
  await page.keyboard.press('Escape');
  await page.locator('body').press('/');
  await page.keyboard.type('kiosk-00057');
  await page.getByText('1 device', { exact: true }).waitFor();
  t.notMatch(page.url(), /00057/);
  await page.locator('#devices-title').click();
  await page.keyboard.press('j');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: '回收箱 57' }).waitFor();
  t.equal(new URL(page.url()).pathname, '/devices/kiosk-00057');
  await page.goBack();
  await page.getByText('1 device', { exact: true }).waitFor();
  t.equal(await page.getByRole('searchbox').inputValue(), 'kiosk-00057', 'back brings the words as well');
  t.same(view.offences, []);
});

t.test('each part of the page is there for who may see it, and stays text whatever a name holds', async (t) => {
  const { view, page } = await open(t, { path: '/devices/bad' });
  await page.locator('.chart canvas').first().waitFor();
  t.equal(await page.locator('.device-title h2').textContent(), HOSTILE);
  const titles = await page.locator('.device-page h3').allInnerTexts();
  t.notOk(titles.includes('Who changed what'), 'that is not for technicians');
  for (const one of ['The last 24 hours', 'Curves', 'Work orders', 'Units that hung here', 'Completeness']) {
    t.ok(titles.includes(one), one);
  }
  t.same(await barriersOf(page), []);
  t.equal(await page.locator('.device-page').locator('script, iframe, [onerror], style').count(), 0);
  t.same(view.offences, []);
  const other = await open(t, { path: '/devices/bad', user: 'viewer', width: 360, height: 740, locale: 'zh-CN' });
  await other.page.locator('.chart canvas').first().waitFor();
  t.equal(await other.page.locator('.device-deeds').count(), 0, 'who may do nothing sees no buttons');
  t.same(await smallTargets(other.page), []);
  t.equal(await other.page.evaluate('document.documentElement.scrollWidth - innerWidth'), 0);
  t.same(await barriersOf(other.page), []);
});

t.test('what was typed stays when somebody was faster, and when the session ends', async (t) => {
  const { api, view, page } = await open(t, { path: '/devices/kiosk-00001' });
  await page.getByRole('button', { name: 'Change' }).click();
  const name = page.locator('.deed-form input[name=name]');
  await name.fill('回收箱一号');
  const [, device] = api.devices.all;
  Object.assign(device!, { purpose: 'paper', version: 2 });
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByText('What it is for: – → paper').waitFor();
  t.equal(await name.inputValue(), '回收箱一号');
  t.same(api.devices.done, [], 'nothing was saved');
  await view.context.clearCookies();
  await pressWhereItStands(page.getByRole('button', { name: 'Save' }));
  await page.locator('input[name=password]').waitFor();
  await page.locator('input[name=username]').fill('technician');
  await page.locator('input[name=password]').fill('correct horse');
  await page.locator('button[type=submit]').click();
  t.equal(await name.inputValue(), '回收箱一号');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByRole('heading', { name: '回收箱一号' }).waitFor();
  t.same(api.devices.done, [{ what: 'PATCH /devices/kiosk-00001', body: { name: '回收箱一号' } }]);
  t.same(view.offences, []);
});

t.test('a check shows each of its steps as it ends', async (t) => {
  const { api, page } = await open(t, { path: '/devices/cam-0' });
  api.devices.checking = [checkStep('reach'), checkStep('port'), checkStep('clock')];
  await page.getByRole('button', { name: 'Check', exact: true }).click();
  await page.locator('.step-ok').nth(2).waitFor();
  await page.locator('.step-running', { hasText: 'Login' }).waitFor();
  t.equal(await page.locator('.check-step').count(), 8);
  api.devices.endCheck();
  await page.getByText('All is well.').waitFor();
  t.equal(await page.locator('.step-ok').count(), 8);
  t.same(await barriersOf(page), []);
});

t.test('a unit is swapped, its secret is shown once, and a maintenance begins and ends', async (t) => {
  const { api, page, view } = await open(t, { path: '/devices/kiosk-00002', width: 360, height: 740 });
  await page.getByRole('button', { name: 'Swap the unit' }).click();
  await page.getByLabel('Serial number').fill('6C0123');
  await page.getByLabel('Reason').fill('water inside');
  t.same(await smallTargets(page), []);
  await page.getByRole('button', { name: 'Swap', exact: true }).click();
  await page.getByText('a-secret-that-is-shown-once').waitFor();
  await page.getByRole('button', { name: 'Maintenance' }).click();
  t.equal(await page.getByText('a-secret-that-is-shown-once').count(), 0);
  await page.getByLabel('Reason').fill('cleaning');
  await page.getByRole('button', { name: 'Begin' }).click();
  await page.getByRole('button', { name: 'End maintenance' }).click();
  await page.getByRole('button', { name: 'End it' }).click();
  await page.getByRole('button', { name: 'Maintenance' }).waitFor();
  const unit = { serial: '6C0123' };
  t.same(api.devices.done, [
    { what: 'POST /devices/kiosk-00002/swap', body: { unit, replaces: 'u-2', reason: 'water inside' } },
    { what: 'POST /devices/kiosk-00002/maintenance', body: { reason: 'cleaning', minutes: 120 } },
    { what: 'POST /devices/kiosk-00002/maintenance/end' },
  ]);
  t.same(view.offences, []);
});

t.test('a new login for a camera is asked for, and the page says how far that is', async (t) => {
  const { api, page } = await open(t, { path: '/devices/kiosk-00000' });
  Object.assign(api.devices.all[0]!, { onvif: { xaddr: 'http://10.1.2.3/onvif', login: '***' } });
  await page.getByText('http://10.1.2.3/onvif').waitFor();
  t.equal(await page.getByRole('heading', { name: 'Last change of credentials' }).count(), 0);
  await page.getByRole('button', { name: 'New credentials' }).click();
  await page.getByLabel('Account').selectOption('same');
  await page.getByRole('button', { name: 'Change them' }).click();
  await page.getByText('Begun. How it goes stands below.').waitFor();
  await page.getByText('under way; the device may be away').waitFor();
  const what = 'POST /devices/kiosk-00000/credentials/rotate';
  t.same(api.devices.done, [{ what, body: { of: 'login', account: 'same' } }]);
});

t.test('a photo of a label leads to the page of its device, and so does its code', async (t) => {
  const { api, page, view } = await open(t, { width: 360, height: 740 });
  const scan = page.getByLabel('Scan a label');
  await scan.setInputFiles({
    name: 'label.gif',
    mimeType: 'image/gif',
    buffer: codeOf('http://gw/#/devices/kiosk-00002'),
  });
  await page.getByRole('heading', { name: '回收箱 2' }).waitFor();
  t.equal(new URL(page.url()).pathname, '/devices/kiosk-00002');
  await page.goBack();
  await scan.setInputFiles({ name: 'other.gif', mimeType: 'image/gif', buffer: codeOf('WIFI:S:home;;') });
  await page.getByText('This code is of no device of ours.').waitFor();
  await scan.setInputFiles({ name: 'x.png', mimeType: 'image/png', buffer: Buffer.from('no picture') });
  await page.getByText('This file is no picture.').waitFor();
  await page.goto(`${api.url}/#/devices/kiosk-00001`);
  await page.getByRole('heading', { name: '回收箱 1' }).waitFor();
  t.equal(page.url(), `${api.url}/devices/kiosk-00001`);
  t.same(view.offences, []);
});
