import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import t from 'tap';
import { signWebhook } from '../../../../src/alerts/sinks/webhook/signature.ts';
import { newSecret } from '../../../support/alerts/alert-desk.ts';
import { startAlertsApi } from '../../../support/alerts/alerts-api.ts';
import { HERE } from '../../../support/api/api.ts';
import { until } from '../../../support/time/until.ts';

const { api, raise, ask } = await startAlertsApi(t);
const secret = newSecret();

/** Of each delivery its id, what it tells, and of which device; answers with a case number, or with nothing. */
const told: { id: string; type: string; device: string; alert: string }[] = [];
let answer: object | string = {};
const server = createServer(async (request, response) => {
  let body = '';
  for await (const chunk of request) body += chunk;
  const { type, data } = JSON.parse(body);
  told.push({ id: String(request.headers['webhook-id']), type, device: data.device, alert: data.id });
  response.writeHead(200, { 'content-type': 'application/json' });
  response.end(typeof answer === 'string' ? answer : JSON.stringify(answer));
});
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
t.teardown(() => {
  server.closeAllConnections();
  server.close();
});
const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
const base = { name: '81890', url, jurisdiction: HERE, secret };
const { id: subscription } = (await ask('POST', '/subscriptions', { payload: base })).body as { id: string };

interface Alert {
  cases: { number: string; by: string; at: string }[];
  version: number;
}
const alertOf = async (id: string) => (await ask('GET', `/alerts/${id}`)).body as Alert;

const opened = (device: string) =>
  until(device, () => told.find((one) => one.device === device && one.type === 'alert.opened'));

t.test('a number in the answer stands on the alert, with who gave it and when, once', async (t) => {
  answer = { caseNumber: '81890-2026-11-4711' };
  await raise('kiosk-1');
  const { alert } = await opened('kiosk-1');
  await until('the news of it', () =>
    told.find(({ type, device }) => type === 'alert.receipt' && device === 'kiosk-1'),
  );
  const { cases } = await alertOf(alert);
  t.match(cases, [{ number: '81890-2026-11-4711', by: '81890', at: /Z$/ }]);
  await ask('POST', `/alerts/${alert}/comment`, { payload: { text: 'seen' } });
  await until('the comment', () => told.find(({ type, device }) => type === 'alert.commented' && device === 'kiosk-1'));
  t.equal((await alertOf(alert)).cases.length, 1, 'the same number again');
  t.equal(told.filter(({ type }) => type === 'alert.receipt').length, 1, 'and no circle of news');
});

t.test('an answer that is no number, or another one each time, does no harm', async (t) => {
  const odd = ['', 'no json', '[]', '{"caseNumber":17}', '{"caseNumber":"=cmd()"}', '{"caseNumber":"a\\u0000b"}'];
  odd.push(JSON.stringify({ caseNumber: 'x'.repeat(65) }), JSON.stringify({ caseNumber: '<b>1</b>' }));
  for (const [index, text] of odd.entries()) {
    answer = text;
    await raise(`odd-${index}`);
    const { alert } = await opened(`odd-${index}`);
    const { items } = (await ask('GET', '/subscriptions')).body as { items: { counts: Record<string, number> }[] };
    t.equal(items[0]?.counts.dead, 0);
    t.same((await alertOf(alert)).cases, [], text);
  }
  let count = 0;
  answer = {};
  await raise('kiosk-2');
  const { alert } = await opened('kiosk-2');
  for (; count < 8; count += 1) {
    answer = { caseNumber: `case-${count}` };
    await ask('POST', `/alerts/${alert}/comment`, { payload: { text: `note ${count}` } });
    const isTold = () => told.filter((one) => one.alert === alert && one.type === 'alert.commented').length > count;
    await until('the comment', isTold);
  }
  await until('five of them', async () => (await alertOf(alert)).cases.length === 5);
  answer = {};
});

interface Sent {
  by?: string;
  atMs?: number;
  id?: string;
  body?: string;
  of?: string;
}

const post = (caseNumber: unknown, delivery: string, { by = secret, atMs = Date.now(), ...rest }: Sent = {}) => {
  const body = rest.body ?? JSON.stringify({ delivery, caseNumber });
  const message = { id: rest.id ?? 'receipt-1', timestampS: Math.floor(atMs / 1000), body };
  const headers = {
    'content-type': 'application/json',
    'webhook-id': message.id,
    'webhook-timestamp': String(message.timestampS),
    'webhook-signature': signWebhook([by], message),
  };
  return api.call({
    method: 'POST',
    url: `/api/v1/subscriptions/${rest.of ?? subscription}/receipts`,
    headers,
    payload: body,
  });
};

t.test('a number that comes later is taken by its signature, once', async (t) => {
  await raise('kiosk-3');
  const { id: delivery, alert } = await opened('kiosk-3');
  t.match(await post('B-2026/3', delivery), { status: 200, body: { isNew: true } });
  t.match(await post('B-2026/3', delivery), { status: 200, body: { isNew: false } });
  t.match((await alertOf(alert)).cases, [{ number: 'B-2026/3', by: '81890' }]);
});

t.test('forged, old, changed and foreign ones are refused, and change nothing', async (t) => {
  await raise('kiosk-4');
  const { id: delivery, alert } = await opened('kiosk-4');
  const { version } = await alertOf(alert);
  const other = (await ask('POST', '/subscriptions', { payload: { ...base, name: 'other', secret: newSecret() } }))
    .body;
  const refused: [string, Sent, number][] = [
    ['another secret', { by: newSecret() }, 401],
    ['an hour ago', { atMs: Date.now() - 3_600_000 }, 401],
    ['an hour from now', { atMs: Date.now() + 3_600_000 }, 401],
    ['no such subscription', { of: '00000000-0000-4000-8000-000000000000' }, 401],
    ['no id of a subscription', { of: "' or 1=1" }, 401],
    ['the secret of one for another', { of: (other as { id: string }).id }, 401],
    ['no JSON', { body: 'nonsense' }, 400],
    ['a field too many', { body: JSON.stringify({ delivery, caseNumber: 'x', more: 1 }) }, 400],
    ['no case', { body: JSON.stringify({ delivery }) }, 400],
  ];
  for (const [what, how, status] of refused) t.equal((await post('F-1', delivery, how)).status, status, what);
  t.equal((await post('F-1', 'msg_nothing')).status, 404, 'what was never told');
  t.equal((await post('=1+1', delivery)).status, 400);
  const unsigned = await api.call({
    method: 'POST',
    url: `/api/v1/subscriptions/${subscription}/receipts`,
    payload: {},
  });
  t.equal(unsigned.status, 401);
  t.match(await alertOf(alert), { version, cases: [] });
});
