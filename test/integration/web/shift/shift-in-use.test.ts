import t, { type Test } from 'tap';
import { until } from '../../../support/time/until.ts';
import { barriersOf, smallTargets } from '../../../support/web/barriers.ts';
import { openBrowser, signIn, type ViewOptions } from '../../../support/web/browser.ts';
import { startFakeApi } from '../../../support/web/fake-console-api.ts';

async function open(t: Test, { path = '/shift', ...options }: ViewOptions & { path?: string } = {}) {
  const api = await startFakeApi(t);
  const view = await openBrowser(t, options);
  await signIn(view, api.url);
  const goTo = async (to: string) => {
    await view.page.goto(api.url + to);
    await view.page.locator('.paper h2').waitFor();
  };
  await goTo(path);
  return { api, view, page: view.page, goTo, duty: api.shift.duty };
}

t.test('one lead signs with a note that is kept, the other takes what they take, the rest stays', async (t) => {
  const { view, page, duty } = await open(t);
  const note = page.getByLabel('Note for who comes next');
  await page.getByText('6 open, of these 2 shelved').waitFor();
  await page.locator('select[name=to]', { hasText: '陈静' }).waitFor();
  const desk = page.getByRole('region', { name: 'Desks now' });
  t.match(await desk.textContent(), /li\.na, zhao\.min/, 'who is not known by name is shown by the user name');
  t.equal(await page.locator('bdi[title="chen.jing"]').textContent(), '陈静 leads');
  await note.fill('two are being looked at');
  await page.reload();
  await until('it is kept', async () => (await note.inputValue()) === 'two are being looked at');
  t.same(await barriersOf(page), []);
  await page.getByRole('button', { name: 'Sign and hand over' }).click();
  await page.getByRole('heading', { name: 'Hand-over of Haishu' }).waitFor();
  t.match(duty.done, [{ what: 'give s-now', body: { to: 's-next', note: 'two are being looked at' } }]);
  t.equal(new URL(page.url()).search, '?handover=h-2');
  await page.getByText('The lead of the next shift signs for it.').waitFor();
  t.equal(await page.getByRole('checkbox').count(), 0, 'what one gives one does not take');

  await page.goBack();
  const waiting = page.getByRole('region', { name: 'Waits for you to take it' });
  await waiting.getByRole('link').click();
  await page.getByText('东门有两处在处置').waitFor();
  t.match(await page.locator('.pairs [title="wang.wei"]').textContent(), /^王伟/, 'who signed, and by which user name');
  const items = page.locator('.hand-items > li');
  t.equal(await items.count(), 4);
  t.match(await items.nth(1).textContent(), /shelved · was with the shift before/);
  t.match(await items.nth(3).textContent(), /gone, or not yours to see/);
  await page.getByText('and 2 more, which are not listed').waitFor();
  t.equal(await items.nth(2).locator('b').count(), 0, 'names stay text');
  t.equal(await page.getByRole('checkbox').count(), 2, 'what nobody had is nobody’s to take');
  await page.getByRole('checkbox', { name: 'Take over Manhole is open' }).uncheck();
  await page.getByText('You take 1 of 2.').waitFor();
  await page.reload();
  await page.getByText('You take 1 of 2.').waitFor();
  t.same(await barriersOf(page), []);
  await page.getByRole('button', { name: 'Sign and take over' }).click();
  await items.nth(1).getByText('stays where it was').waitFor();
  t.match(duty.done.at(-1), { what: 'take h-1', body: { left: ['a-2'] } });
  await items.nth(0).getByText('taken', { exact: true }).waitFor();
  t.same(view.offences, []);
});

t.test('it is one paper of A4, black on white, with both signatures', async (t) => {
  const { page, goTo } = await open(t, { path: '/shift?handover=h-1' });
  await page.locator('.hand-items').waitFor();
  await page.emulateMedia({ media: 'print' });
  for (const hidden of ['.rail', '.head', '.taking', '.case-back']) {
    t.notOk(await page.locator(hidden).first().isVisible(), hidden);
  }
  t.equal(await page.locator('.signatures p').count(), 3);
  t.ok(await page.locator('.signatures').isVisible());
  t.match(await page.evaluate('getComputedStyle(document.documentElement).backgroundColor'), 'rgb(255, 255, 255)');
  await goTo('/figures');
  await page.locator('tfoot').waitFor();
  t.notOk(await page.locator('.figures-form').isVisible());
  const pages = (await page.pdf({ preferCSSPageSize: true })).toString('latin1').match(/\/Type\s*\/Page\b/g);
  t.equal(pages?.length, 1, 'the figures fit one sheet');
});

t.test('figures say how long it took, how often rules were right, and where there are too few to tell', async (t) => {
  const { api, page, view } = await open(t, { path: '/figures?days=7' });
  const row = (text: string) => page.locator('tbody tr', { hasText: text });
  await row('Haishu').waitFor();
  t.match(await row('Haishu').textContent(), /1,240.*180 ms \(120 ms\)n = 1,240.*1 min 15 s \(42 s\)/);
  t.match(await row('Yinzhou').textContent(), /n = 3 · too few.*none.*n = 1 · too few/);
  t.match(await row('Fire in a kiosk').textContent(), /240190113994.5%|240190113994,5/);
  t.match(await row('Camera is away').textContent(), /too few \(4\)$/);
  t.match(await page.locator('tfoot').textContent(), /all1,243.*n = 1,243/);
  const asked = api.requests.find((one) => one.includes('/reports/alert-times')) ?? '';
  const query = new URL(asked.split(' ')[1] ?? '', api.url).searchParams;
  t.equal(Date.parse(query.get('to') ?? '') - Date.parse(query.get('from') ?? ''), 7 * 86_400_000);
  t.equal(query.get('desk'), 'police');
  await page.getByLabel('Desk').selectOption('maintenance');
  await until('the other desk is asked for', () =>
    api.requests.some((one) => /precision.*desk=maintenance|desk=maintenance.*precision/.test(one)),
  );
  t.match(new URL(page.url()).search, /desk=maintenance&days=7/);
  await page.locator('.figures-form select').first().selectOption('own');
  await page.locator('input[name=from]').fill('2020-01-01T00:00:00');
  await page.getByText('by 100 days at most').waitFor();
  t.same(await barriersOf(page), []);
  t.same(view.offences, []);
});

t.test('on a phone, in Chinese, nothing is too wide or too small', async (t) => {
  const { page, goTo } = await open(t, { width: 360, height: 740, locale: 'zh-CN' });
  for (const [path, there] of [
    ['/shift', '.deed-form'],
    ['/shift?handover=h-1', '.hand-items'],
    ['/figures', 'tfoot'],
  ] as const) {
    await goTo(path);
    await page.locator(there).waitFor();
    t.same(await barriersOf(page), [], path);
    t.same(await smallTargets(page), [], path);
    t.equal(await page.evaluate('document.documentElement.scrollWidth - innerWidth'), 0, path);
  }
});
