import type { Page } from 'playwright-core';
import qrcode from 'qrcode-generator';
import t, { type Test } from 'tap';
import { until } from '../../../support/time/until.ts';
import { barriersOf, smallTargets } from '../../../support/web/barriers.ts';
import { openBrowser, signIn, type View, type ViewOptions } from '../../../support/web/browser.ts';
import { type FakeConsoleApi, startFakeApi } from '../../../support/web/fake-console-api.ts';
import { PHOTO } from '../../../support/web/fake-orders.ts';

const PHONE = { width: 360, height: 740 };

/** A picture of a code, as a telephone would take it on a good day. */
function codeOf(text: string): Buffer {
  const code = qrcode(0, 'M');
  code.addData(text);
  code.make();
  return Buffer.from(code.createDataURL(6, 24).split(',')[1] ?? '', 'base64');
}

interface Job {
  api: FakeConsoleApi;
  view: View;
  page: Page;
}

/** A technician with an order open, and the page kept on the phone. */
async function job(t: Test, options: ViewOptions = PHONE): Promise<Job> {
  const api = await startFakeApi(t);
  const view = await openBrowser(t, options);
  const { page } = view;
  await signIn(view, api.url, 'technician');
  await page.goto(`${api.url}/orders`);
  await page.getByRole('link', { name: 'W-2026-2' }).first().click();
  await page.getByRole('button', { name: 'Take it' }).waitFor();
  await page.getByText('ready for work without network').waitFor();
  return { api, view, page };
}

const enter = async (page: Page, deed: string, run: () => Promise<void>) => {
  await page.getByRole('button', { name: deed, exact: true }).click();
  await run();
};

const note = (page: Page, text: string, button: string) => async () => {
  await page.locator('.deed-form textarea').fill(text);
  await page.locator('.deed-form').getByRole('button', { name: button, exact: true }).click();
};

t.test('from label to proof without network, over a restart of the page, and sent in order after it', async (t) => {
  const { api, view, page } = await job(t);
  await view.context.setOffline(true);
  await page.reload();
  await page.getByText('Without network. As it was at').waitFor();
  await page.getByRole('button', { name: 'Take it' }).click();
  await page.getByText('Waits to be sent: 1').waitFor();
  await enter(page, 'Scan the label', async () => {
    const label = { name: 'l.gif', mimeType: 'image/gif', buffer: codeOf('https://gw/#/devices/kiosk-00002') };
    await page.locator('.deed-form input[type=file]').setInputFiles(label);
    await page.getByText('Another device: the label says kiosk-00002').waitFor();
    await page.locator('.deed-form input[name=code]').fill('S-1');
    await page.getByRole('button', { name: 'Go' }).click();
    await page.getByText('Right: this is').waitFor();
  });
  await enter(page, 'Swap the unit', async () => {
    await page.getByText('Hangs there: ACME R2 S-1').waitFor();
    await page.getByLabel('Serial number of the new unit').fill('S-9');
    await page.getByLabel('Why').fill('water inside');
    t.same(await smallTargets(page), []);
    t.same(await barriersOf(page), []);
    await page.locator('.deed-form').getByRole('button', { name: 'Swap the unit' }).click();
  });
  await enter(page, 'Photo', async () => page.locator('input[name=photo-after]').setInputFiles(PHOTO));
  await page.locator('.wait-thumb img').waitFor();
  await enter(page, 'Note', note(page, '已换新', 'Enter'));
  await enter(page, 'Finish', note(page, 'works again', 'Finish'));
  await page.getByText('Waits to be sent: 5').waitFor();
  await page.getByText('done when what waits was sent').waitFor();
  await page.reload();
  await page.getByText('Waits to be sent: 5').waitFor();
  t.same(await smallTargets(page), []);
  t.same(await barriersOf(page), []);
  t.equal(await page.evaluate('document.documentElement.scrollWidth - innerWidth'), 0);
  t.same(api.orders.done, []);
  await view.context.setOffline(false);
  await page.getByText('a-secret-that-is-shown-once').waitFor();
  await page.getByText('Everything was sent.').waitFor();
  t.same(api.orders.done, ['taken', 'swap S-9', 'photo after', 'note 已换新', 'done']);
  t.match(api.devices.done, [{ body: { replaces: 'u-1', unit: { serial: 'S-9' }, reason: 'water inside' } }]);
  await page.getByText('now done').waitFor();
  t.same(view.offences, []);
});

t.test('a repeat after lost answers does nothing twice', async (t) => {
  const { api, page } = await job(t);
  api.orders.losesAnswers = true;
  await page.getByRole('button', { name: 'Take it' }).click();
  await page.getByText('sent, no answer yet').waitFor();
  await enter(page, 'Note', note(page, 'on my way', 'Enter'));
  await until('it was sent again', () => api.orders.asked >= 2);
  api.orders.losesAnswers = false;
  await page.getByText('Everything was sent.').waitFor();
  t.same(api.orders.done, ['taken', 'note on my way']);
});

t.test('what others changed meanwhile is shown with both sides, and its owner decides', async (t) => {
  const { api, view, page } = await job(t);
  await view.context.setOffline(true);
  await page.getByRole('button', { name: 'Take it' }).click();
  await enter(page, 'Note', note(page, 'wet', 'Enter'));
  api.orders.change('W-2026-2', { state: 'cancelled' }, '王伟', 'built over');
  await view.context.setOffline(false);
  const clash = page.locator('.clash');
  await clash.waitFor();
  const text = (await clash.allInnerTexts()).join();
  for (const side of ['What you saw', 'open, nobody has it', 'cancelled, nobody has it', '王伟', 'built over']) {
    t.match(text, side);
  }
  t.match(text, 'can only be left out');
  t.same(api.orders.done, [], 'nothing was guessed');
  t.same(await barriersOf(page), []);
  await clash.getByRole('button', { name: 'drop mine' }).click();
  await clash.getByRole('button', { name: 'Go on with mine' }).click();
  await page.getByText('Everything was sent.').waitFor();
  t.same(api.orders.done, ['note wet'], 'what still fits was sent because its owner said so');
});

t.test('a unit that somebody else hung up is not replaced unseen', async (t) => {
  const { api, view, page } = await job(t);
  await page.getByRole('button', { name: 'Take it' }).click();
  await page.getByText('Everything was sent.').waitFor();
  await view.context.setOffline(true);
  await enter(page, 'Swap the unit', async () => {
    await page.getByLabel('Serial number of the new unit').fill('S-9');
    await page.getByLabel('Why').fill('broken');
    await page.locator('.deed-form').getByRole('button', { name: 'Swap the unit' }).click();
  });
  const device = api.devices.all.find(({ id }) => id === 'kiosk-00001')!;
  device.unit = { id: 'u-other', serial: 'S-5', maker: 'ACME', model: 'R2' };
  await view.context.setOffline(false);
  const clash = page.locator('.clash');
  await clash.waitFor();
  t.match((await clash.allInnerTexts()).join(), /Another unit[\s\S]*ACME R2 S-1[\s\S]*ACME R2 S-5/);
  t.same(api.devices.done, []);
  await clash.getByRole('button', { name: 'Swap ACME R2 S-5 for mine' }).click();
  await page.getByText('Everything was sent.').waitFor();
  t.match(api.devices.done, [{ body: { replaces: 'u-other', unit: { serial: 'S-9' } } }]);
});

t.test('entries belong to who made them: asked about, wiped at sign-out, and nobody else sends them', async (t) => {
  const { api, view, page } = await job(t);
  const signInAs = async (user: string) => {
    await page.locator('input[name=username]').fill(user);
    await page.locator('.login input[name=password]').fill('correct horse');
    await page.locator('button[type=submit]').click();
    await page.locator('.screen').waitFor();
  };
  api.unplugged = true;
  await enter(page, 'Note', note(page, 'mine alone', 'Enter'));
  await page.getByText('Waits to be sent: 1').waitFor();
  await view.context.clearCookies();
  api.unplugged = false;
  await page.getByText('Entries for work orders wait on this device.').waitFor();
  await signInAs('li.na');
  await page.goto(`${api.url}/orders/W-2026-2`);
  await page.getByText('Everything was sent.').waitFor();
  t.equal(await page.getByText('mine alone').count(), 0);
  await page.goto(`${api.url}/settings`);
  await page.locator('.settings').getByRole('button', { name: 'Sign out' }).click();
  await page.locator('.login').waitFor();
  t.same(api.orders.done, []);
  await signInAs('technician');
  await until('it was sent', () => api.orders.done.length > 0);
  t.same(api.orders.done, ['note mine alone']);
  api.unplugged = true;
  await page.goto(`${api.url}/orders/W-2026-2`);
  await enter(page, 'Note', note(page, 'not worth it', 'Enter'));
  await page.getByText('Waits to be sent: 1').waitFor();
  // The gateway answers what is asked, and nothing of the queue yet.
  await page.route('**/api/v1/orders/**', (route) => route.abort());
  api.unplugged = false;
  await page.goto(`${api.url}/settings`);
  await page.locator('.settings').getByRole('button', { name: 'Sign out' }).click();
  await page.getByText('was not sent: 1').waitFor();
  t.same(await barriersOf(page), []);
  await page.getByRole('button', { name: 'Stay signed in' }).click();
  await page.locator('.settings').getByRole('button', { name: 'Sign out' }).click();
  await page.getByRole('button', { name: 'Sign out and lose it' }).click();
  await page.locator('.login').waitFor();
  await until('nothing is kept', async () => (await page.evaluate(KEPT)) === 0);
  t.same(view.offences, []);
});

/** How many things this browser keeps of work orders. */
const KEPT = `new Promise((resolve, reject) => {
  const asked = indexedDB.open('citywatch.orders', 1);
  asked.onerror = () => reject(asked.error);
  asked.onsuccess = async () => {
    const names = [...asked.result.objectStoreNames];
    const tx = asked.result.transaction(names);
    const counts = await Promise.all(names.map((name) => new Promise((tell) => {
      const count = tx.objectStore(name).count();
      count.onsuccess = () => tell(count.result);
    })));
    asked.result.close();
    resolve(counts.reduce((sum, count) => sum + count, 0));
  };
})`;
