import t from 'tap';
import type { AlertTables } from '../../../../src/alerts/desk/tables.ts';
import type { Stage } from '../../../../src/alerts/route/stages/stage.ts';
import { quietMinutes } from '../../../fixtures/stages/quiet-minutes.ts';
import { ADMIN, startReceiver, webhookAt } from '../../../support/alerts/alert-desk.ts';
import { startAlertsApi } from '../../../support/alerts/alerts-api.ts';
import { usualStages } from '../../../support/alerts/usual-stages.ts';
import { HERE } from '../../../support/api/api.ts';
import { ShiftedClock } from '../../../support/time/shifted-clock.ts';
import { until } from '../../../support/time/until.ts';

/** Loses all it is given: it is passed over. */
const broken: Stage = {
  name: 'broken',
  needed: false,
  locks: false,
  read: async () => null,
  run: () => ({ changes: [], timers: [] }),
};
/** More than a loaded machine takes for all before it, and less than the usual stages wait for. */
const QUIET_MS = 8_000;
const clock = new ShiftedClock();
const { desk, raise, alertOf } = await startAlertsApi(t, {
  clock,
  stages: [...usualStages(), broken, quietMinutes(QUIET_MS)],
});

/** The quiet time of all that was opened so far is over. */
function passQuietTime(): void {
  clock.pass(QUIET_MS);
  desk.doorbell.ring('stage');
}

async function subscribe(name: string): Promise<string> {
  const { url } = await startReceiver(t);
  return (await desk.subscriptions.create(ADMIN, { name, ...webhookAt(url), jurisdiction: HERE })).subscription.id;
}

const counts = async (id: string) => (await desk.subscriptions.list(ADMIN)).find((one) => one.id === id)!.counts;
const sum = (all: Record<string, number>): number => Object.values(all).reduce((total, count) => total + count, 0);

t.test('a stage holds back, lets its timer tell later, and all that was raised is counted', async (t) => {
  const [loud, quiet] = [await subscribe('loud'), await subscribe('quiet')];
  const id = await alertOf('kiosk-1');
  await until('the loud one is told', async () => (await counts(loud)).delivered === 1);
  t.match(await counts(quiet), { withheld: 1, delivered: 0, waiting: 0, dead: 0 });
  const tables = desk.database.tables<AlertTables>();
  const visibility = async () =>
    (await tables.selectFrom('alert').select('visibility').where('id', '=', id).executeTakeFirstOrThrow()).visibility;
  t.equal(await visibility(), 'silenced', 'what the stage made of the alert is kept');
  passQuietTime();
  await until('the timer of the stage', async () => (await counts(quiet)).delivered === 1);
  t.equal(await visibility(), 'normal');
  t.match(await counts(loud), { delivered: 1, withheld: 0 });

  const ended = await alertOf('kiosk-2');
  await desk.actions.close(ADMIN, ended, { verdict: 'drill' });
  await tables.updateTable('alert').set({ condition: 'cleared' }).where('id', '=', ended).execute();
  for (let number = 3; number < 20; number += 1) await raise(`kiosk-${number}`);
  const entries = async (type: string) => {
    const rows = tables.selectFrom('alert_event').select('seq').where('type', '=', type);
    return (await rows.execute()).length;
  };
  await until('all of them are opened', async () => (await entries('alert.opened')) === 19);
  passQuietTime();
  await until('those that last are told', async () => (await entries('alert.updated')) === 18);
  await until('nothing waits', async () => (await counts(quiet)).waiting === 0 && (await counts(loud)).waiting === 0);
  t.equal(sum(await counts(loud)), 20, 'opened 19 times and closed once');
  t.match(await counts(quiet), { withheld: 20, delivered: 18, dead: 0 }, 'opened and closed, and those that last');
  const faults = await desk.observer.metrics.getSingleMetricAsString('citywatch_alert_stage_faults_total');
  t.match(faults, /stage="broken"\} \d/, 'a stage that loses changes is counted, and nothing is lost');
});
