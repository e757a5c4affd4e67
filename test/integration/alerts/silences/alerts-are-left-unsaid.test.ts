import t from 'tap';
import { ONE_BY_ONE } from '../../../../src/alerts/route/stages/storm.ts';
import { HOUR_MS, MINUTE_MS, toRfc3339 } from '../../../../src/core/clock.ts';
import { listAudit } from '../../../../src/platform/records/audit.ts';
import { ADMIN, startReceiver, webhookAt } from '../../../support/alerts/alert-desk.ts';
import { startAlertsApi } from '../../../support/alerts/alerts-api.ts';
import type { FireOptions } from '../../../support/alerts/findings.ts';
import { listedDevices } from '../../../support/alerts/no-devices.ts';
import { HERE, TOKENS } from '../../../support/api/api.ts';
import { ShiftedClock } from '../../../support/time/shifted-clock.ts';
import { until } from '../../../support/time/until.ts';

const KIOSKS = ['lasts', 'ends', 'taken', 'fire', 'new', 'new-ends', 'gate', 'two', 'later'].map((n) => `kiosk-${n}`);
const clock = new ShiftedClock();
const { desk, raise, ask } = await startAlertsApi(t, { clock, devices: listedDevices(KIOSKS) });
const receiver = await startReceiver(t);
const { subscription } = await desk.subscriptions.create(ADMIN, {
  name: 'centre',
  ...webhookAt(receiver.url),
  jurisdiction: HERE,
});

type View = Awaited<ReturnType<typeof desk.queries.get>>;
const newest = async (device: string) => (await desk.queries.list(ADMIN, { limit: 1, device })).items[0];
async function fire(device: string, how: Partial<FireOptions>, is: (alert: View) => boolean): Promise<View> {
  await raise(device, { severity: 'moderate', rule: 'kiosk-full', ...how });
  return await until(`${device} is handled`, async () => {
    const alert = await newest(device);
    return alert && is(alert) ? alert : null;
  });
}
const times = (count: number) => (alert: View) => alert.occurrences === count;
const isCleared = ({ condition }: View) => condition === 'cleared';
const told = (device: string) =>
  receiver
    .once()
    .filter(({ data }) => data.data.dedupKey.endsWith(`|${device}`))
    .map(({ data }) => data.type.slice('alert.'.length));
const counts = async () => (await desk.subscriptions.list(ADMIN)).find(({ id }) => id === subscription.id)!.counts;
const settled = () => until('nothing waits', async () => (await counts()).waiting === 0);
async function balance() {
  await settled();
  const { delivered = 0, dead = 0, withheld = 0 } = await counts();
  return { raised: (await desk.queries.events(ADMIN, 0, 500)).entries.length, told: delivered + dead + withheld };
}
const body = (more: object = {}) => ({
  jurisdiction: HERE,
  kind: 'kiosk',
  reason: 'works in the park',
  endsAt: toRfc3339(clock.nowMs() + HOUR_MS),
  ...more,
});
const silenced = (device: string) =>
  until(`${device} is silenced`, async () => (await newest(device))?.visibility === 'silenced');

t.test('a silence hides what is open at once, and each is judged again at its end', async (t) => {
  await fire('kiosk-lasts', {}, times(1));
  await fire('kiosk-ends', {}, times(1));
  await fire('kiosk-taken', {}, times(1));
  await fire('camera-other', {}, times(1));
  await fire('kiosk-fire', { severity: 'extreme', rule: 'kiosk-fire' }, times(1));
  await settled();
  const seen = await ask('POST', '/silences/preview', { payload: { jurisdiction: HERE, kind: 'kiosk' } });
  t.match(seen, { status: 200, body: { hides: 3, leaves: 1 } });
  t.equal((seen.body as { alerts: unknown[] }).alerts.length, 3, 'the count is that of the list');
  const made = await ask('POST', '/silences', { payload: body() });
  t.match(made, { status: 201, body: { state: 'active', kind: 'kiosk', createdBy: 'operator' } });
  const { id } = made.body as { id: string };
  for (const device of ['kiosk-lasts', 'kiosk-ends', 'kiosk-taken']) await silenced(device);
  t.match((await ask('GET', `/silences/${id}`)).body, { holds: 3 });
  t.match(await newest('kiosk-lasts'), { hidden: { by: `silence ${id}` }, handling: 'new', condition: 'active' });
  t.match(
    [await newest('kiosk-fire'), await newest('camera-other')],
    [{ visibility: 'normal' }, { visibility: 'normal' }],
  );

  await fire('kiosk-new', {}, times(1));
  await fire('kiosk-new-ends', {}, times(1));
  await fire('kiosk-new-ends', { kind: 'cleared' }, isCleared);
  await fire('kiosk-ends', { kind: 'cleared' }, isCleared);
  await ask('POST', `/alerts/${(await newest('kiosk-taken'))!.id}/ack`, { payload: { minutes: 240 } });
  await fire('kiosk-taken', { kind: 'cleared' }, isCleared);
  await fire('kiosk-lasts', {}, times(2));
  await fire('kiosk-gate', { severity: 'severe', data: { watchlist: 'stolen', wanted_plate: '浙B***45' } }, times(1));
  await settled();
  t.strictSame(told('kiosk-new'), []);
  t.strictSame(told('kiosk-gate'), ['opened'], 'a hit is told whatever is silenced');
  t.match(await newest('kiosk-ends'), { condition: 'cleared', visibility: 'silenced' }, 'the end is written down');

  clock.pass(HOUR_MS);
  await until('it has ended', async () => {
    const one = (await ask('GET', `/silences/${id}`)).body as { state: string; holds: number };
    return one.state === 'ended' && one.holds === 0;
  });
  const { raised, told: sum } = await balance();
  t.equal(sum, raised, 'delivered, dead, waiting and withheld are all that was raised');
  t.strictSame(told('kiosk-lasts'), ['opened', 'updated'], 'still bad: told once more');
  t.strictSame(told('kiosk-new'), ['updated'], 'what began meanwhile and lasts is told');
  t.strictSame(told('kiosk-new-ends'), [], 'what came and went is nobody’s business');
  t.strictSame(told('kiosk-ends'), ['opened', 'closed'], 'what was told before is told to be over');
  t.match(await newest('kiosk-ends'), { handling: 'closed', closedBy: 'citywatch', verdict: 'no_action' });
  t.match(await newest('kiosk-new-ends'), { handling: 'closed', condition: 'cleared', visibility: 'silenced' });
  t.match(await newest('kiosk-taken'), { handling: 'acked', visibility: 'normal' }, 'who works on one closes it');
  const { entries } = await desk.queries.events(ADMIN, 0, 500);
  const ofEnded = entries.filter(({ body }) => body.alert.device === 'kiosk-new-ends').map(({ type }) => type);
  t.strictSame(ofEnded, ['alert.opened', 'alert.cleared', 'alert.closed'], 'with its log');
  const audit = await listAudit(desk.database, ADMIN, { subject: `silence/${id}`, limit: 5 });
  t.strictSame(
    audit.map(({ action }) => action),
    ['silence.create'],
  );
});

t.test('one that is ended early lets go at once, unless another one holds', async (t) => {
  const first = (await ask('POST', '/silences', { payload: body({ device: 'kiosk-two' }) })).body as { id: string };
  const second = await ask('POST', '/silences', { payload: body({ kind: undefined, rule: undefined }) });
  const { id: wide } = second.body as { id: string };
  await fire('kiosk-two', {}, times(1));
  await silenced('kiosk-two');
  t.equal((await ask('DELETE', `/silences/${first.id}`, { match: '"7"' })).status, 412);
  t.equal((await ask('DELETE', `/silences/${first.id}`, { token: TOKENS.foreign })).status, 404);
  t.equal((await ask('DELETE', `/silences/${first.id}`)).status, 204);
  await until('the other one holds it', async () => (await newest('kiosk-two'))!.hidden?.by === `silence ${wide}`);
  // Its version tells that it holds, too.
  const { version } = (await ask('GET', `/silences/${wide}`)).body as { version: number };
  t.equal((await ask('DELETE', `/silences/${wide}`, { match: `"${version}"` })).status, 204);
  await until('it is told', () => told('kiosk-two').length > 0);
  t.strictSame(told('kiosk-two'), ['updated']);
  const { raised, told: sum } = await balance();
  t.equal(sum, raised);
});

t.test('one that begins later holds from then on; one of an hour ago at a start is ended', async (t) => {
  const startsAt = toRfc3339(clock.nowMs() + 10 * MINUTE_MS);
  const made = await ask('POST', '/silences', { payload: body({ startsAt }) });
  const { id } = made.body as { id: string };
  t.match(made.body, { state: 'planned' });
  await fire('kiosk-later', {}, times(1));
  t.match(await newest('kiosk-later'), { visibility: 'normal' });
  clock.pass(10 * MINUTE_MS);
  await silenced('kiosk-later');
  clock.pass(2 * HOUR_MS);
  await until('it is told', () => told('kiosk-later').includes('updated'));
  t.match((await ask('GET', `/silences/${id}`)).body, { state: 'ended', endedBy: 'citywatch', holds: 0 });
});

t.test('what may not be silenced is refused, and says what is wrong', async (t) => {
  const refused = async (more: object) => (await ask('POST', '/silences', { payload: body(more) })).body;
  t.match(await refused({ jurisdiction: '510700' }), { issues: [{ path: 'jurisdiction', message: /outside/ }] });
  t.match(await refused({ endsAt: toRfc3339(clock.nowMs() - 1) }), { issues: [{ path: 'endsAt' }] });
  t.match(await refused({ endsAt: toRfc3339(clock.nowMs() + 200 * HOUR_MS) }), { issues: [{ message: /7 days/ }] });
  t.match(await refused({ rule: 'no-such-rule' }), { issues: [{ path: 'rule', message: /GET \/rules/ }] });
  t.match(await refused({ rule: 'kiosk-fire' }), {
    issues: [{ path: 'rule', message: /extreme: its alerts are never/ }],
  });
  t.strictSame((await ask('GET', '/silences', { token: TOKENS.foreign })).body, { items: [] });
  t.equal((await ask('POST', '/silences', { token: TOKENS.viewer, payload: body() })).status, 403);
});

t.test('where many were silenced from the start and last, one stands for them at the end', async (t) => {
  const payload = body({ kind: undefined, endsAt: toRfc3339(clock.nowMs() + HOUR_MS) });
  const made = await ask('POST', '/silences', { payload });
  t.equal(made.status, 201, JSON.stringify(made.body));
  const many = Array.from({ length: 2 * ONE_BY_ONE }, (_, n) => `kiosk-many-${n}`);
  for (const device of many) await fire(device, { rule: 'kiosk-full', severity: 'minor' }, times(1));
  await settled();
  clock.pass(HOUR_MS);
  const list = async () => (await desk.queries.list(ADMIN, { limit: 100, severity: 'minor' })).items;
  const leader = await until('one stands for them', async () =>
    (await list()).find(({ stormCount }) => stormCount > 0),
  );
  await until('all are judged', async () => (await list()).every(({ visibility }) => visibility !== 'silenced'));
  await settled();
  t.equal((await list()).filter(({ storm }) => storm === leader.id).length, many.length - ONE_BY_ONE - 1);
  t.equal(many.filter((device) => told(device).length > 0).length, ONE_BY_ONE + 1, 'few are told');
});
