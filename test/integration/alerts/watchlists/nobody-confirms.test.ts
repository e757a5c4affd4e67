import t, { type Test } from 'tap';
import { CONFIRMING_DESK } from '../../../../src/alerts/desk/log/audience.ts';
import { HIT_WAITS_QUEUE } from '../../../../src/alerts/desk/queues.ts';
import { type Clock, systemClock } from '../../../../src/core/clock.ts';
import { sql } from '../../../../src/platform/database/database.ts';
import { ADMIN, startReceiver, webhookAt } from '../../../support/alerts/alert-desk.ts';
import { startAlertsApi } from '../../../support/alerts/alerts-api.ts';
import { HERE } from '../../../support/api/api.ts';
import { freshDatabase } from '../../../support/services/shared-database.ts';
import { ShiftedClock } from '../../../support/time/shifted-clock.ts';
import { until } from '../../../support/time/until.ts';
import { raisingHits } from '../../../support/watchlists/hit.ts';

const UNCONFIRMED_MS = 120_000;
const BEGAN_MS = Date.now();
const UNCERTAIN = { data: { candidate: true, doubt: 'low-confidence' }, seenBy: [CONFIRMING_DESK] };
const CONFIRMS = { ...ADMIN, id: 'confirms', name: 'Confirms', confirms: true };

const { url: database } = await freshDatabase(t);
const shifted = new ShiftedClock();
/** Its date stands still, so that nothing comes due that waits. */
const standing: Clock = { ...systemClock, nowMs: () => BEGAN_MS };

/** A gateway's desk on the database, until the test ends. */
async function start(t: Test, clock: Clock = shifted) {
  const { desk, alerts } = await startAlertsApi(t, { clock, database });
  desk.work.handle(HIT_WAITS_QUEUE, (id) => alerts.hits.handleWait(id));
  const escalations = async (id: string): Promise<number> => {
    const { rows } = await sql`select from alert_event where alert_id = ${id}
      and body -> 'alert' -> 'data' ->> 'escalated_at' is not null`.execute(desk.database.tables());
    return rows.length;
  };
  /** Everything that is due is done, with nothing left that is. */
  const settled = () =>
    until('nothing is due', async () => {
      desk.doorbell.ring(HIT_WAITS_QUEUE);
      const { rows } = await sql`select from work_item where queue = ${HIT_WAITS_QUEUE}
        and (due_at_ms <= ${clock.nowMs()} or claimed_until_ms > ${clock.nowMs()})`.execute(desk.database.tables());
      return rows.length === 0;
    });
  return { desk, alerts, escalations, settled, hit: raisingHits(desk) };
}

let pending = '';

t.test('an uncertain read reaches who confirms without a wait: no time passes, and nobody else is told', async (t) => {
  const receivers = { centre: await startReceiver(t), desk: await startReceiver(t), county: await startReceiver(t) };
  const { desk, hit } = await start(t, standing);
  const subscribe = (name: keyof typeof receivers, more: object) => {
    return desk.subscriptions.create(CONFIRMS, {
      name,
      ...webhookAt(receivers[name].url),
      jurisdiction: HERE,
      ...more,
    });
  };
  await subscribe('centre', {});
  await subscribe('desk', { confirms: true });
  await subscribe('county', { confirms: true, level: 'county' });
  const id = await hit('k1', UNCERTAIN);
  const told = await until('it is told', () => receivers.desk.received.find(({ data }) => data.data.id === id));
  t.match(told.data, { type: 'alert.opened', data: { audience: 'confirming', data: { plate: '浙B***45' } } });
  t.same([receivers.centre.received, receivers.county.received], [[], []]);
});

t.test('a gateway that stops before anybody confirmed leaves the timer to the next', async (t) => {
  const { hit, escalations, settled } = await start(t);
  pending = await hit('k2', UNCERTAIN);
  shifted.pass(UNCONFIRMED_MS - 60_000);
  await settled();
  t.equal(await escalations(pending), 0, 'its time has not come');
});

t.test('the next one tells it once, also where two look at it and it is done again', async (t) => {
  shifted.pass(UNCONFIRMED_MS);
  const [one, other] = [await start(t), await start(t)];
  await until('it is told', async () => (await one.escalations(pending)) === 1);
  await Promise.all([one.settled(), other.settled()]);
  // As after a kill between what was told and the end of its timer.
  await Promise.all([one, other].map(({ alerts }) => alerts.hits.handleWait(pending)));
  t.equal(await one.escalations(pending), 1);
  t.match(await one.desk.queries.get(CONFIRMS, pending), { severity: 'extreme', level: 'county' });
});

t.test('after a long rest it is told once, and not as often as it would have been', async (t) => {
  shifted.pass(60 * 60_000);
  const { escalations, settled } = await start(t);
  await until('it is told again', async () => (await escalations(pending)) === 2);
  await settled();
  t.equal(await escalations(pending), 2);
});

t.test('a hit for few that nobody has is told again, to them alone; one that somebody has is not', async (t) => {
  const { desk, hit, escalations, settled } = await start(t);
  const few = { seenBy: ['wang'] };
  const [taken, free] = [await hit('k3', few), await hit('k4', few)];
  const late = await hit('k5', { ...few, data: { historical: true } });
  const open = await hit('k6');
  const wang = { ...ADMIN, id: 'wang', name: 'Wang' };
  await desk.actions.ack(wang, taken, 60 * 60_000);
  shifted.pass(UNCONFIRMED_MS + 1_000);
  await until('it is told again', async () => (await escalations(free)) === 1);
  shifted.pass(2 * UNCONFIRMED_MS);
  await until('once more', async () => (await escalations(free)) === 2);
  await settled();
  t.match(await desk.queries.get(wang, free), { severity: 'extreme', audience: 'named' });
  await t.rejects(desk.queries.get(CONFIRMS, free), { code: 'not-found' });
  t.same(await Promise.all([taken, late, open].map(escalations)), [0, 0, 0]);
  t.match(await desk.queries.get(wang, taken), { severity: 'severe' });
});
