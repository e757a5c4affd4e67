import type { Locator, Page } from 'playwright-core';
import t, { type Test } from 'tap';
import { until } from '../../support/time/until.ts';
import { openBrowser, signIn, type View } from '../../support/web/browser.ts';
import { type FakeConsoleApi, startFakeApi } from '../../support/web/fake-console-api.ts';

t.test('an operator works through a day at the console, without a single reload', async (t) => {
  const api = await startFakeApi(t);
  const view = await openBrowser(t);
  const { page, offences } = view;

  await t.test('a wrong password is named, the right one opens the page', async (t) => {
    await page.goto(api.url);
    await page.locator('input[name=username]').fill('li.na');
    await page.locator('input[name=password]').fill('wrong');
    await page.locator('button[type=submit]').click();
    await page.getByText('User name or password is wrong.').waitFor();
    await page.locator('input[name=password]').fill('correct horse');
    await page.keyboard.press('Enter');
    await page.locator('.screen').waitFor();
    await page.getByText('No alerts. All is quiet.').waitFor();
    t.ok(await page.getByRole('button', { name: /Sound is off/ }).isVisible());
  });

  await headCounts(t, api, view);
  await alertAppears(t, api, view);
  await alertIsHandled(t, view);
  await raceIsNamed(t, api, view);
  await rowsStayUnderTheHand(t, api, view);
  await keysWork(t, api, view);
  t.same(offences, []);
});

async function headCounts(t: Test, api: FakeConsoleApi, { page }: View): Promise<void> {
  await t.test('the head counts devices by state, messages and open alerts', async (t) => {
    const head = page.locator('.head');
    await head.getByText('Recycling kiosk').waitFor();
    const kiosks = await head.locator('.kinds li', { hasText: 'Recycling kiosk' }).textContent();
    t.match(kiosks, /37 online.*2 stale.*1 never heard/);
    t.match(await head.locator('.rate').textContent(), /12\.5/);
    api.raise({ id: 'fire-1' });
    await until(
      'the count of extreme alerts',
      async () => (await head.locator('.severities b').first().textContent()) === '1',
    );
    t.equal(await page.title(), '(1) citywatch');
  });
}

async function alertAppears(t: Test, api: FakeConsoleApi, { page }: View): Promise<void> {
  await t.test('a new alert and its picture appear by themselves', async (t) => {
    const row = page.locator('[data-id=fire-1]');
    await row.getByText('Fire in a recycling kiosk').waitFor();
    t.match(await row.textContent(), /鼓楼街道 17 号回收箱/);
    t.match(await row.locator('time').textContent(), /^\d+ s ago$/);
    t.equal(await row.locator('.badge').getAttribute('aria-label'), 'Extreme');
    const height = (await row.boundingBox())?.height;
    const url = '/api/v1/alerts/fire-1/evidence/p1';
    const picture = {
      id: 'p1',
      type: 'picture',
      camera: 'cam-0',
      takenAt: new Date().toISOString(),
      url,
      reason: null,
    };
    api.change('fire-1', { evidence: [picture] }, { type: 'alert.evidence' });
    await row.locator(`img[src="${url}"]`).waitFor({ state: 'attached' });
    t.equal((await row.boundingBox())?.height, height, 'the row keeps its height');
  });
}

async function alertIsHandled(t: Test, { page }: View): Promise<void> {
  await t.test('acknowledge, comment and close show in the row', async (t) => {
    const row = page.locator('[data-id=fire-1]');
    await row.getByRole('button', { name: 'Acknowledge' }).click();
    await row.getByText('acknowledged by li.na').waitFor();
    await row.getByRole('button', { name: 'Details' }).click();
    await row.getByLabel('Comment').fill('Fire brigade is on the way');
    await row.getByRole('button', { name: 'Add comment' }).click();
    await row.locator('.comments').getByText('Fire brigade is on the way').waitFor();
    await row.getByRole('button', { name: 'Close…' }).click();
    await row.getByRole('menuitem', { name: 'False alarm' }).click();
    await row.getByText('closed by li.na · False alarm').waitFor();
    t.notOk(await row.getByRole('button', { name: 'Acknowledge' }).isVisible());
  });
}

async function raceIsNamed(t: Test, api: FakeConsoleApi, { page }: View): Promise<void> {
  await t.test('who was later with the same alert reads who was first', async () => {
    api.raise({ id: 'race', severity: 'severe' });
    const row = page.locator('[data-id=race]');
    await page.mouse.move(2, 2);
    await row.waitFor();
    const first = { handling: 'acked', ackedBy: '王伟', ackedAt: new Date().toISOString() };
    api.change('race', first, { quietly: true });
    await row.getByRole('button', { name: 'Acknowledge' }).click();
    await row
      .getByRole('alert')
      .getByText(/王伟 was first: acknowledged at \d\d:\d\d:\d\d\./)
      .waitFor();
    await row.getByText('acknowledged by 王伟').waitFor();
  });
}

async function rowsStayUnderTheHand(t: Test, api: FakeConsoleApi, { page }: View): Promise<void> {
  await t.test('new rows wait behind a bar while the pointer is on the list', async (t) => {
    const row = page.locator('[data-id=race]');
    await row.hover();
    const before = await row.boundingBox();
    api.raise({ id: 'late-1', severity: 'minor' });
    api.raise({ id: 'late-2', severity: 'severe' });
    await page.getByRole('button', { name: /2 new/ }).waitFor();
    t.same(await row.boundingBox(), before, 'the row under the pointer has not moved');
    t.match(await page.locator('.waiting').getAttribute('class'), /waiting-severe/);
    await walkTo(page, page.locator('.waiting'));
    t.ok(await page.locator('.waiting').isVisible(), 'the bar stays under the pointer that comes to it');
    await page.mouse.down();
    await page.mouse.up();
    const order = await page.evaluate(
      "[...document.querySelectorAll('.alert-list > li')].map((row) => row.dataset.id)",
    );
    t.same(order, ['late-2', 'race', 'late-1', 'fire-1'], 'open and gravest first');
    t.notOk(await page.locator('.waiting').isVisible());
  });
}

/** Goes there as a hand does: in steps, with time for the page to notice each. */
async function walkTo(page: Page, target: Locator): Promise<void> {
  const from = await page.locator('[data-id=race]').boundingBox();
  const to = await target.boundingBox();
  if (!from || !to) throw new Error('nowhere to go');
  const center = (box: { x: number; y: number; width: number; height: number }) => ({
    x: box.x + box.width / 2,
    y: box.y + box.height / 2,
  });
  const [a, b] = [center(from), center(to)];
  const steps = 25;
  for (let at = 1; at <= steps; at += 1) {
    await page.mouse.move(a.x + ((b.x - a.x) * at) / steps, a.y + ((b.y - a.y) * at) / steps);
    await page.evaluate('new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))');
  }
}

async function keysWork(t: Test, api: FakeConsoleApi, { page }: View): Promise<void> {
  await t.test('j, k and a work without the mouse', async (t) => {
    await page.mouse.move(2, 2);
    await page.locator('h1').click();
    for (const key of ['j', 'k', 'k', 'k', 'k', 'j', 'j', 'k', 'k']) await page.keyboard.press(key);
    const focused = () => page.evaluate('document.activeElement.dataset.id');
    t.equal(await focused(), 'late-2');
    await page.keyboard.press('a');
    await page.locator('[data-id=late-2]').getByText('acknowledged by li.na').waitFor();
    t.equal(await focused(), 'late-2', 'the focus stays on the row');
    await page.keyboard.press('Enter');
    await page.locator('[data-id=late-2]').getByLabel('Comment').fill('jka');
    t.equal(api.requests.filter((line) => line.endsWith('/ack')).length, 3, 'letters in a field are no commands');
  });
}

t.test('a viewer sees alerts and no buttons for them; a lost session asks to sign in again', async (t) => {
  const api = await startFakeApi(t);
  const view = await openBrowser(t);
  const { page } = view;
  api.raise({ id: 'seen' });
  await signIn(view, api.url, 'viewer');
  const row = page.locator('[data-id=seen]');
  await row.waitFor();
  t.equal(await row.getByRole('button', { name: 'Acknowledge' }).count(), 0);
  await view.context.clearCookies();
  await page.getByText('Your session has ended. Please sign in again.').waitFor();
});

t.test('faults are on the maintenance desk, one press away, and the only desk of a technician', async (t) => {
  const api = await startFakeApi(t);
  const view = await openBrowser(t);
  const { page } = view;
  api.raise({ id: 'fire' });
  const fault = { class: 'fault', desk: 'maintenance', title: { en: 'Camera is offline', zh: '摄像机离线' } };
  api.raise({ id: 'dark', ...fault });
  await signIn(view, api.url);
  await page.locator('[data-id=fire]').waitFor();
  t.equal(await page.locator('[data-id=dark]').count(), 0);
  await page.getByRole('button', { name: 'Maintenance 1' }).click();
  await page.locator('[data-id=dark]').waitFor();
  t.equal(await page.locator('[data-id=fire]').count(), 0);
  api.raise({ id: 'dark-too', ...fault });
  await page.locator('[data-id=dark-too]').waitFor();
  api.raise({ id: 'second-fire' });
  await page.getByRole('button', { name: 'Alerts 2' }).click();
  await page.locator('[data-id=second-fire]').waitFor();
  t.equal(await page.locator('.alert-list > li').count(), 2);
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.locator('input[name=username]').waitFor();
  await signIn(view, api.url, 'technician');
  await page.locator('[data-id=dark]').waitFor();
  t.equal(await page.getByRole('button', { name: /^Alerts/ }).count(), 0);
});
