import t, { type Test } from 'tap';
import { until } from '../../../support/time/until.ts';
import { barriersOf } from '../../../support/web/barriers.ts';
import { openBrowser, signIn } from '../../../support/web/browser.ts';
import { startFakeApi } from '../../../support/web/fake-console-api.ts';

async function open(t: Test, path: string, user = 'administrator') {
  const api = await startFakeApi(t);
  const view = await openBrowser(t);
  await signIn(view, api.url, user);
  await view.page.goto(api.url + path);
  return { admin: api.admin, view, page: view.page };
}

t.test('a silence that comes again says when it would hold, and is sent with its windows', async (t) => {
  const { admin, view, page } = await open(t, '/admin/silences?jurisdiction=330203');
  const form = page.getByRole('form', { name: 'Leave alerts unsaid for a time' });
  t.equal(await form.locator('input[type=time]').count(), 0, 'once, unless somebody says otherwise');
  await form.getByLabel('Comes again on').selectOption('sat sun');
  await form.getByLabel('Each time from').fill('22:00');
  await form.getByLabel('Each time until').fill('06:00');
  await form.getByLabel('And on (window 2').selectOption('workdays');
  await form.getByLabel('From, window 2').fill('12:00');
  await form.getByLabel('Until, window 2').fill('13:30');
  await form.getByLabel('Comes again until').fill('2036-01-01T00:00');
  const asked = page.waitForRequest('**/silences/preview');
  await page.getByRole('button', { name: 'What it would hide' }).click();
  const noon = { days: 'workdays', from: '12:00', to: '13:30' };
  const repeats = [{ days: ['sat', 'sun'], from: '22:00', to: '06:00' }, noon];
  t.match((await asked).postDataJSON(), { jurisdiction: '330203', repeats });
  await page.getByText('In the last 7 days it would have hidden 12.').waitFor();
  await page.getByText('It would hold next:').waitFor();
  t.same(await barriersOf(page), []);
  await form.getByLabel('Reason').fill('cleaning');
  const issue = { path: 'repeats.1.to', message: 'is wrong' };
  admin.refuseWith = { status: 400, body: { code: 'request.invalid', issues: [issue] } };
  await form.locator('button[type=submit]').click();
  const wrong = form.locator('input[type=time][aria-invalid=true]');
  t.equal(await wrong.getAttribute('name'), 'repeats.1.to', 'what is wrong stands at its field');
  await form.getByLabel('Comes again on').selectOption('');
  await form.getByLabel('From, window 2').waitFor({ state: 'detached' });
  t.equal(await form.getByLabel('Each time from').inputValue(), '12:00', 'the one after it is the first now');
  await form.locator('button[type=submit]').click();
  await form.waitFor({ state: 'detached' });
  const [sent] = admin.done.slice(-1);
  t.same((sent!.body as { repeats: unknown }).repeats, [noon]);
  await page.getByText('comes again: Saturday, Sunday 22:00–06:00').waitFor();
  t.same(view.offences, []);
});

t.test('alerts are sent by mail, by CAP or to a chat, each with its own fields', async (t) => {
  const { admin, view, page } = await open(t, '/admin/subscriptions');
  const form = page.getByRole('form', { name: 'Tell somebody of alerts' });
  const begin = async (sink: string) => {
    if ((await form.count()) === 0) await page.getByRole('button', { name: 'Tell somebody of alerts' }).click();
    await form.getByLabel('Name', { exact: true }).fill('duty');
    await form.getByLabel('How').selectOption(sink);
    await form.getByLabel('Area').selectOption('330203');
  };
  const send = async () => {
    await form.locator('button[type=submit]').click();
    await form.waitFor({ state: 'detached' });
    return admin.done.at(-1)?.body;
  };
  await begin('mail');
  await form.getByLabel('Mail server').fill('mail.example');
  await form.getByLabel('Port').fill('465');
  await form.getByLabel('Secured by').selectOption('tls');
  await form.getByLabel('Sender').fill('gateway@example.org');
  await form.getByLabel('To (addresses').fill('a@example.org, b@example.org');
  await form.getByLabel('User name at the server').fill('gateway');
  await form.getByLabel('Password at the server').fill('a-phrase-of-mail');
  t.same(await barriersOf(page), []);
  t.notMatch(await page.evaluate('JSON.stringify({ ...sessionStorage, ...localStorage })'), /a-phrase-of-mail/);
  const issue = { path: 'target.host', message: 'is unknown' };
  admin.refuseWith = { status: 400, body: { code: 'request.invalid', issues: [issue] } };
  await form.locator('button[type=submit]').click();
  await form.getByText('is unknown').waitFor();
  const mail = { host: 'mail.example', port: 465, security: 'tls', from: 'gateway@example.org' };
  const to = ['a@example.org', 'b@example.org'];
  const login = { username: 'gateway', password: 'a-phrase-of-mail' };
  t.same(await send(), { name: 'duty', type: 'mail', jurisdiction: '330203', target: { ...mail, to, ...login } });

  await begin('cap');
  await form.getByLabel('Address', { exact: true }).fill('https://cap.example/in');
  await form.getByLabel('Scope').selectOption('Private');
  await form.getByLabel('To whom it goes').fill('desk-1 desk-2');
  await form.getByLabel('Radius').fill('800');
  const cap = { url: 'https://cap.example/in', scope: 'Private', addresses: ['desk-1', 'desk-2'], radiusM: 800 };
  t.match(await send(), { type: 'cap', target: cap });

  await begin('template');
  await form.getByLabel('Address', { exact: true }).fill('https://robot.example/send');
  const message = form.getByLabel('Message');
  t.match(await message.inputValue(), /"msgtype": "text"/, 'something to begin with');
  await message.fill('{ "text": ');
  const before = admin.done.length;
  await form.locator('button[type=submit]').click();
  await form.getByText('is no JSON').waitFor();
  t.equal(admin.done.length, before, 'it was not sent');
  await message.fill('{ "text": "{{title}}" }');
  const ok = { field: 'errcode', equals: 0 };
  t.same((await send()) as object, {
    name: 'duty',
    type: 'template',
    jurisdiction: '330203',
    target: { url: 'https://robot.example/send', json: { text: '{{title}}' }, ok },
  });
  t.same(view.offences, []);
});

t.test('another system that reports is told where to send, and its key is shown once', async (t) => {
  const { admin, view, page } = await open(t, '/admin/sources');
  await page.getByText('<b>Zabbix').waitFor();
  t.match(await page.locator('.admin-rows').textContent(), /zabbix.*Haishu.*at most Severe/);
  await page.getByRole('button', { name: 'Let another system report' }).click();
  const form = page.getByRole('form', { name: 'Let another system report' });
  await form.getByLabel('Id (lower-case').fill('ups');
  await form.getByLabel('Name', { exact: true }).fill('Power');
  await form.getByLabel('Area').selectOption('330203');
  await form.getByLabel('At most').selectOption('moderate');
  t.same(await barriersOf(page), []);
  await form.locator('button[type=submit]').click();
  await form.waitFor({ state: 'detached' });
  await page.getByText('/api/v1/events/v2/enqueue, with this routing key:').waitFor();
  t.equal(await page.locator('.secret-text').textContent(), 'R0UT1NGKEY');
  const body = { id: 'ups', name: 'Power', jurisdiction: '330203', severityMax: 'moderate' };
  t.same(admin.done, [{ what: 'POST /event-sources', body }]);
  t.notMatch(await page.evaluate('JSON.stringify({ ...sessionStorage, ...localStorage })'), /R0UT1NGKEY/);
  await page.getByRole('button', { name: 'Take no more' }).click();
  await page.getByRole('button', { name: 'Yes, do it' }).click();
  await until('it is ended', () => admin.done.at(-1)?.what === 'DELETE /event-sources/zabbix');
  t.same(view.offences, []);
});

t.test('a draft is tried on a recorded file', async (t) => {
  const { admin, view, page } = await open(t, '/admin/rules');
  await page.getByRole('button', { name: 'Change it' }).first().click();
  await page.getByRole('button', { name: 'On a recorded file' }).click();
  await page.getByText('No recorded file is kept.').waitFor();
  const lines = '{"receivedAt":0,"gateway":"start"}\n';
  const file = { name: 'night.ndjson', mimeType: 'application/x-ndjson', buffer: Buffer.from(lines) };
  await page.getByLabel('Recorded file').setInputFiles(file);
  await page.getByRole('button', { name: 'Hand it in' }).click();
  const kept = page.locator('.admin-rows > li', { hasText: '3 lines' });
  await kept.waitFor();
  t.same(admin.done.at(-1), { what: 'POST /rules/recordings', body: lines });
  await kept.getByRole('button', { name: 'Try it' }).click();
  await page.getByText('The draft raises 5 alerts of 2 devices.').waitFor();
  t.match(admin.done.at(-1), { what: 'POST /rules/dry-runs', body: { recording: 'r-1', yaml: /^rule: kiosk-fire/ } });
  t.same(await barriersOf(page), []);
  t.same(view.offences, []);
});

t.test('what was recorded is asked for by day and share, printed and taken as a table', async (t) => {
  const { view, page } = await open(t, '/admin/recordings');
  await page.getByText('50 % of 1 cameras, 12:00:00 of 24:00:00 hours').waitFor();
  const row = page.locator('tbody tr');
  await row.getByText('01:01:01 the disk was too slow').waitFor();
  await row.getByText('removed too early').waitFor();
  t.equal(await row.locator('img').count(), 0);
  t.same(await barriersOf(page), []);
  await page.getByLabel('From (day)').fill('2026-11-28');
  await page.getByLabel('Only where less').fill('40');
  await page.getByRole('button', { name: 'Show', exact: true }).click();
  await page.getByText('There is no camera and day to tell of.').waitFor();
  t.equal(new URL(page.url()).search, '?from=2026-11-28&below=40');
  const table = await page.getByRole('link', { name: 'As CSV' }).getAttribute('href');
  t.equal(table, '/api/v1/reports/recording?from=2026-11-28&below=40&format=csv&titles=en');
  await page.getByLabel('Camera (id)').fill('浙B12345');
  await page.getByRole('button', { name: 'Show', exact: true }).click();
  await page.locator('input[name=device]:invalid').waitFor();
  t.equal(new URL(page.url()).search, '?from=2026-11-28&below=40', 'what is no id does not come into an address');
  await page.emulateMedia({ media: 'print' });
  t.equal(await page.getByRole('button', { name: 'Print' }).isVisible(), false);
  t.equal(await page.getByText('Printed by').isVisible(), true);
  t.same(view.offences, []);
});
