import t, { type Test } from 'tap';
import { barriersOf, smallTargets } from '../../support/web/barriers.ts';
import { openBrowser, signIn, type View } from '../../support/web/browser.ts';
import { type FakeConsoleApi, startFakeApi } from '../../support/web/fake-console-api.ts';

const PHONE = { width: 360, height: 740 };
const SHIFT = ['/passages', '/watchlists', '/shift', '/figures'] as const;
const VIEWS = ['/', '/map', '/video', '/devices', '/orders', ...SHIFT, '/admin', '/settings'] as const;

function raiseSome(api: FakeConsoleApi): void {
  const handlings = ['new', 'acked', 'assigned', 'closed'];
  for (const [at, severity] of ['extreme', 'severe', 'moderate', 'minor'].entries()) {
    for (const handling of handlings) {
      const who = handling === 'new' ? {} : { ackedBy: '王伟', ackedAt: new Date().toISOString() };
      const closed = handling === 'closed' ? { closedBy: '王伟', verdict: 'confirmed' } : {};
      api.raise({ id: `${handling}-${at}`, severity, handling, ...who, ...closed });
    }
  }
}

/** What a person would choose in the settings; that it is done is shown in `worklist-in-use`. */
async function inBoth(t: Test, view: View, what: string): Promise<void> {
  for (const theme of ['light', 'dark']) {
    await view.page.evaluate(`document.documentElement.dataset.theme = '${theme}'`);
    await noneIn(t, view, `${what}, ${theme}`);
  }
}

async function noneIn(t: Test, { page }: View, what: string): Promise<void> {
  t.same(await barriersOf(page), [], what);
}

t.test('axe finds nothing in any view, dark and light', async (t) => {
  const api = await startFakeApi(t);
  raiseSome(api);
  api.cameras[0]!.ptz = true;
  const view = await openBrowser(t);
  const { page } = view;
  await page.goto(api.url);
  await page.locator('input[name=username]').waitFor();
  await inBoth(t, view, 'signing in');
  await signIn(view, api.url);
  await page.locator('[data-id=new-0]').waitFor();
  await openEverything(view);
  await inBoth(t, view, 'the list, details, chosen rows, a form');
  await page.locator('h1').click();
  await page.keyboard.press('?');
  await page.getByRole('dialog', { name: 'Keys' }).waitFor();
  await inBoth(t, view, 'the keys');
  await page.keyboard.press('Escape');
  for (const name of ['Map', 'Video', 'Passages', 'Watchlists', 'Shift', 'Figures', 'Settings']) {
    await page.getByRole('navigation').getByRole('link', { name }).click();
    await page.locator(`.screen-${name.toLowerCase()}`).waitFor();
    await read(view, `/${name.toLowerCase()}`);
    await inBoth(t, view, name);
  }
  await page.goto(`${api.url}/video?layout=9&focus=cam-0`);
  await page.getByRole('heading', { name: 'Move the camera' }).waitFor();
  await page.getByRole('button', { name: 'Arrange' }).click();
  await page.getByRole('button', { name: 'Haishu 4' }).click();
  await page.getByText('Kept walls').click();
  await inBoth(t, view, 'a large picture, an open area');
  t.same(view.offences, []);
});

/** On a phone some of the views stand behind one more press. */
async function goTo({ page }: View, path: string): Promise<void> {
  const link = page.locator(`nav a[href="${path}"]`);
  if (!(await link.isVisible())) await page.locator('.rail-more button').click();
  await link.click();
}

/** Views that are read when somebody goes there. */
async function read({ page }: View, path: string): Promise<void> {
  const there = { '/map': '.map-side', '/video': '.video-tile', '/passages': '.pass-form', '/figures': 'tfoot' }[path];
  if (there) await page.locator(there).first().waitFor();
}

async function openEverything({ page }: View): Promise<void> {
  const row = page.locator('[data-id=new-0]');
  await row.getByRole('button', { name: 'Details' }).click();
  await row.getByRole('checkbox').check();
  await page.locator('[data-id=acked-0]').getByRole('checkbox').check();
  await page.getByRole('button', { name: 'Assign 2 of 2…' }).click();
  await page.getByRole('dialog', { name: 'Assign…' }).waitFor();
}

t.test(
  'on a phone, in Chinese, axe finds nothing, nothing is too wide, and a finger can press everything',
  async (t) => {
    const api = await startFakeApi(t);
    raiseSome(api);
    const view = await openBrowser(t, { ...PHONE, locale: 'zh-CN' });
    const { page } = view;
    await signIn(view, api.url);
    await page.locator('[data-id=new-0]').waitFor();
    const box = await page.locator('.alert-list > li').first().boundingBox();
    t.ok(box && box.y + box.height < PHONE.height - 60, 'the first alert can be seen without scrolling');
    for (const path of VIEWS) {
      await goTo(view, path);
      await page.locator(`nav a[href="${path}"][aria-current=page]`).waitFor({ state: 'attached' });
      await read(view, path);
      await noneIn(t, view, path);
      t.same(await smallTargets(page), [], path);
      t.equal(await page.evaluate('document.documentElement.scrollWidth - innerWidth'), 0, path);
    }
  },
);

t.test('text half as large again fits a phone', async (t) => {
  const api = await startFakeApi(t);
  raiseSome(api);
  const view = await openBrowser(t, PHONE);
  const { page } = view;
  await signIn(view, api.url);
  await goTo(view, '/settings');
  await page.getByRole('radio', { name: '150 %' }).check();
  t.equal(await page.evaluate('getComputedStyle(document.documentElement).fontSize'), '24px');
  for (const path of VIEWS) {
    await goTo(view, path);
    await read(view, path);
    t.equal(await page.evaluate('document.documentElement.scrollWidth - innerWidth'), 0, path);
  }
  await page.reload();
  t.equal(await page.evaluate('document.documentElement.style.fontSize'), '150%', 'and is remembered');
});
