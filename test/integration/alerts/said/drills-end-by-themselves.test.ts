import t from 'tap';
import { MINUTE_MS } from '../../../../src/core/clock.ts';
import { startReceiver } from '../../../support/alerts/alert-desk.ts';
import { startAlertsApi } from '../../../support/alerts/alerts-api.ts';
import { HERE } from '../../../support/api/api.ts';
import { ShiftedClock } from '../../../support/time/shifted-clock.ts';
import { until } from '../../../support/time/until.ts';

const clock = new ShiftedClock();
const { ask } = await startAlertsApi(t, { clock });
const receiver = await startReceiver(t);
await ask('POST', '/subscriptions', { payload: { name: 'centre', url: receiver.url, jurisdiction: HERE } });

interface Alert {
  id: string;
  handling: string;
  exerciseEndsAt: string | null;
}

const begin = async (more: object = {}) =>
  await ask('POST', '/alerts/drills', {
    payload: { device: 'kiosk-1', rule: 'kiosk-fire', note: 'rehearsal of the week', ...more },
  });
const now = async (id: string) => (await ask('GET', `/alerts/${id}`)).body as Alert;
const minutesTo = (at: string | null) => Math.round((Date.parse(at!) - clock.nowMs()) / MINUTE_MS);
const told = (id: string) =>
  receiver
    .once()
    .filter(({ data }) => data.data.id === id)
    .map(({ data }) => data.type);

t.test('a drill says when it ends, and is closed as one by then, whoever has it', async (t) => {
  const { status, body } = await begin({ minutes: 30 });
  t.equal(status, 201);
  const { id, exerciseEndsAt } = body as Alert;
  t.equal(minutesTo(exerciseEndsAt), 30);
  const { items } = (await ask('GET', '/alerts')).body as { items: Alert[] };
  t.match(items, [{ id, exerciseEndsAt }], 'the list says it, too');
  await ask('POST', `/alerts/${id}/ack`, { payload: { minutes: 240 } });
  clock.pass(29 * MINUTE_MS);
  t.match(await now(id), { handling: 'acked' });
  clock.pass(MINUTE_MS);
  const closed = await until('it is closed', async () => {
    const alert = await now(id);
    return alert.handling === 'closed' ? alert : null;
  });
  t.match(closed, { verdict: 'drill', closedBy: 'citywatch', ackedBy: 'operator', visibility: 'test', exercise: true });
  await until('everybody is told', () => told(id).includes('alert.closed'));
  const last = receiver.received.findLast(({ data }) => data.data.id === id);
  t.match(last?.data, { type: 'alert.closed', data: { exercise: true, exerciseEndsAt, verdict: 'drill' } });
  const { text } = await ask('GET', `/alerts/${id}/cap`);
  t.match(text, '<status>Exercise</status>');
  t.match(text, '<msgType>Cancel</msgType>');
  const again = await ask('POST', `/alerts/${id}/reopen`, { payload: { text: 'once more' } });
  t.match(again, { status: 409, body: { detail: /drill.*begin another/ } });
});

t.test('one that is closed before stays closed, and one may be long but not for ever', async (t) => {
  const { id, exerciseEndsAt } = (await begin()).body as Alert;
  t.equal(minutesTo(exerciseEndsAt), 60, 'an hour, where nothing is said');
  await ask('POST', `/alerts/${id}/close`, { payload: { verdict: 'confirmed' } });
  const { version } = (await now(id)) as unknown as { version: number };
  t.match((await begin({ minutes: 241 })).body, { issues: [{ path: 'minutes' }] });
  const other = (await begin({ minutes: 240 })).body as Alert;
  clock.pass(241 * MINUTE_MS);
  await until('the other one is closed', async () => (await now(other.id)).handling === 'closed');
  t.match(await now(id), { version, verdict: 'confirmed', closedBy: 'operator' }, 'nothing more is said of it');
});
