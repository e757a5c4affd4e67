import t from 'tap';
import { countWithheld, lookAtWithheld } from '../../../../src/alerts/route/stages/maintenance.ts';
import { ADMIN, startReceiver, webhookAt } from '../../../support/alerts/alert-desk.ts';
import { startAlertsApi } from '../../../support/alerts/alerts-api.ts';
import type { FireOptions } from '../../../support/alerts/findings.ts';
import { usualStages } from '../../../support/alerts/usual-stages.ts';
import { HERE } from '../../../support/api/api.ts';
import { until } from '../../../support/time/until.ts';

/** Devices whose own maintenance, or that of what they hang on, lasts. */
const maintained = new Map<string, string>();
const stages = usualStages({ maintained: { above: (device) => maintained.get(device) ?? null } });
const { desk, raise } = await startAlertsApi(t, { stages });
const receiver = await startReceiver(t);
const { subscription } = await desk.subscriptions.create(ADMIN, {
  name: 'centre',
  ...webhookAt(receiver.url),
  jurisdiction: HERE,
});

const alertOf = async (device: string) => (await desk.queries.list(ADMIN, { limit: 1, device })).items[0];
/** A finding of the device is handled: its alert is as `is` says. */
async function fire(device: string, how: Partial<FireOptions>, is: (alert: object) => boolean) {
  await raise(device, { severity: 'moderate', ...how });
  return await until(`${device} is handled`, async () => {
    const alert = await alertOf(device);
    return alert && is(alert) ? alert : null;
  });
}
const times = (count: number) => (alert: object) => (alert as { occurrences: number }).occurrences === count;
const isCleared = (alert: object) => (alert as { condition: string }).condition === 'cleared';
const counts = async () => (await desk.subscriptions.list(ADMIN)).find(({ id }) => id === subscription.id)!.counts;
const told = (device: string) =>
  receiver
    .once()
    .filter(({ data }) => data.data.dedupKey.endsWith(`|${device}`))
    .map(({ data }) => `${data.type} ${(data.data as unknown as { visibility: string }).visibility}`);
async function endMaintenance(): Promise<void> {
  maintained.clear();
  await lookAtWithheld(desk.database, desk.clock);
  desk.doorbell.ring('stage');
}
const settled = () => until('nothing waits', async () => (await counts()).waiting === 0);

t.test('what fires in maintenance is kept and held back, and what still fires at the end is raised', async (t) => {
  await fire('known', {}, times(1));
  await settled();
  t.strictSame(told('known'), ['alert.opened normal']);
  for (const device of ['known', 'lasts', 'over', 'below']) maintained.set(device, 'cabinet');
  t.match(await fire('lasts', {}, times(1)), { condition: 'active', visibility: 'silenced' });
  await fire('below', {}, times(1));
  await fire('over', {}, times(1));
  await fire('over', { kind: 'cleared' }, isCleared);
  await fire('known', {}, times(2));
  await fire('known', { kind: 'cleared' }, isCleared);
  await settled();
  t.match(await counts(), { withheld: 6, dead: 0 }, 'opened three times, fired again once, ended twice');
  t.strictSame(receiver.once().length, 1, 'nobody was told of anything');
  t.equal(await countWithheld(desk.database, ['known', 'lasts', 'over', 'below'], 0), 4);

  const before = (await counts()).withheld;
  await endMaintenance();
  await until('what lasts is told', () => told('lasts').length > 0 && told('known').length > 1 && told('below')[0]);
  await settled();
  t.strictSame(told('lasts'), ['alert.updated normal']);
  t.strictSame(told('known'), ['alert.opened normal', 'alert.cleared normal'], 'what was known before ends');
  t.strictSame(told('over'), [], 'what came and went meanwhile is nobody’s business');
  t.match(await alertOf('over'), { visibility: 'silenced', condition: 'cleared' });
  const all = await counts();
  t.equal(all.withheld, before);
  t.equal(all.delivered, receiver.once().length, 'delivered, dead, waiting and withheld are all that was raised');
});

t.test('extreme alerts and hits on a watchlist are told all the same', async (t) => {
  for (const device of ['fire', 'gate', 'grows']) maintained.set(device, device);
  await fire('fire', { severity: 'extreme' }, times(1));
  await fire('gate', { severity: 'severe', data: { watchlist: 'stolen', wanted_plate: '浙B•••45' } }, times(1));
  await fire('grows', { severity: 'severe' }, times(1));
  await fire('grows', { severity: 'extreme' }, times(2));
  await until('all three are told', () => told('fire')[0] && told('gate')[0] && told('grows')[0]);
  t.strictSame(told('grows'), ['alert.updated normal'], 'as soon as it is extreme, and not before');
  await endMaintenance();
});

t.test('what is held back is let go also where nobody says that the maintenance ended', async (t) => {
  maintained.set('forgotten', 'forgotten');
  await fire('forgotten', {}, times(1));
  maintained.clear();
  await until('it is told', () => told('forgotten')[0]);
  t.strictSame(told('forgotten'), ['alert.updated normal']);
  maintained.set('again', 'again');
  await fire('again', {}, times(1));
  maintained.clear();
  await fire('again', {}, times(2));
  await until('the next fire tells it at once', () => told('again')[0]);
});
