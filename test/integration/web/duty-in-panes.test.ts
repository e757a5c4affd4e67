import type { Route } from 'playwright-core';
import t from 'tap';
import { until } from '../../support/time/until.ts';
import { barriersOf } from '../../support/web/barriers.ts';
import { openBrowser, signIn } from '../../support/web/browser.ts';
import { startFakeApi } from '../../support/web/fake-console-api.ts';
import { faultsOf } from '../../support/web/tour/look.ts';

t.test('what is chosen in the list, on the map or on the wall moves the others', async (t) => {
  const api = await startFakeApi(t);
  const subject = { type: 'device', id: 'cam-1', name: 'Gulou tower' };
  api.raise({ id: 'fire', device: 'kiosk-017', severity: 'extreme' });
  api.raise({ id: 'dark', device: 'cam-1', severity: 'minor', subject });
  const view = await openBrowser(t, { width: 1000, height: 640, dutyMap: true });
  const { page } = view;
  await signIn(view, api.url);
  const whole = page.getByRole('link', { name: 'The whole map' });
  const seeing = page.getByRole('heading', { name: 'Cameras that see' });
  await page.locator('.duty-map canvas').waitFor();

  await t.test('a row shows its device on the map, and the cameras that see it', async (t) => {
    await page.locator('[data-id=fire] .place').click();
    await seeing.waitFor();
    await until('two cameras', async () => (await page.locator('.tile').count()) === 2);
    t.equal(await whole.getAttribute('href'), '/map?device=kiosk-017');
  });

  await t.test('a camera of the wall shows its alert', async () => {
    await page.locator('.tile', { hasText: 'Gulou tower' }).click();
    await page.getByRole('dialog').waitFor();
    await page.keyboard.press('Escape');
    await page.locator('[data-id=dark][aria-current=true]').waitFor();
  });

  await t.test('a device on the map shows its alert, and the cameras that see it', async () => {
    await page.locator('[data-id=fire] .place').click();
    await page.getByRole('button', { name: 'All cameras' }).click();
    await seeing.waitFor({ state: 'detached' });
    // The map stands over the device as soon as it has come there.
    const box = (await page.locator('.duty-map canvas').boundingBox())!;
    await until('the device is pressed', async () => {
      await page.mouse.click(box.x + box.width / 2, box.y + box.height / 2);
      return (await seeing.count()) === 1;
    });
    await page.locator('[data-id=fire][aria-current=true]').waitFor();
  });

  t.same(await barriersOf(page), []);
  await page.getByRole('button', { name: 'Hide the map' }).click();
  await page.reload();
  await page.getByRole('button', { name: 'Show the map' }).waitFor();
  t.same(view.offences, []);
});

t.test('on a phone the map stays a view of its own', async (t) => {
  const api = await startFakeApi(t);
  const view = await openBrowser(t, { width: 390, height: 740, dutyMap: true });
  await signIn(view, api.url);
  await view.page.locator('.tile').first().waitFor();
  t.equal(await view.page.locator('.duty-map, .duty-switch').count(), 0);
  t.equal(api.requests.filter((line) => line.includes('/map/')).length, 0);
});

t.test('while the map is on its way nothing lies where it will be', async (t) => {
  const api = await startFakeApi(t);
  const view = await openBrowser(t, { width: 1440, height: 900, dutyMap: true });
  const { page } = view;
  const held: Route[] = [];
  await page.route('**/api/v1/map/devices*', (route) => void held.push(route));
  await signIn(view, api.url);
  await page.getByRole('link', { name: 'The whole map' }).waitFor();
  t.equal(await page.locator('.duty-map canvas').count(), 0);
  t.same(await faultsOf(page), []);
  await until('it was asked', () => held.length > 0);
  for (const route of held) await route.continue();
  await page.locator('.duty-map canvas').waitFor();
});
