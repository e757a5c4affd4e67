import type { Page } from 'playwright-core';
import t from 'tap';
import { until } from '../../../support/time/until.ts';
import { openBrowser, signIn, type View } from '../../../support/web/browser.ts';
import { startFakeApi } from '../../../support/web/fake-console-api.ts';

/**
 * A browser without a desktop shows no notifications, and gives nobody leave for them: this stands for its class, notes
 * what it is asked to show, and lets the test say whether somebody looks at the window.
 */
const LISTENS = `
  window.told = [];
  window.away = false;
  document.hasFocus = () => !window.away;
  window.Notification = class {
    static permission = 'default';
    static async requestPermission() {
      this.permission = window.refuses ? 'denied' : 'granted';
      return this.permission;
    }
    constructor(title, { tag, body }) {
      if (window.refuses === 'all') throw new TypeError('Illegal constructor.');
      Object.assign(this, { title, tag, body, closed: false });
      told.push(this);
    }
    close() {
      this.closed = true;
      this.onclose();
    }
  };
`;

interface Told {
  title: string;
  tag: string;
  body: string;
  closed: boolean;
}

const toldOn = async (page: Page): Promise<Told[]> =>
  (await page.evaluate('told.map(({ title, tag, body, closed }) => ({ title, tag, body, closed }))')) as Told[];

async function look(page: Page, isLooking: boolean): Promise<void> {
  await page.evaluate(`window.away = ${!isLooking}; dispatchEvent(new Event('${isLooking ? 'focus' : 'blur'}'))`);
  if (!isLooking) await until('no window is looked at', async () => (await page.evaluate(HELD)) === 0);
}

const HELD = `navigator.locks
  .query()
  .then(({ held }) => held.filter(({ name }) => name === 'citywatch.looked-at').length)`;

async function choose(page: Page, name: string): Promise<void> {
  await page.getByRole('link', { name: 'Settings' }).click();
  await page.getByRole('group', { name: 'While nobody looks at this page' }).getByText(name, { exact: true }).click();
}

async function open(t: { teardown(run: () => unknown): void }) {
  const api = await startFakeApi(t);
  const view: View = await openBrowser(t);
  await view.context.addInitScript(LISTENS);
  await signIn(view, api.url);
  return { api, view, page: view.page };
}

t.test(
  'a new grave alert is told on the desktop while nobody looks, and taken away when somebody has it',
  async (t) => {
    const { api, page } = await open(t);
    await look(page, false);
    api.raise({ id: 'before', severity: 'extreme' });
    await page.locator('[data-id=before]').waitFor();
    t.same(await toldOn(page), [], 'nobody asked for it');

    await choose(page, 'extreme and severe');
    await until('a sample', async () => (await toldOn(page)).length === 1);
    await page.getByRole('link', { name: 'Duty' }).click();
    api.raise({ id: 'drill', exercise: true });
    api.raise({ id: 'small', severity: 'minor' });
    api.raise({ id: 'fault', desk: 'maintenance', class: 'fault' });
    api.raise({ id: 'covert', severity: 'severe', audience: 'named', title: { en: '浙B·12345', zh: '浙B·12345' } });
    api.raise({ id: 'fire', severity: 'extreme' });
    await until('all that is told', async () => (await toldOn(page)).length >= 3);
    const [, covert, fire] = await toldOn(page);
    t.same(covert, { title: 'Severe: an alert for you', body: '', tag: 'covert', closed: false });
    t.match(fire, { title: 'Extreme: Fire in a recycling kiosk', tag: 'fire', closed: false });
    t.notMatch(JSON.stringify(fire), /鼓楼街道/, 'no place on a locked screen');

    api.change('fire', { handling: 'acknowledged', ackedBy: 'hu' }, { type: 'alert.acked' });
    await until('taken away', async () => (await toldOn(page)).find(({ tag }) => tag === 'fire')?.closed === true);
    t.equal((await toldOn(page)).length, 3, 'each once');
  },
);

t.test('nothing is told of what is seen in another window, and a press leads to the case', async (t) => {
  const { api, view, page } = await open(t);
  await choose(page, 'all new alerts');
  const other = await view.context.newPage();
  await other.goto(api.url);
  await other.getByText('All is quiet').waitFor();
  await page.evaluate(`window.away = true; dispatchEvent(new Event('blur'))`);
  api.raise({ id: 'seen', severity: 'minor' });
  await other.locator('[data-id=seen]').waitFor();
  await other.evaluate(`window.away = true; dispatchEvent(new Event('blur'))`);
  await until('no window is looked at', async () => (await page.evaluate(HELD)) === 0);
  api.raise({ id: 'unseen', severity: 'minor' });
  await until('told', async () => (await toldOn(page)).some(({ tag }) => tag === 'unseen'));
  t.notOk((await toldOn(page)).some(({ tag }) => tag === 'seen'));
  await page.evaluate(`told.find(({ tag }) => tag === 'unseen').onclick()`);
  await page.waitForURL('**/alerts/unseen');
});

t.test('a storm is five and a count, and nothing stays when somebody signs out', async (t) => {
  const { api, page } = await open(t);
  await choose(page, 'all new alerts');
  await until('a sample', async () => (await toldOn(page)).length === 1);
  await page.evaluate(`told[0].close()`);
  await look(page, false);
  for (let n = 0; n < 20; n += 1) api.raise({ id: `storm-${n}` });
  await until('the last is counted', async () => (await toldOn(page)).at(-1)?.title === '15 more new alerts');
  t.equal(new Set((await toldOn(page)).slice(1).map(({ tag }) => tag)).size, 6);
  t.equal((await toldOn(page)).length, 21);
  await page.getByRole('banner').getByRole('button', { name: 'Sign out' }).click();
  await page.locator('input[name=username]').waitFor();
  const newest = new Map((await toldOn(page)).map((one) => [one.tag, one]));
  t.same(
    [...newest.values()].filter(({ closed }) => !closed),
    [],
  );
});

t.test('the page says why a browser tells nothing', async (t) => {
  const { page } = await open(t);
  await page.evaluate('window.refuses = true');
  await choose(page, 'all new alerts');
  await page.getByText('The browser blocks them for this page.').waitFor();
  t.same(await toldOn(page), []);

  await page.evaluate(`window.refuses = 'all'; Notification.permission = 'granted'`);
  await choose(page, 'extreme and severe');
  await page.getByText('This browser shows no notifications of pages.').waitFor();
});
