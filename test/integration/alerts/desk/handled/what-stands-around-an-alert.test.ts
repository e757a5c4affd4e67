import t from 'tap';
import type { AlertView } from '../../../../../src/alerts/desk/alert.ts';
import { ruleParser } from '../../../../../src/alerts/rules/rules.ts';
import { sql } from '../../../../../src/platform/database/database.ts';
import { ADMIN } from '../../../../support/alerts/alert-desk.ts';
import { kindCatalogue } from '../../../../support/alerts/alerts.ts';
import { startAlertsApi } from '../../../../support/alerts/alerts-api.ts';
import type { FireOptions } from '../../../../support/alerts/findings.ts';
import { bearer, KIOSK, makeDevice, startApi, TOKENS } from '../../../../support/api/api.ts';
import { memoryAlerts } from '../../../../support/api/memory/alerts.ts';
import { until } from '../../../../support/time/until.ts';

const { desk, raise, ask } = await startAlertsApi(t);

const newest = async (device: string, rule: string) =>
  (await desk.queries.list(ADMIN, { limit: 1, device, rule })).items[0];
const opened = async (device: string, how: Partial<FireOptions> = {}): Promise<AlertView> => {
  await raise(device, { severity: 'moderate', ...how });
  return await until(`the alert of ${device}`, async () => (await newest(device, how.rule ?? 'kiosk-fire')) ?? null);
};
const itemsOf = async (path: string, token?: string) =>
  ((await ask('GET', path, token === undefined ? {} : { token })).body as { items: Record<string, unknown>[] }).items;

t.test('a history says who did what, with what was said, and not each report', async (t) => {
  const { id } = await opened('told');
  const said = (what: string, payload?: object) => ask('POST', `/alerts/${id}/${what}`, payload ? { payload } : {});
  await said('ack');
  for (let times = 2; times <= 4; times += 1) {
    await raise('told', { severity: times === 3 ? 'severe' : 'moderate' });
    await until('it is counted', async () => (await desk.queries.get(ADMIN, id)).occurrences === times);
  }
  await said('comment', { text: '有人在烧烤' });
  await said('shelve', { minutes: 5, reason: 'a drill' });
  await said('unshelve');
  await said('close', { verdict: 'false_positive' });
  const lines = await itemsOf(`/alerts/${id}/history`);
  const told = lines.map(({ type, actor, text }) => [String(type).slice('alert.'.length), actor, text]);
  t.strictSame(told.toReversed(), [
    ['opened', 'citywatch', null],
    ['acked', 'operator', null],
    ['updated', 'citywatch', null],
    ['commented', 'operator', '有人在烧烤'],
    ['shelved', 'operator', 'a drill'],
    ['updated', 'operator', null],
    ['closed', 'operator', null],
  ]);
  t.match(lines[4], { severity: 'severe', occurrences: 3 }, 'the one that made it graver');
  t.match(lines[0], { handling: 'closed', verdict: 'false_positive' });
  t.equal((await ask('GET', `/alerts/${id}/history`, { token: TOKENS.foreign })).status, 404);
  t.equal((await ask('GET', `/alerts/${id}/history`, { token: TOKENS.technician })).status, 404, 'of another desk');
});

t.test(
  'near are those of the device, then the nearest, as far as they are open and the caller may see them',
  async (t) => {
    const put = async (device: string, north: number, how: Partial<FireOptions> = {}) => {
      const { id } = await opened(device, how);
      const place = sql`update alert set lat = ${29.82 + north / 111_320}, lon = 121.55 where id = ${id}::uuid`;
      await place.execute(desk.database.tables());
      return id;
    };
    const here = await put('here', 0);
    const own = await put('here', 700, { rule: 'kiosk-full' });
    const far = await put('far', 400);
    const close = await put('close', 90);
    const fault = await put('broken', 10, { class: 'fault', rule: 'kiosk-jammed' });
    await put('too-far', 600);
    const done = await put('done', 1);
    await ask('POST', `/alerts/${done}/close`, { payload: { verdict: 'drill' } });
    const found = async (path: string, token?: string) =>
      (await itemsOf(path, token)).map(({ alert, distanceM }) => [(alert as AlertView).id, distanceM]);
    const of = `/alerts/${here}/near`;
    t.strictSame(await found(of), [
      [own, 700],
      [fault, 10],
      [close, 90],
      [far, 400],
    ]);
    t.strictSame(await found(`${of}?within=50`), [
      [own, 700],
      [fault, 10],
    ]);
    t.strictSame(await found(`/alerts/${fault}/near`, TOKENS.technician), [], 'only those of the own desk');
    t.equal((await ask('GET', of, { token: TOKENS.foreign })).status, 404);
  },
);

t.test('a rule is told with the limits of the device', async (t) => {
  const parsed = ruleParser(kindCatalogue)(`
rule: kiosk-fire
version: 3
title: { en: Fire, zh: 火 }
severity: extreme
class: fault
kinds: [recycling-kiosk]
condition: { type: threshold, any: [{ field: temp_c, above: 70 }] }
overrides: [{ tags: [hot], with: { any: [{ field: temp_c, above: 90 }] } }]
`);
  if (!('rule' in parsed)) throw new Error(JSON.stringify(parsed.issues));
  const { call, registry } = await startApi(t, { alerts: { ...memoryAlerts(), rules: () => [parsed.rule] } });
  const limit = async () => {
    const answer = await call({ method: 'GET', url: '/api/v1/alerts/alert-1/rule', headers: bearer(TOKENS.viewer) });
    const { condition } = answer.body as { condition: { any: { above: number }[] } };
    return condition.any[0]?.above;
  };
  t.equal(await limit(), 70);
  const kiosk = makeDevice({ id: KIOSK, file: { tags: ['hot'] } });
  registry.devices.set(KIOSK, kiosk);
  t.equal(await limit(), 90);
  registry.devices.delete(KIOSK);
  t.equal(await limit(), 70, 'of a device that is not there any more, the rule as it is for all');
});

t.test('what a rule says is to be done, and whom to call for the place of the alert', async (t) => {
  const parse = ruleParser(kindCatalogue);
  const head = `rule: kiosk-fire
version: 1
title: { en: Hot, zh: 过热 }
severity: minor
class: incident
kinds: [recycling-kiosk]
condition: { type: threshold, any: [{ field: temp_c, above: 70 }] }
`;
  const call = '{ name: { en: Fire brigade, zh: 消防 }, phone: "119" }';
  const near = '{ name: { en: Street office, zh: 街道办 }, phone: 0574-8712 3456, areas: ["330212"] }';
  const far = '{ name: { en: Of another city, zh: 外市 }, phone: 021-110, areas: ["310000"] }';
  const text = `${head}procedure: [{ en: Look at it, zh: 查看画面 }, { en: Call, zh: 报警 }]
contacts: [${call}, ${near}, ${far}]
`;
  const parsed = parse(text);
  if (!('rule' in parsed)) throw new Error(JSON.stringify(parsed.issues));
  const { call: ask2 } = await startApi(t, { alerts: { ...memoryAlerts(), rules: () => [parsed.rule] } });
  const answer = await ask2({ method: 'GET', url: '/api/v1/alerts/alert-1/rule', headers: bearer(TOKENS.viewer) });
  t.match(answer.body, {
    procedure: [{ en: 'Look at it', zh: '查看画面' }, { zh: '报警' }],
    contacts: [{ phone: '119' }, { name: { zh: '街道办' }, phone: '0574-8712 3456' }],
  });
  t.equal((answer.body as { contacts: object[] }).contacts.length, 2);
  for (const [wrong, path] of [
    ['procedure: []', / procedure/],
    ['contacts: [{ name: { en: A, zh: 甲 }, phone: "call me" }]', /contacts.0.phone/],
    ['contacts: [{ name: { en: A, zh: 甲 }, phone: "119", areas: [here] }]', /contacts.0.areas.0/],
    ['procedure: [{ en: Look }]', /procedure.0.zh/],
  ] as const) {
    t.match(parse(head + wrong), { issues: [{ path }] }, wrong);
  }
});
