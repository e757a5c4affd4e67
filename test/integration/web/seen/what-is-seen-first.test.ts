import type { Locator } from 'playwright-core';
import t from 'tap';
import { smallTargets } from '../../../support/web/barriers.ts';
import { openBrowser, signIn } from '../../../support/web/browser.ts';
import { startFakeApi } from '../../../support/web/fake-console-api.ts';

const PHONE = { width: 390, height: 844 };

const boxOf = async (one: Locator) => (await one.boundingBox()) ?? { x: 0, y: 0, width: 0, height: 0 };

function pictureOf(alert: string) {
  const url = `/api/v1/alerts/${alert}/evidence/p1`;
  const told = { ageMs: 9_000, endsAt: null, sha256: null, reason: null };
  return { id: 'p1', type: 'picture', camera: 'cam-0', takenAt: new Date().toISOString(), url, ...told };
}

t.test('in a case what is to be done stands above what was reported and its pictures', async (t) => {
  const api = await startFakeApi(t);
  api.raise({ id: 'fire', evidence: [pictureOf('fire')], location: { lat: 29.87, lon: 121.55 } });
  const view = await openBrowser(t, PHONE);
  const { page } = view;
  await signIn(view, api.url);
  await page.goto(`${api.url}/alerts/fire`);
  const part = (name: string) => page.getByRole('region', { name, exact: true });
  await part('What to do').locator('li').first().waitFor();
  await part('Pictures').locator('img').waitFor();
  const tops: number[] = [];
  for (const name of ['Actions', 'What to do', 'What fired', 'Pictures', 'What happened'])
    tops.push((await boxOf(part(name))).y);
  t.same(
    tops,
    tops.toSorted((a, b) => a - b),
  );
  await part('Where it is').getByRole('link').waitFor();
  t.same(await smallTargets(page), []);

  await page.setViewportSize({ width: 1440, height: 900 });
  const [fired, todo] = [await boxOf(part('What fired')), await boxOf(part('What to do'))];
  t.ok(todo.x > fired.x + fired.width, 'on a desk it stands beside them');
});

t.test('the name of the program is cut before the sound takes a row of its own', async (t) => {
  const api = await startFakeApi(t);
  const view = await openBrowser(t, { ...PHONE, locale: 'zh-CN' });
  const { page } = view;
  await signIn(view, api.url);
  const [name, sound] = [await boxOf(page.locator('.head h1')), await boxOf(page.locator('.head .sound'))];
  t.ok(sound.y < name.y + name.height, 'one row');
  t.ok(sound.x + sound.width <= PHONE.width);
});

t.test(
  'who keeps devices going is told how many faults are open, and is shown no picture they may not see',
  async (t) => {
    const api = await startFakeApi(t);
    api.raise({ id: 'dark', desk: 'maintenance', severity: 'moderate', evidence: [pictureOf('dark')] });
    api.raise({ id: 'fire' });
    const view = await openBrowser(t);
    const { page } = view;
    await signIn(view, api.url, 'technician');
    await page.locator('[data-id=dark]').waitFor();
    const counts = page.getByRole('region', { name: 'Open faults' }).locator('b');
    await counts.first().getByText('0').waitFor();
    t.same(await counts.allInnerTexts(), ['0', '0', '1', '0']);
    t.equal(await page.locator('[data-id=dark] img').count(), 0);
  },
);

t.test('a technician handles faults by keyboard and in the case, and merges nothing', async (t) => {
  const api = await startFakeApi(t);
  api.raise({ id: 'dark', desk: 'maintenance', class: 'fault', severity: 'moderate' });
  const view = await openBrowser(t);
  const { page } = view;
  await signIn(view, api.url, 'technician');
  const row = page.locator('[data-id=dark]');
  await row.getByRole('button', { name: 'Acknowledge' }).waitFor();
  await row.focus();
  await page.keyboard.press('a');
  await row.getByText('acknowledged by technician').waitFor();
  await page.keyboard.press('o');
  const deeds = page.getByRole('region', { name: 'Actions' });
  await deeds.getByRole('button', { name: 'Close' }).waitFor();
  t.equal(await deeds.getByRole('button', { name: /Merge|Silence/ }).count(), 0);
});

t.test('why a camera shows nothing leaves the name of the camera its place', async (t) => {
  const api = await startFakeApi(t);
  const view = await openBrowser(t, { width: 1440, height: 900 });
  const { page } = view;
  await signIn(view, api.url);
  const tile = page.locator('.tile').first();
  await tile.waitFor();
  const why = 'no picture, trying again: the camera does not answer to the login that is registered for it';
  await page.evaluate(`document.querySelector('.tile-state').textContent = '${why}'`);
  const [whole, name, state] = [tile, tile.locator('.tile-name'), tile.locator('.tile-state')].map(boxOf);
  t.ok((await name)!.width > (await whole)!.width * 0.35, 'the name is seen');
  t.ok((await state)!.x >= (await name)!.x + (await name)!.width - 1, 'beside it');
});
