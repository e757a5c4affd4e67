import { Webhook } from 'standardwebhooks';
import t from 'tap';
import type { AlertTables } from '../../../../src/alerts/desk/tables.ts';
import { newSecret, type Received, startReceiver } from '../../../support/alerts/alert-desk.ts';
import { startAlertsApi } from '../../../support/alerts/alerts-api.ts';
import { HERE, TOKENS } from '../../../support/api/api.ts';
import { until } from '../../../support/time/until.ts';

const { desk, raise, ask } = await startAlertsApi(t);

const isSignedBy = (secret: string, { body, headers }: Received): boolean => {
  try {
    new Webhook(secret).verify(body, headers as Record<string, string>);
    return true;
  } catch {
    return false;
  }
};

t.test('a new secret and the one before sign side by side, for as long as was said', async (t) => {
  const receiver = await startReceiver(t);
  const [first, third] = [newSecret(), newSecret()];
  const payload = { name: 'centre', url: receiver.url, jurisdiction: HERE, secret: first };
  const { id } = (await ask('POST', '/subscriptions', { payload })).body as { id: string };
  const told = async (device: string): Promise<Received> => {
    await raise(device);
    return await until(device, () => receiver.received.find(({ body }) => body.includes(`"device":"${device}"`)));
  };
  t.ok(isSignedBy(first, await told('kiosk-1')));

  const rotated = await ask('POST', `/subscriptions/${id}/secret`, { payload: { overlapHours: 1 } });
  t.match(rotated, { status: 200, body: { secret: /^whsec_/, previousUntil: /Z$/ } });
  const { secret: second } = rotated.body as { secret: string };
  const both = await told('kiosk-2');
  t.ok(isSignedBy(first, both) && isSignedBy(second, both), 'by both');
  t.equal(String(both.headers['webhook-signature']).split(' ').length, 2);

  await ask('POST', `/subscriptions/${id}/secret`, { payload: { secret: third } });
  const newest = await told('kiosk-3');
  t.ok(isSignedBy(third, newest) && isSignedBy(second, newest), 'two at most');
  t.notOk(isSignedBy(first, newest), 'the oldest is gone');

  const rows = desk.database.tables<AlertTables>();
  await rows.updateTable('subscription').set({ previous_until_ms: 1 }).where('id', '=', id).execute();
  const alone = await told('kiosk-4');
  t.ok(isSignedBy(third, alone));
  t.notOk(isSignedBy(second, alone), 'its time is over');

  const { items } = (await ask('GET', '/subscriptions')).body as { items: object[] };
  t.match(items, [{ previousSecretUntil: '1970-01-01T00:00:00.001Z' }]);
  const { text } = await ask('GET', '/audit?limit=500', { token: TOKENS.admin });
  for (const secret of [first, second, third]) t.notMatch(text, secret, 'no secret is written down');
});

t.test('a secret of another form is refused, and so is the subscription of another district', async (t) => {
  const receiver = await startReceiver(t);
  const payload = { name: 'second', url: receiver.url, jurisdiction: HERE };
  const { id } = (await ask('POST', '/subscriptions', { payload })).body as { id: string };
  const path = `/subscriptions/${id}/secret`;
  t.match(await ask('POST', path, { payload: { secret: 'short' } }), {
    status: 400,
    body: { issues: [{ path: 'secret', message: /whsec_/ }] },
  });
  t.match(await ask('POST', path, { payload: { overlapHours: 1_000 } }), { status: 400 });
  t.match(await ask('POST', path, { payload: {}, token: TOKENS.foreign }), { status: 404 });
});
