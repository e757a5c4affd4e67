import type { Page } from 'playwright-core';
import t, { type Test } from 'tap';
import { openBrowser, signIn, type View, type ViewOptions } from '../../support/web/browser.ts';
import { type FakeConsoleApi, startFakeApi } from '../../support/web/fake-console-api.ts';
import { fakeCityMap } from '../../support/web/fake-map.ts';

/** Without a graphics card a map takes processor time by its size. */
const SMALL = { width: 800, height: 500 };
const FIRE = { id: 'fire', device: 'kiosk-017', severity: 'extreme' };

interface Opened {
  api: FakeConsoleApi;
  view: View;
  page: Page;
  /** Addresses that the browser asked for beyond the gateway. */
  elsewhere: string[];
}

async function openMap(t: Test, { path = '/map', kiosks = 40, ...options }: MapOptions = {}): Promise<Opened> {
  const api = await startFakeApi(t);
  api.map = fakeCityMap(kiosks);
  api.raise(FIRE);
  const view = await openBrowser(t, { ...SMALL, ...options });
  const { page } = view;
  const elsewhere: string[] = [];
  page.context().on('request', (request) => {
    const url = request.url();
    if (!url.startsWith(`${api.url}/`) && !/^(blob|data):/.test(url)) elsewhere.push(url);
  });
  await signIn(view, api.url);
  await page.goto(api.url + path);
  await page.getByRole('button', { name: /kiosk-017/ }).waitFor();
  return { api, view, page, elsewhere };
}

type MapOptions = ViewOptions & { path?: string; kiosks?: number };

/** The address says where the map is once it has been drawn there. */
async function placed(page: Page): Promise<URLSearchParams> {
  await page.waitForURL(/[?&]at=/);
  return new URL(page.url()).searchParams;
}

t.test('the gravest stand first, and lead to their case; the address brings it all back', async (t) => {
  const { api, view, page, elsewhere } = await openMap(t);
  await placed(page);
  await page.locator('.map-rows li').first().getByText('kiosk-017').waitFor();
  await page.getByRole('heading', { name: 'In view: 41' }).waitFor();
  await page.getByRole('button', { name: /kiosk-017/ }).click();
  await page.getByRole('link', { name: /Fire in a recycling kiosk/ }).waitFor();
  await page.getByLabel('Kind').selectOption('recycling-kiosk');
  await page.getByRole('heading', { name: 'In view: 40' }).waitFor();
  const query = await placed(page);
  t.match(Object.fromEntries(query), { kind: 'recycling-kiosk', device: 'kiosk-017' });
  await page.reload();
  await page.getByRole('heading', { name: 'kiosk-017' }).waitFor();
  await page.getByRole('heading', { name: 'In view: 40' }).waitFor();
  t.equal(new URL(page.url()).searchParams.get('at'), query.get('at'), 'where it was');
  await page.getByRole('link', { name: /Fire in a recycling kiosk/ }).click();
  await page.locator('.case').waitFor();
  t.equal(page.url(), `${api.url}/alerts/fire`);
  await page.goBack();
  await page.getByRole('heading', { name: 'kiosk-017' }).waitFor();
  t.same(elsewhere, [], 'nothing is asked for beyond the gateway');
  t.same(view.offences, []);
});

t.test('devices are called by their names, in the list and where one is chosen', async (t) => {
  const { api, view, page } = await openMap(t);
  api.map.devices[17]!.name = '<b>天一广场 3 号';
  await page.reload();
  const row = page.locator('.map-rows li').first();
  await row.getByText('<b>天一广场 3 号').waitFor();
  t.match(await row.textContent(), /kiosk-017/, 'and by what technicians call them');
  await row.getByRole('button').click();
  await page.getByRole('heading', { name: '<b>天一广场 3 号' }).waitFor();
  t.match(await page.locator('.map-facts').textContent(), /kiosk-017/);
  t.equal(await page.locator('.map-rows').getByText('kiosk-000', { exact: true }).count(), 1, 'the id stands once');
  t.same(view.offences, []);
});

t.test('an alert that is raised while the map is open is on it', async (t) => {
  const { api, page } = await openMap(t);
  api.raise({ id: 'next', device: 'kiosk-003', severity: 'severe' });
  await page.locator('.map-rows li').nth(1).getByText('kiosk-003').waitFor();
});

t.test('ten thousand devices stand on it', async (t) => {
  const { page, view } = await openMap(t, { kiosks: 10_000 });
  await placed(page);
  await page.getByRole('heading', { name: 'In view: 10001' }).waitFor();
  t.equal(await page.locator('.map-rows li').count(), 50);
  const canvas = page.locator('canvas');
  await canvas.focus();
  const before = page.url();
  await page.keyboard.press('+');
  await page.waitForURL((url) => url.href !== before);
  t.same(view.offences, []);
});

t.test('an area is drawn by the keyboard alone, and says what stands in it', async (t) => {
  const { page } = await openMap(t);
  await placed(page);
  await page.getByRole('button', { name: 'Draw an area' }).press('Enter');
  const done = page.getByRole('button', { name: /^Done/ });
  for (const key of ['ArrowLeft', 'ArrowUp', 'ArrowRight', 'ArrowDown']) {
    const before = page.url();
    await page.locator('canvas').press(key);
    await page.waitForURL((url) => url.href !== before);
    await page.locator('.map-draw').getByRole('button', { name: 'Corner at the cross' }).press('Enter');
  }
  await done.press('Enter');
  await page.getByRole('heading', { name: /^In the drawn area: \d+$/ }).waitFor();
  t.equal(new URL(page.url()).searchParams.get('area')?.split(';').length, 4);
  await page.getByRole('button', { name: 'Remove the area' }).press('Enter');
  await page.getByRole('heading', { name: /^In view/ }).waitFor();
});

t.test('a bus is where it said last that it is', async (t) => {
  const { api, page } = await openMap(t, { path: '/map?device=bus-1' });
  await placed(page);
  const show = page.getByRole('button', { name: 'Show on the map' });
  await show.click();
  await page.waitForURL(/at=29\.87\d*%2C121\.55/);
  api.map.moving = [{ id: 'bus-1', lon: 121.6, lat: 29.9, atMs: Date.now() }];
  const asked = api.requests.length;
  while (!api.requests.slice(asked).some((one) => one.includes('/map/moving'))) {
    await page.waitForResponse(/\/map\/moving/);
  }
  await show.click();
  await page.waitForURL(/at=29\.9\d*%2C121\.6/);
});

t.test('without WebGL there are an outline and the whole list', async (t) => {
  const api = await startFakeApi(t);
  api.raise(FIRE);
  const view = await openBrowser(t, { ...SMALL, locale: 'zh-CN' });
  const { page } = view;
  await page.addInitScript(`
    const before = HTMLCanvasElement.prototype.getContext;
    HTMLCanvasElement.prototype.getContext = function (kind, ...rest) {
      return /webgl/.test(kind) ? null : before.call(this, kind, ...rest);
    };`);
  await signIn(view, api.url);
  await page.goto(`${api.url}/map`);
  await page.getByText('此浏览器无法绘制地图').waitFor();
  await page.locator('svg.map-outline circle').first().waitFor();
  t.equal(await page.locator('svg.map-outline circle').count(), 41);
  await page.getByRole('heading', { name: '视野内：41 台' }).waitFor();
  await page.getByRole('button', { name: /kiosk-017/ }).click();
  await page.getByRole('link', { name: /回收箱起火/ }).waitFor();
  t.same(view.offences, []);
});

t.test('tiles in GCJ-02 come from the gateway, and addresses stay in WGS-84', async (t) => {
  const api = await startFakeApi(t);
  api.map.base.tiles = { datum: 'gcj02', zoomMax: 18, attribution: '审图号 GS(2026)0000号' };
  const view = await openBrowser(t, SMALL);
  const { page } = view;
  await signIn(view, api.url);
  await page.goto(`${api.url}/map?device=kiosk-000&at=29.87000,121.55000,15`);
  await page.getByText('审图号 GS(2026)0000号').waitFor();
  await page.getByRole('button', { name: 'Show on the map' }).click();
  await page.waitForURL(/at=29\.84000%2C121\.50000%2C15/);
  t.ok(api.requests.some((one) => /\/map\/tiles\/\d+-\d+-\d+$/.test(one)));
  t.same(view.offences, []);
});

t.test('a ground that cannot be read at first comes later, and who closes a device goes on at the list', async (t) => {
  const api = await startFakeApi(t);
  api.map.base.tiles = { datum: 'wgs84', zoomMax: 18, attribution: '审图号 GS(2026)0000号' };
  const view = await openBrowser(t, SMALL);
  const { page } = view;
  await signIn(view, api.url);
  await page.route('**/map/base', (route) => route.abort(), { times: 1 });
  await page.goto(`${api.url}/map?device=kiosk-000`);
  await page.locator('.map-stage canvas').waitFor();
  await page.getByText('审图号 GS(2026)0000号').waitFor();
  await page.locator('.map-stage canvas').waitFor();
  await page.getByRole('button', { name: 'Choose none' }).press('Enter');
  t.equal(await page.evaluate('document.activeElement.id'), 'map-list-title');
  t.same(view.offences, []);
});

t.test('a browser is asked once whether it can draw maps, however many cases are opened', async (t) => {
  const api = await startFakeApi(t);
  api.raise({ ...FIRE, location: { lat: 29.87, lon: 121.55 } });
  const view = await openBrowser(t, SMALL);
  const { page } = view;
  await page.addInitScript(`
    globalThis.tried = 0;
    const before = HTMLCanvasElement.prototype.getContext;
    HTMLCanvasElement.prototype.getContext = function (kind, ...rest) {
      if (/webgl/.test(kind) && !this.isConnected) globalThis.tried += 1;
      return before.call(this, kind, ...rest);
    };`);
  await signIn(view, api.url);
  await page.goto(`${api.url}/alerts/fire`);
  for (const _ of Array(3)) {
    await page.locator('.map-inset canvas').waitFor();
    await page.getByRole('link', { name: 'Map', exact: true }).click();
    await page.locator('.map-stage canvas').waitFor();
    await page.goBack();
  }
  await page.locator('.map-inset canvas').waitFor();
  t.equal(await page.evaluate('globalThis.tried'), 1);
  t.same(view.offences, []);
});
