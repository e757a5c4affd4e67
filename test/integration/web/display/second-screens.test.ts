import t, { type Test } from 'tap';
import { RIGHTS_OF } from '../../../../src/access/rights.ts';
import { until } from '../../../support/time/until.ts';
import { barriersOf } from '../../../support/web/barriers.ts';
import { openBrowser, signIn } from '../../../support/web/browser.ts';
import { startFakeApi } from '../../../support/web/fake-console-api.ts';

type View = 'wall' | 'map' | 'desk';

/** A browser on a wall: nobody is signed in, and its token counts once. */
async function open(t: Test, view: View) {
  const api = await startFakeApi(t);
  const browser = await openBrowser(t, { width: 960, height: 540 });
  const { page, context } = browser;
  const asked: string[] = [];
  const state = { signedIn: false };
  await page.route('**/api/v1/session', (route) => {
    if (!state.signedIn) return route.fulfill({ status: 401, json: { code: 'auth.required' } });
    const who = { name: 'lobby', username: null, role: 'viewer', jurisdiction: '330203', duties: [] };
    return route.fulfill({ json: { ...who, rights: [...RIGHTS_OF.viewer], display: view } });
  });
  await page.route('**/api/v1/session/display', async (route) => {
    const request = route.request();
    if (request.method() === 'GET') {
      const wall = { layout: 4, cameras: api.cameras.slice(0, 3) };
      return route.fulfill({ json: { name: 'lobby', view, wall: view === 'map' ? null : wall } });
    }
    asked.push(request.postData() ?? '');
    if (asked.length > 1) return route.fulfill({ status: 401, json: { code: 'auth.required' } });
    await context.addCookies([{ name: 'session', value: '1', url: api.url }]);
    state.signedIn = true;
    return route.fulfill({ json: { view } });
  });
  return { api, browser, page, asked, state };
}

t.test(
  'a link signs a screen in once; its token stays in no address, and the screen goes dark at its end',
  async (t) => {
    const { api, browser, page, asked, state } = await open(t, 'wall');
    await page.goto(`${api.url}/wall#screen=cwd_token`);
    await page.locator('.video-tile', { hasText: '天一广场东口' }).waitFor();
    t.equal(page.url(), `${api.url}/wall`);
    t.same(asked, ['{"token":"cwd_token"}']);
    t.equal(await page.locator('.video-tile').count(), 3);
    t.equal(await page.locator('nav, .head, .video-tools').count(), 0, 'nothing to press but pictures');
    t.same(await barriersOf(page), []);
    const kept = 'JSON.stringify({ ...sessionStorage, ...localStorage, ...history.state })';
    t.notMatch(await page.evaluate(kept), /cwd_token/);
    await page.reload();
    await page.locator('.video-tile').first().waitFor();
    t.equal(asked.length, 1, 'it goes on by its cookie');
    t.same(
      api.requests.filter((one) => /\/api\/v1\/(?!session|streams|live)|recordings/.test(one)),
      [],
      'nothing is asked for that is not for a screen',
    );
    state.signedIn = false;
    await page.getByText('This screen is not registered any more.').waitFor();
    t.equal(await page.locator('.video-tile').count(), 0);
    t.equal(await page.locator('input[name=username]').count(), 0, 'nobody is asked for a password');
    t.same(browser.offences, []);
  },
);

t.test('a token that does not count is told so; a person signs in by another way', async (t) => {
  const { api, browser, page, asked } = await open(t, 'map');
  asked.push('used before');
  await page.goto(api.url);
  await page.getByRole('link', { name: 'Set up a second screen' }).click();
  await page.getByLabel('Token of this screen').fill('cwd_used');
  await page.getByRole('button', { name: 'Sign this screen in' }).click();
  await page.getByText('This token does not count here').waitFor();
  t.same(await barriersOf(page), []);
  await page.getByRole('link', { name: 'Sign in as a person' }).click();
  await page.locator('input[name=username]').waitFor();
  t.same(browser.offences, []);
});

t.test('the map fills its screen, and alerts stand on theirs with nothing to be done to them', async (t) => {
  const map = await open(t, 'map');
  await map.page.goto(`${map.api.url}/map#screen=cwd_token`);
  await map.page.locator('.display-map .map-box').waitFor();
  t.equal(new URL(map.page.url()).hash, '');
  t.equal(await map.page.locator('.map-side').isVisible(), false);
  t.same(await barriersOf(map.page), []);
  t.same(map.browser.offences, []);
  const desk = await open(t, 'desk');
  const url = '/api/v1/alerts/one/evidence/p';
  const evidence = [
    { id: 'p', type: 'picture', camera: 'cam-0', takenAt: new Date().toISOString(), url, reason: null },
  ];
  desk.api.raise({ id: 'one', evidence });
  await desk.page.goto(`${desk.api.url}/desk#screen=cwd_token`);
  await desk.page.locator('[data-id=one]').waitFor();
  desk.api.raise({ id: 'two' });
  await desk.page.locator('[data-id=two]').waitFor();
  t.equal(await desk.page.getByRole('button', { name: 'Acknowledge' }).count(), 0);
  t.equal(await desk.page.locator('.alert-list img').count(), 0, 'pictures of alerts are not for who passes by');
  t.notMatch(desk.api.requests.join(' '), /alerts\/one\/evidence/, 'and are not asked for');
  t.equal(await desk.page.getByRole('button', { name: 'Sign out' }).count(), 0);
  await until('cameras stand below the map', async () => (await desk.page.locator('.video-tile').count()) === 3);
  t.same(await barriersOf(desk.page), []);
  t.same(desk.browser.offences, []);
});

t.test('an administrator registers a screen, and is shown its link once', async (t) => {
  const api = await startFakeApi(t);
  const view = await openBrowser(t);
  const { page } = view;
  await signIn(view, api.url, 'administrator');
  await page.goto(`${api.url}/admin/screens`);
  await page.getByText('east wall').waitFor();
  await page.getByRole('button', { name: 'Register a second screen' }).click();
  const form = page.getByRole('form', { name: 'Register a second screen' });
  await form.getByLabel('Where it hangs').fill('lobby');
  await form.getByLabel('What it shows').selectOption('map');
  await form.getByLabel('Its IP address').fill('10.1.2.3');
  await form.getByLabel('Area').selectOption('330203');
  await form.locator('button[type=submit]').click();
  await page.getByText(`${api.url}/map#screen=cwd_once`).waitFor();
  const body = { name: 'lobby', view: 'map', address: '10.1.2.3', jurisdiction: '330203' };
  t.same(api.admin.done, [{ what: 'POST /displays', body }]);
  await page.goto(`${api.url}/desk`);
  await page.getByText('Second screens are signed in where nobody is.').waitFor();
  t.same(view.offences, []);
});
