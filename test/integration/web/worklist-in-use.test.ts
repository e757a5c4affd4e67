import t, { type Test } from 'tap';
import { until } from '../../support/time/until.ts';
import { openBrowser, signIn, type View } from '../../support/web/browser.ts';
import { type FakeConsoleApi, startFakeApi } from '../../support/web/fake-console-api.ts';

const focused = ({ page }: View) => page.evaluate('document.activeElement.dataset.id');
const ids = ({ page }: View) =>
  page.evaluate("[...document.querySelectorAll('.alert-list > li')].map((row) => row.dataset.id)");

async function started(t: Test): Promise<{ api: FakeConsoleApi; view: View }> {
  const api = await startFakeApi(t);
  const severities = ['extreme', 'severe', 'moderate', 'minor'];
  for (const severity of severities) api.raise({ id: severity, severity });
  api.raise({ id: 'away', severity: 'moderate', rule: 'camera-offline@2', handling: 'acked', ackedBy: '王伟' });
  const view = await openBrowser(t);
  await signIn(view, api.url);
  await view.page.locator('[data-id=extreme]').waitFor();
  return { api, view };
}

t.test('filters stand in the address: a link shows the same, and back takes the last one back', async (t) => {
  const { api, view } = await started(t);
  const { page } = view;
  await page.getByLabel('Severity').selectOption('moderate');
  await until(
    'moderate ones',
    async () => String(await ids(view)) === 'moderate,away' || String(await ids(view)) === 'away,moderate',
  );
  await page.getByLabel('Handling').selectOption('acked');
  await until('one row', async () => String(await ids(view)) === 'away');
  t.equal(new URL(page.url()).search, '?severity=moderate&handling=acked');

  api.raise({ id: 'other', severity: 'severe' });
  api.raise({ id: 'fitting', severity: 'moderate', handling: 'acked', ackedBy: '李娜' });
  await page.locator('[data-id=fitting]').waitFor();
  t.equal(await page.locator('[data-id=other]').count(), 0, 'news that do not belong stay out');

  await page.getByRole('navigation').getByRole('link', { name: 'Settings' }).click();
  await page.getByRole('navigation').getByRole('link', { name: 'Duty' }).click();
  t.equal(new URL(page.url()).search, '?severity=moderate&handling=acked', 'another view and back loses no filter');
  await page.reload();
  await page.locator('[data-id=fitting]').waitFor();
  t.equal(await page.locator('.alert-list > li').count(), 2);
  await page.goBack();
  await page.goBack();
  await page.goBack();
  t.equal(new URL(page.url()).search, '?severity=moderate');
  await page.locator('[data-id=moderate]').waitFor();
  await page.getByRole('button', { name: 'Clear filters' }).click();
  await page.locator('[data-id=other]').waitFor();
  t.equal(new URL(page.url()).search, '');
  t.same(view.offences, []);
});

t.test('a picture that is refused, or gone, is said to be so, and no broken one stands there', async (t) => {
  const { api, view } = await started(t);
  const { page } = view;
  const url = '/api/v1/alerts/seen/evidence/p';
  const evidence = [
    { id: 'p', type: 'picture', camera: 'cam-0', takenAt: new Date().toISOString(), url, reason: null },
  ];
  await page.route(`**${url}`, (route) => route.fulfill({ status: 403, json: { code: 'auth.forbidden' } }));
  api.raise({ id: 'seen', severity: 'extreme', evidence });
  const row = page.locator('[data-id=seen]');
  await row.locator('.thumb', { hasText: 'Not shown to you' }).waitFor();
  t.equal(await row.locator('img').count(), 0);
  t.same(view.offences, []);
});

t.test('several are chosen, what would be done is counted, and it can be taken back', async (t) => {
  const { api, view } = await started(t);
  const { page } = view;
  const asked = (what: string) => api.requests.filter((line) => line.startsWith('POST') && line.endsWith(what)).length;
  await page.locator('[data-id=extreme]').getByRole('checkbox').check();
  await page
    .locator('[data-id=minor]')
    .getByRole('checkbox')
    .click({ modifiers: ['Shift'] });
  const bar = page.getByRole('region', { name: '5 chosen' });
  await bar.waitFor();
  await bar.getByRole('button', { name: 'Acknowledge 4 of 5' }).click();
  await page
    .getByText(/Acknowledging 4 in \d s/)
    .first()
    .waitFor();
  await page.getByRole('button', { name: 'Undo (u)' }).click();
  await page.locator('.undo-bar').waitFor({ state: 'detached' });

  await page.locator('[data-id=severe]').getByRole('checkbox').check();
  await page.locator('[data-id=minor]').getByRole('checkbox').check();
  await page.getByRole('button', { name: 'Close 2 of 2…' }).click();
  await page.getByRole('menuitem', { name: 'Drill' }).click();
  await page.getByText('2 changed').first().waitFor();
  t.equal(asked('/close'), 2);
  t.equal(asked('/ack'), 0, 'what was taken back never reached the gateway');
  await page.locator('[data-id=minor]').getByText('closed by li.na · Drill').waitFor();
});

t.test('one row stands for a storm, and by district, time and hands the list is narrowed', async (t) => {
  const { api, view } = await started(t);
  const { page } = view;
  api.raise({ id: 'storm', severity: 'moderate', stormCount: 30, level: 'city' });
  for (const id of ['part-1', 'part-2'])
    api.raise({ id, severity: 'moderate', storm: 'storm', visibility: 'inhibited' });
  api.raise({ id: 'elsewhere', severity: 'minor', jurisdiction: '330212' });
  const row = page.locator('[data-id=storm]');
  await row.getByText('told to the city').waitFor();
  await page.locator('[data-id=elsewhere]').waitFor();
  t.equal(await page.locator('[data-id^=part]').count(), 0, 'its parts have no rows of their own');
  await row.getByRole('link', { name: 'and 29 more like it' }).click();
  await until('its parts', async () => (await page.locator('[data-id^=part]').count()) === 2);
  t.equal(await page.locator('.alert-list > li').count(), 2);
  t.equal(new URL(page.url()).search, '?desk=police&storm=storm');
  await page.getByRole('button', { name: 'Clear filters' }).click();

  await page.getByLabel('District').selectOption('330212');
  await until('that of the district', async () => String(await ids(view)) === 'elsewhere');
  await page.getByRole('button', { name: 'Clear filters' }).click();
  await page.getByLabel('From').fill('2099-01-01T00:00');
  await until('nothing is from then', async () => String(await ids(view)) === '');
  await page.getByRole('button', { name: 'Clear filters' }).click();
  await page.locator('[data-id=minor]').waitFor();
  await page.getByLabel('Mine').check();
  await until('nothing is theirs', async () => String(await ids(view)) === '');
  api.change('minor', { handling: 'assigned', assignedTo: 'li.na' });
  await until('what they are given', async () => String(await ids(view)) === 'minor');
  t.same(view.offences, []);
});

t.test('everything is done by keyboard', async (t) => {
  const { api, view } = await started(t);
  const { page } = view;
  await page.locator('h1').click();
  await page.keyboard.press('j');
  t.equal(await focused(view), 'extreme');
  await page.keyboard.press('j');
  await page.keyboard.press('s');
  await page.getByRole('dialog', { name: 'Assign…' }).locator(':focus').waitFor();
  await page.keyboard.type('王伟');
  await page.keyboard.press('Enter');
  await until('the focus is on the row again', async () => (await focused(view)) === 'severe');
  await page.locator('[data-id=severe]').getByText('assigned to 王伟').waitFor();
  await page.keyboard.press('c');
  await page.getByRole('menu').waitFor();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await page.locator('[data-id=severe]').getByText('about to change').waitFor();
  await page.keyboard.press('u');
  await page.locator('[data-id=severe]').getByText('about to change').waitFor({ state: 'detached' });
  await page.keyboard.press('x');
  t.ok(await page.locator('[data-id=severe]').getByRole('checkbox').isChecked());
  await page.keyboard.press('/');
  t.equal(await page.evaluate('document.activeElement.closest("form").className'), 'filters');
  await page.keyboard.press('?');
  t.equal(await page.getByRole('dialog').count(), 0, 'a key in a field is no command');
  await page.locator('h1').click();
  await page.keyboard.press('?');
  await page.getByRole('dialog', { name: 'Keys' }).waitFor();
  t.notOk(api.requests.some((line) => line.endsWith('/close')));
});

t.test('what is about to be done is done when the page goes away', async (t) => {
  const { api, view } = await started(t);
  const { page } = view;
  await page.locator('[data-id=minor]').getByRole('button', { name: 'Close…' }).click();
  await page.getByRole('menuitem', { name: 'Drill' }).click();
  await page.goto('about:blank');
  await until('the gateway to hear of it', () =>
    api.requests.some((line) => line === 'POST /api/v1/alerts/minor/close'),
  );
});

t.test('who leaves while more is to be done than a page that goes can send is asked first', async (t) => {
  const { api, view } = await started(t);
  const { page } = view;
  const questions: string[] = [];
  page.on('dialog', (dialog) => void questions.push(dialog.type()));
  await page.locator('[data-id=extreme]').getByRole('checkbox').check();
  const last = page.locator('[data-id=minor]').getByRole('checkbox');
  await last.click({ modifiers: ['Shift'] });
  await page.getByRole('button', { name: 'Close 5 of 5…' }).click();
  await page.getByRole('menuitem', { name: 'Drill' }).click();
  await page.evaluate('void setTimeout(() => location.reload())');
  await until('the question', () => questions.length > 0);
  t.same(questions, ['beforeunload']);
  const closed = () => api.requests.filter((line) => line.startsWith('POST') && line.endsWith('/close')).length;
  await until('all to be closed', () => closed() === 5);
  await page.getByText('5 changed').first().waitFor();
});

t.test('who sees neither alerts nor cameras begins with the administration; an address keeps its view', async (t) => {
  const api = await startFakeApi(t);
  const view = await openBrowser(t);
  const { page } = view;
  await signIn(view, api.url, 'auditor');
  await page.locator('.screen-admin').waitFor();
  t.equal(new URL(page.url()).pathname, '/admin');
  await page.goto(`${api.url}/video`);
  await page.locator('.screen-video').waitFor();
  await page.goto(`${api.url}/settings`);
  await page.getByRole('radio', { name: 'light', exact: true }).check();
  t.equal(await page.getAttribute('html', 'data-theme'), 'light');
  await page.reload();
  await page.locator('.settings').waitFor();
  t.equal(await page.getAttribute('html', 'data-theme'), 'light', 'and is remembered');
});
