import t from 'tap';
import type { AlertView } from '../../../../src/alerts/desk/alert.ts';
import { ONE_BY_ONE } from '../../../../src/alerts/route/stages/storm.ts';
import { MINUTE_MS } from '../../../../src/core/clock.ts';
import { ADMIN, startReceiver, webhookAt } from '../../../support/alerts/alert-desk.ts';
import { startAlertsApi } from '../../../support/alerts/alerts-api.ts';
import { HERE } from '../../../support/api/api.ts';
import { ShiftedClock } from '../../../support/time/shifted-clock.ts';
import { until } from '../../../support/time/until.ts';

const MANY = 40;
const ELSEWHERE = '330203';

const clock = new ShiftedClock();
const { desk, raise, ask } = await startAlertsApi(t, { clock });
const receiver = await startReceiver(t);
await desk.subscriptions.create(ADMIN, { name: 'centre', ...webhookAt(receiver.url), jurisdiction: '330200' });

interface Told {
  type: string;
  alert: AlertView;
}
const told = (): Told[] =>
  receiver.once().map(({ data }) => {
    return { type: data.type, alert: data.data as unknown as AlertView };
  });
const settled = () =>
  until('nothing waits', async () =>
    (await desk.subscriptions.list(ADMIN)).every(({ counts }) => counts.waiting === 0),
  );
const list = async (query: string): Promise<AlertView[]> => {
  return ((await ask('GET', `/alerts?${query}&limit=100`)).body as unknown as { items: AlertView[] }).items;
};
const standing = async (): Promise<AlertView> =>
  (await list('open=true&rule=camera-tampered')).find(({ stormCount }) => stormCount > 0)!;

t.test('one stands for all that come faster than anybody reads; a grave one among them is told', async (t) => {
  for (let n = 0; n < MANY; n += 1) {
    await raise(`part-${n}`, { severity: 'moderate', rule: 'camera-tampered' });
    if (n === MANY / 2) await raise('sos', { severity: 'extreme', rule: 'sos' });
    if (n === MANY / 2)
      await raise('other-place', { severity: 'moderate', rule: 'camera-tampered', jurisdiction: ELSEWHERE });
  }
  const open = async () => (await desk.queries.counts(ADMIN, { open: true, rule: 'camera-tampered' })).all;
  await until('all are open', async () => (await open()) === MANY + 1);
  await settled();
  const first = told().filter(({ type }) => type === 'alert.opened');
  t.equal(first.filter(({ alert }) => alert.device?.startsWith('part-')).length, ONE_BY_ONE + 1, 'few are told');
  t.ok(
    first.some(({ alert }) => alert.device === 'sos'),
    'the grave one is',
  );
  t.ok(
    first.some(({ alert }) => alert.device === 'other-place'),
    'and so is that of another district',
  );

  const leader = await standing();
  t.match(leader, { visibility: 'normal', storm: null });
  const parts = await list(`storm=${leader.id}`);
  t.equal(parts.length, MANY - ONE_BY_ONE - 1, 'nothing is dropped: all others are there as its parts');
  t.ok(parts.every(({ visibility, storm }) => visibility === 'inhibited' && storm === leader.id));
  t.equal((await desk.queries.counts(ADMIN, { storm: leader.id })).all, parts.length, 'the count is that of the list');

  clock.pass(MINUTE_MS);
  await until('how many it stands for is told', () =>
    told().some(({ alert }) => alert.stormCount === MANY - ONE_BY_ONE),
  );
  await settled();
  t.ok(told().length <= 20, `${told().length} messages`);
});

t.test('a part that becomes grave is told, and what is quiet again is told one by one', async (t) => {
  const [part] = await list(`storm=${(await standing()).id}`);
  await raise(part!.device!, { severity: 'severe', rule: 'camera-tampered' });
  await until('it is told', () => told().some(({ alert }) => alert.id === part!.id && alert.severity === 'severe'));
  t.match((await ask('GET', `/alerts/${part!.id}`)).body, { visibility: 'normal', storm: null });

  clock.pass(2 * MINUTE_MS);
  await raise('later', { severity: 'moderate', rule: 'camera-tampered' });
  await until('a later one is told', () => told().some(({ alert }) => alert.device === 'later'));
});

t.test('whoever is told of a part is told of the one that stands for it: nobody goes without', async (t) => {
  const station = await startReceiver(t);
  const STATION = `${HERE}003`;
  await desk.subscriptions.create(ADMIN, { name: 'station', ...webhookAt(station.url), jurisdiction: STATION });
  for (let n = 0; n < 3 * ONE_BY_ONE; n += 1) await raise(`wide-${n}`, { severity: 'minor', rule: 'dock-forced' });
  await raise('of-the-station', { severity: 'minor', rule: 'dock-forced', jurisdiction: STATION });
  await until('the station is told of its own', () => station.once().length === 1);
});

t.test('all parts are closed together, and the next storm has another one', async (t) => {
  const { id } = await standing();
  const [filter, action] = [{ storm: id }, { does: 'close', verdict: 'no_action' }];
  const preview = await ask('POST', '/alerts/bulk/preview', { payload: { filter, action } });
  const { token, count } = preview.body as { token: string; count: number };
  t.equal(count, (await list(`storm=${id}&open=true`)).length);
  t.equal((await ask('POST', '/alerts/bulk', { payload: { filter, action, token } })).status, 200);
  await until('all are closed', async () => (await list(`storm=${id}&open=true`)).length === 0);
  t.equal((await ask('POST', `/alerts/${id}/close`, { payload: { verdict: 'no_action' } })).status, 200);

  clock.pass(2 * MINUTE_MS);
  for (let n = 0; n < ONE_BY_ONE + 3; n += 1) await raise(`again-${n}`, { severity: 'minor', rule: 'camera-tampered' });
  const next = await until('another one stands for them', async () => await standing());
  t.not(next.id, id);
  t.match(next.device, /^again-/);
});
