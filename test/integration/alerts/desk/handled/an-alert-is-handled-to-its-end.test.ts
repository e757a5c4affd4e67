import t from 'tap';
import type { AlertView } from '../../../../../src/alerts/desk/alert.ts';
import { DAY_MS, MINUTE_MS } from '../../../../../src/core/clock.ts';
import { listAudit } from '../../../../../src/platform/records/audit.ts';
import { ADMIN, startReceiver, webhookAt } from '../../../../support/alerts/alert-desk.ts';
import { startAlertsApi } from '../../../../support/alerts/alerts-api.ts';
import type { FireOptions } from '../../../../support/alerts/findings.ts';
import { HERE, TOKENS } from '../../../../support/api/api.ts';
import { firstOwner } from '../../../../support/services/ownership.ts';
import { ShiftedClock } from '../../../../support/time/shifted-clock.ts';
import { until } from '../../../../support/time/until.ts';

const clock = new ShiftedClock();
const { desk, raise, ask } = await startAlertsApi(t, { clock });
const receiver = await startReceiver(t);
const { subscription } = await desk.subscriptions.create(ADMIN, {
  name: 'centre',
  ...webhookAt(receiver.url),
  jurisdiction: HERE,
});

const newest = async (device: string) => (await desk.queries.list(ADMIN, { limit: 1, device })).items[0];
const opened = async (device: string, how: Partial<FireOptions> = {}): Promise<AlertView> => {
  await raise(device, { severity: 'moderate', ...how });
  return await until(`the alert of ${device}`, async () => {
    const alert = await newest(device);
    return alert && alert.handling !== 'closed' ? alert : null;
  });
};
const told = (id: string) =>
  receiver.once().flatMap(({ data }) => (data.data.id === id ? [data.type.slice('alert.'.length)] : []));
const logged = async (id: string) => {
  const { entries } = await desk.queries.events(ADMIN, 0, 500);
  return entries.filter(({ alertId }) => alertId === id).map(({ type }) => type.slice('alert.'.length));
};
const counts = async () => (await desk.subscriptions.list(ADMIN)).find(({ id }) => id === subscription.id)!.counts;
const settled = () => until('nothing waits', async () => (await counts()).waiting === 0);

/** What was raised for the subscription is all that was delivered, is dead, waits, or was withheld. */
async function balances(): Promise<boolean> {
  await settled();
  const { delivered = 0, dead = 0, withheld = 0 } = await counts();
  const { entries } = await desk.queries.events(ADMIN, 0, 500);
  return dead === 0 && delivered === receiver.once().length && delivered + withheld === entries.length;
}

t.test('each step is said, is in the audit trail, and asks for the version it was taken for', async (t) => {
  const { id } = await opened('walk');
  const post = (what: string, payload?: object, match?: string) =>
    ask('POST', `/alerts/${id}/${what}`, { ...(payload ? { payload } : {}), ...(match ? { match } : {}) });
  const acked = await post('ack', { minutes: 30 });
  t.match(acked, { status: 200, body: { handling: 'acked', ackUntil: /Z$/, version: 2 }, headers: { etag: '"2"' } });
  const stale = await post('dispatch', { unit: '110-3' }, '"1"');
  t.match(stale, { status: 412, body: { code: 'precondition.stale', detail: /version 2 by now, and is acked: read/ } });
  t.match((await post('dispatch', { unit: '110-3' }, '"2"')).body, { handling: 'dispatched', unit: '110-3' });
  t.match((await post('arrive')).body, { handling: 'arrived', unit: '110-3', arrivedAt: /Z$/, ackUntil: null });
  t.match((await post('feedback', { text: 'a barbecue' })).body, { comments: [{ text: 'a barbecue' }] });
  t.match((await post('close', { verdict: 'false_positive' })).body, { handling: 'closed', condition: 'active' });
  t.match((await post('dispatch', { unit: '110-4' })).body, { code: 'conflict.state', detail: /Reopen it/ });
  t.match((await post('reopen', { text: 'smoke again' })).body, { handling: 'acked', verdict: null, closedAt: null });
  t.match((await post('close', { verdict: 'confirmed' })).body, { verdict: 'confirmed' });
  const steps = ['acked', 'dispatched', 'on_scene', 'feedback', 'closed', 'reopened', 'closed'];
  t.strictSame(await logged(id), ['opened', ...steps]);
  await settled();
  t.strictSame(told(id), ['opened', ...steps], 'in order');
  const times = (await ask('GET', `/alerts/${id}/stages`)).body as Record<string, string | null>;
  const inOrder = ['event', 'received', 'decided', 'committed', 'sent', 'acked', 'dispatched', 'arrived', 'closed'];
  t.strictSame(Object.keys(times), inOrder);
  const ms = inOrder.filter((stage) => stage !== 'sent').map((stage) => Date.parse(times[stage] ?? ''));
  t.strictSame(
    ms,
    ms.toSorted((one, other) => one - other),
    'every stage has its time, and they are in order',
  );
  t.match(times.sent, /Z$/);
  const audit = await listAudit(desk.database, ADMIN, { subject: `alert/${id}`, limit: 50 });
  t.strictSame(audit.map(({ action }) => action.slice('alert.'.length)).reverse(), steps);
  for (const what of ['dispatch', 'arrive', 'shelve', 'reopen']) {
    const payload = { dispatch: { unit: 'x' }, shelve: { minutes: 1, reason: 'x' }, reopen: { text: 'x' } }[what];
    const foreign = { token: TOKENS.foreign, ...(payload ? { payload } : {}) };
    t.equal((await ask('POST', `/alerts/${id}/${what}`, foreign)).status, 404, what);
  }
});

t.test('an alert that somebody took and forgot is new again, once', async (t) => {
  const { id } = await opened('forgotten');
  t.match((await ask('POST', `/alerts/${id}/ack`)).body, { handling: 'acked' });
  clock.pass(10 * MINUTE_MS);
  await ask('POST', `/alerts/${id}/comment`, { payload: { text: 'looking' } });
  clock.pass(10 * MINUTE_MS);
  t.match(await desk.life.handle(id), { again: { atMs: Number } }, 'whoever moves it on has more time');
  t.match(await desk.queries.get(ADMIN, id), { handling: 'acked', ackedBy: 'operator' });
  clock.pass(6 * MINUTE_MS);
  await until('it is new again', async () => (await desk.queries.get(ADMIN, id)).handling === 'new');
  t.match(await desk.queries.get(ADMIN, id), { ackedBy: null, ackUntil: null });
  clock.pass(60 * MINUTE_MS);
  t.strictSame(await desk.life.handle(id), { again: null }, 'a timer that comes twice changes nothing');
  await settled();
  t.strictSame(told(id), ['opened', 'acked', 'commented', 'unacked']);
  t.equal((await ask('POST', `/alerts/${id}/ack`, { token: TOKENS.admin })).status, 200, 'another one takes it');
});

t.test('what is shelved tells nobody until its time is over; what is snoozed until it fires', async (t) => {
  const { id } = await opened('shelved');
  const shelve = { payload: { minutes: 30, reason: 'a drill of the fire brigade' } };
  const shelved = await ask('POST', `/alerts/${id}/shelve`, shelve);
  t.match(shelved.body, { visibility: 'shelved', hidden: { by: 'operator', until: /Z$/, reason: /drill/ } });
  await opened('shelved');
  await until('it fired again', async () => (await desk.queries.get(ADMIN, id)).occurrences === 2);
  const snoozed = await opened('snoozed');
  await ask('POST', `/alerts/${snoozed.id}/snooze`, { payload: { minutes: 60 } });
  await opened('snoozed');
  await until('it is awake', async () => (await desk.queries.get(ADMIN, snoozed.id)).visibility === 'normal');
  t.match(await desk.queries.get(ADMIN, id), { visibility: 'shelved', condition: 'active' });
  clock.pass(31 * MINUTE_MS);
  await until('it is shown', async () => (await desk.queries.get(ADMIN, id)).visibility === 'normal');
  await settled();
  t.strictSame(told(id), ['opened', 'updated'], 'told once, as it stands at the end');
  t.strictSame(told(snoozed.id), ['opened', 'updated']);
  const { id: grave } = await opened('grave', { severity: 'extreme' });
  t.match(await ask('POST', `/alerts/${grave}/shelve`, shelve), { status: 409, body: { detail: /close it instead/ } });
  const grown = await opened('grows');
  await ask('POST', `/alerts/${grown.id}/shelve`, shelve);
  await opened('grows', { severity: 'extreme' });
  await until('what became extreme is shown', async () => (await newest('grows'))!.visibility === 'normal');
  t.ok(await balances(), 'delivered, dead, waiting and withheld are all that was raised');
});

t.test('what happened again meanwhile is worked on instead of what was closed', async (t) => {
  const { id } = await opened('again');
  await ask('POST', `/alerts/${id}/close`, { payload: { verdict: 'confirmed' } });
  const { id: next } = await opened('again');
  const answer = await ask('POST', `/alerts/${id}/reopen`, { payload: { text: 'not over' } });
  t.match(answer, { status: 409, body: { detail: new RegExp(`open alert ${next} instead`) } });
});

t.test('when an alert was first told is known when its deliveries are gone', async (t) => {
  const { id } = await opened('old');
  await until('it is told', () => told(id).length > 0);
  await settled();
  const { sent } = await desk.queries.stages(ADMIN, id);
  t.match(sent, /Z$/);
  await desk.queries.pruneDeliveries(clock.nowMs() + 40 * DAY_MS, firstOwner());
  t.notOk((await counts()).delivered);
  t.equal((await desk.queries.stages(ADMIN, id)).sent, sent);
});
