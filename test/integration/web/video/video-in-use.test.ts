import type { Page } from 'playwright-core';
import t, { type Test } from 'tap';
import { until } from '../../../support/time/until.ts';
import { openBrowser, signIn } from '../../../support/web/browser.ts';
import { type FakeConsoleApi, startFakeApi } from '../../../support/web/fake-console-api.ts';

const WIDE = { width: 1440, height: 800 };
const HOSTILE = '<img src=x onerror=alert(1)>';

function addCameras({ cameras }: FakeConsoleApi): void {
  for (let n = 0; n < 6; n += 1) {
    const name = n === 0 ? HOSTILE : `江北路口 ${n}`;
    cameras.push({ id: `jb-${n}`, name, jurisdiction: '330212', ptz: n === 1 });
  }
}

const asked = ({ requests }: FakeConsoleApi, what: RegExp) => requests.filter((line) => what.test(line));
const names = (page: Page) => page.locator('.video-tile .tile-name').allInnerTexts();
const cameras = (page: Page) => new URL(page.url()).searchParams.get('cameras');

t.test('cameras are chosen from the tree, one is looked at large and moved, and the link brings it back', async (t) => {
  const api = await startFakeApi(t, { video: true });
  addCameras(api);
  const view = await openBrowser(t, WIDE);
  const { page } = view;
  await signIn(view, api.url);
  await page.goto(`${api.url}/video?cameras=cam-0`);
  await page.locator('.tile-playing').waitFor();

  await t.test('from areas and by words', async (t) => {
    await page.getByRole('button', { name: 'Yinzhou 6' }).press('Enter');
    const row = page.getByRole('button', { name: HOSTILE, exact: true });
    await row.press('Enter');
    await page.locator('[data-camera=jb-0]').waitFor();
    t.equal(await row.getAttribute('aria-pressed'), 'true');
    await page.getByRole('searchbox').fill('路口 1');
    await page.getByText('Found: 1').waitFor();
    await page.getByRole('button', { name: '江北路口 1', exact: true }).click();
    t.equal(cameras(page), 'cam-0,jb-0,jb-1');
    t.same(await names(page), ['天一广场东口', HOSTILE, '江北路口 1']);
    t.notMatch(page.url(), /路口|%E8/, 'words are not in the address');
  });

  await t.test(
    'tiles take the small stream, the large picture the full one; its head moves while a key is held',
    async (t) => {
      t.equal(asked(api, /live\.m3u8\?quality=main/).length, 0);
      await page.getByRole('button', { name: 'Show large: 江北路口 1' }).press('Enter');
      await until('the full picture', () => asked(api, /jb-1\/live\.m3u8\?quality=main/).length > 0);
      await page.getByRole('button', { name: 'Arrow keys' }).focus();
      await page.keyboard.down('ArrowLeft');
      await until('it is said again', () => asked(api, /POST .*jb-1\/ptz\/move/).length >= 2);
      await page.keyboard.up('ArrowLeft');
      await until('it stops', () => asked(api, /POST .*jb-1\/ptz\/stop/).length === 1);
      await page.getByRole('button', { name: 'Go there' }).press('Enter');
      await until('the preset', () => asked(api, /POST .*jb-1\/ptz\/goto\?purpose=routine/).length === 1);
    },
  );

  await t.test('a wall is kept, shared and opened again', (t) => keepWall(t, page));

  await t.test('the link shows the same, back and Escape lead to the wall', async (t) => {
    await page.reload();
    await page.getByRole('heading', { name: 'Move the camera' }).waitFor();
    t.equal(new URL(page.url()).searchParams.get('focus'), 'jb-1');
    await page.locator('.video-focus > .tile-playing').waitFor();
    await page.keyboard.press('Escape');
    await page.locator('.video-grid').waitFor();
    t.equal(cameras(page), 'cam-0,jb-0,jb-1');
    await page.goBack();
    await page.locator('.video-focus').waitFor();
  });
  t.same(view.offences, []);
});

async function keepWall(t: Test, page: Page): Promise<void> {
  await page.getByText('Kept walls (1)').click();
  await page.getByLabel('Keep this wall as').fill('夜班');
  await page.getByLabel('Keep this wall as').press('Enter');
  await page.getByRole('button', { name: 'Share', exact: true }).click();
  await page.getByText('3 cameras · shared').waitFor();
  await page.getByRole('button', { name: /^<b>东门/ }).click();
  await page.locator('[data-camera=cam-3]').waitFor();
  t.equal(cameras(page), 'cam-3,cam-2');
  await page.getByRole('button', { name: /^夜班/ }).click();
  await page.getByRole('button', { name: 'Remove', exact: true }).click();
  await page.getByText('Kept walls (1)').waitFor();
  await page.getByRole('button', { name: 'Show large: 江北路口 1' }).press('Enter');
}

t.test('a weak computer shows some as stills and says so; a tour goes on by itself', async (t) => {
  const api = await startFakeApi(t, { video: true });
  addCameras(api);
  const view = await openBrowser(t, WIDE);
  const { page } = view;
  await page.addInitScript("Object.defineProperty(Navigator.prototype, 'hardwareConcurrency', { get: () => 1 });");
  await signIn(view, api.url);
  const all = api.cameras.map(({ id }) => id).join();
  // Before anything is played: what a player set by one clock it could not clear by another.
  await page.clock.install();
  await page.goto(`${api.url}/video?layout=9&cameras=${all}`);
  await page.locator('[data-camera=jb-4].tile-spared').getByText('stills: this computer').waitFor();
  await page.getByLabel('Tour').selectOption('10');
  await page.getByText('Page 1 of 2').waitFor();
  await page.clock.runFor(10_500);
  await page.getByText('Page 2 of 2').waitFor();
  t.same(await names(page), ['江北路口 5']);
  await page.clock.runFor(10_500);
  await page.getByText('Page 1 of 2').waitFor();
  t.same(view.offences, []);
});

t.test('who sees no video is told so, and a camera that is not theirs to see is not there', async (t) => {
  const api = await startFakeApi(t);
  api.cameras.push({ id: 'school', name: '学校', accessClass: 'minors' });
  const view = await openBrowser(t, { ...WIDE, locale: 'zh-CN' });
  const { page } = view;
  await signIn(view, api.url);
  await page.goto(`${api.url}/video?cameras=foreign,school`);
  await page.locator('[data-camera=foreign]').getByText('已不存在，或您无权查看').waitFor();
  await page.getByRole('button', { name: '此摄像机画面仅限案件使用' }).click();
  t.equal(asked(api, /streams\/(school|foreign)/).length, 0, 'nothing is looked at before');
  await page.getByLabel('案件编号').fill('A-7');
  await page.getByLabel('案件编号').press('Enter');
  await until('a look for that case', () => asked(api, /streams\/school\/.*case=A-7/).length > 0);
  t.notMatch(page.url(), /A-7/, 'the case is not in the address');
  await page.getByRole('button', { name: '退出' }).click();
  await page.locator('.login').waitFor();
  await signIn(view, api.url, 'auditor');
  await page.goto(`${api.url}/video`);
  await page.getByText('您的角色无权查看视频').waitFor();
  t.same(view.offences, []);
});

t.test('an area with more cameras than are listed says so', async (t) => {
  const api = await startFakeApi(t, { video: true });
  for (let n = 0; n < 510; n += 1) api.cameras.push({ id: `gate-${n}`, name: `Gate ${n}`, jurisdiction: '330212' });
  const view = await openBrowser(t, WIDE);
  const { page } = view;
  await signIn(view, api.url);
  await page.goto(`${api.url}/video`);
  await page.getByRole('button', { name: 'Yinzhou 510' }).press('Enter');
  const gates = page.locator('.tree-rows li', { hasText: 'Gate' });
  const more = page.locator('.tree-below > button.quiet');
  for (let listed = 50; listed < 500; listed += 50) {
    await until(`${listed} cameras`, async () => (await gates.count()) === listed);
    await more.press('Enter');
  }
  await page.getByText('The first 500. Say more to find fewer.').waitFor();
  t.equal(await more.count(), 0);
});
