import t from 'tap';
import type { AlertTables } from '../../../../src/alerts/desk/tables.ts';
import { startAlertsApi } from '../../../support/alerts/alerts-api.ts';
import { HERE, TOKENS } from '../../../support/api/api.ts';
import { until } from '../../../support/time/until.ts';

const { api, desk, ask } = await startAlertsApi(t);

const made = await ask('POST', '/event-sources', { payload: { id: 'zabbix', name: 'Zabbix', jurisdiction: HERE } });
const { routingKey } = made.body as { routingKey: string };

const event = (action: string, more: object = {}) => ({ routing_key: routingKey, event_action: action, ...more });
const payload = { summary: 'UPS on battery', source: 'ups-1', severity: 'critical', custom_details: { load: 80 } };

const enqueue = (body: object) => api.call({ method: 'POST', url: '/api/v1/events/v2/enqueue', payload: body });

interface Alert {
  id: string;
  severity: string;
  condition: string;
  handling: string;
  occurrences: number;
  ackedBy: string | null;
  data: Record<string, unknown>;
}

const alerts = async (): Promise<Alert[]> => {
  const { items } = (await ask('GET', '/alerts?rule=outside-event&limit=500')).body as { items: Alert[] };
  return items;
};
const withKey = async (key: string) => (await alerts()).find(({ data }) => data.dedupKey === key);

t.test('trigger, acknowledge and resolve become an alert, who took it, and its end', async (t) => {
  t.match(made, { status: 201, body: { id: 'zabbix', severityMax: 'severe', routingKey: /^[0-9a-f]{32}$/ } });
  t.match(await enqueue(event('trigger', { dedup_key: 'ups-1', payload })), {
    status: 202,
    body: { status: 'success', dedup_key: 'ups-1' },
  });
  const alert = await until('the alert', () => withKey('ups-1'));
  t.match(alert, {
    severity: 'severe',
    condition: 'active',
    subject: { type: 'source', id: 'zabbix' },
    data: { summary: 'UPS on battery', source: 'ups-1', details: { load: 80 } },
  });
  await enqueue(event('acknowledge', { dedup_key: 'ups-1' }));
  t.match(await withKey('ups-1'), { handling: 'acked', ackedBy: 'Zabbix' });
  t.equal((await enqueue(event('acknowledge', { dedup_key: 'ups-1' }))).status, 202, 'again changes nothing');
  await enqueue(event('resolve', { dedup_key: 'ups-1' }));
  await until('the end', async () => (await withKey('ups-1'))?.condition === 'cleared');
});

t.test('the same again is one thing; something new of it counts; after the end it begins anew', async (t) => {
  for (let time = 0; time < 3; time += 1) await enqueue(event('trigger', { dedup_key: 'again', payload }));
  await until('the alert', () => withKey('again'));
  t.match(await withKey('again'), { occurrences: 1 });
  await enqueue(event('trigger', { dedup_key: 'again', payload: { ...payload, summary: 'UPS nearly empty' } }));
  await until('the second', async () => (await withKey('again'))?.occurrences === 2);
  await enqueue(event('resolve', { dedup_key: 'again' }));
  await enqueue(event('resolve', { dedup_key: 'again' }));
  await enqueue(event('trigger', { dedup_key: 'again', payload }));
  await until('it is active again', async () => (await withKey('again'))?.condition === 'active');
});

t.test('plates in it are masked, however deep; the same again is one, and no field is lost', async (t) => {
  const own = 'gate 浙B·12345';
  const details = { 浙B12345: [{ note: '浙B12345 left' }], 浙B67845: 2, at: null };
  const told = event('trigger', { dedup_key: own, payload: { ...payload, custom_details: details } });
  for (let time = 0; time < 2; time += 1) {
    t.match(await enqueue(told), { status: 202, body: { dedup_key: own } }, 'its sender gets its own key back');
  }
  const alert = await until('the alert', () => withKey('gate 浙B***45'));
  t.same(alert.data.details, { '浙B***45': [{ note: '浙B***45 left' }], '浙B***45 (2)': 2, at: null });
  t.equal(alert.occurrences, 1);
  await enqueue(event('resolve', { dedup_key: own }));
  await until('the end', async () => (await withKey('gate 浙B***45'))?.condition === 'cleared');
});

t.test('what was never triggered is neither acknowledged nor resolved', async (t) => {
  for (const action of ['acknowledge', 'resolve']) {
    t.equal((await enqueue(event(action, { dedup_key: 'never' }))).status, 202);
  }
  t.equal(await withKey('never'), undefined);
  const trigger = await enqueue(event('trigger', { payload }));
  t.match(trigger.body, { dedup_key: /^[0-9a-f-]{36}$/ }, 'a key is made where there is none');
  await until('the alert', () => withKey((trigger.body as { dedup_key: string }).dedup_key));
  await enqueue(event('trigger', { dedup_key: 'raced', payload }));
  await enqueue(event('acknowledge', { dedup_key: 'raced' }));
  t.match(await withKey('raced'), { handling: 'acked' }, 'at once behind it');
});

t.test('what is wrong is refused by name, and takes nothing', async (t) => {
  const before = (await alerts()).length;
  const wrong: [object, number, string?][] = [
    [event('trigger'), 400, 'payload'],
    [event('resolve'), 400, 'dedup_key'],
    [event('explode', { dedup_key: 'x' }), 400, 'event_action'],
    [event('trigger', { dedup_key: 'k'.repeat(256), payload }), 400, 'dedup_key'],
    [event('trigger', { payload: { ...payload, summary: 's'.repeat(1_025) } }), 400, 'payload.summary'],
    [event('trigger', { payload: { ...payload, severity: 'awful' } }), 400, 'payload.severity'],
    [{ ...event('trigger', { payload }), routing_key: 'f'.repeat(32) }, 401],
    [{ ...event('trigger', { payload }), routing_key: "' or 1=1 --" }, 401],
  ];
  for (const [body, status, path] of wrong) {
    const answer = await enqueue(body);
    t.equal(answer.status, status, answer.text);
    if (path) t.match(answer.body, { issues: [{ path }] });
    t.notMatch(answer.text, routingKey);
  }
  t.equal((await alerts()).length, before);
  const odd = { ...payload, timestamp: '3026-01-01T00:00:00Z', custom_details: { text: 'x'.repeat(9_000) } };
  t.equal((await enqueue(event('trigger', { dedup_key: 'odd', payload: odd }))).status, 202);
  const alert = await until('the alert', () => withKey('odd'));
  t.match(alert, { data: { detailsTooLong: true }, stamps: { deviceAt: null } });
});

t.test('a source may not fill the desk, and a removed one says nothing more', async (t) => {
  const answers = await Promise.all(
    Array.from({ length: 260 }, (_, index) => enqueue(event('resolve', { dedup_key: `flood-${index}` }))),
  );
  const refused = answers.filter(({ status }) => status === 429);
  t.ok(refused.length > 0, 'beyond its share it is told to wait');
  t.match(refused[0]?.headers, { 'retry-after': /^\d+$/ });
  t.match(await ask('DELETE', '/event-sources/zabbix', { token: TOKENS.foreign }), { status: 404 });
  t.match(await ask('DELETE', '/event-sources/zabbix'), { status: 204 });
  t.equal((await enqueue(event('trigger', { payload }))).status, 401);
  const rows = desk.database.tables<AlertTables>().selectFrom('finding').select('id');
  const left = await rows.where('rule', '=', 'outside-event').where('handled_at_ms', 'is', null).execute();
  t.same(left, [], 'all that was taken has become an alert');
});
