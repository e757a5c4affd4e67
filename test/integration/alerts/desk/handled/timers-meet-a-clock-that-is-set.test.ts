import t from 'tap';
import type { AlertView } from '../../../../../src/alerts/desk/alert.ts';
import { Ladder } from '../../../../../src/alerts/ladder/ladder.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS, toRfc3339 } from '../../../../../src/core/clock.ts';
import { ADMIN, startReceiver, webhookAt } from '../../../../support/alerts/alert-desk.ts';
import { startAlertsApi } from '../../../../support/alerts/alerts-api.ts';
import { usualStages } from '../../../../support/alerts/usual-stages.ts';
import { HERE } from '../../../../support/api/api.ts';
import { ShiftedClock } from '../../../../support/time/shifted-clock.ts';
import { until } from '../../../../support/time/until.ts';

const clock = new ShiftedClock();
const stages = usualStages({
  ladder: Ladder.parse('extreme: {}\nsevere: {}\nmoderate: { county: 10 }\nminor: {}', 'ladder.yaml'),
});
const { desk, raise, ask } = await startAlertsApi(t, { clock, stages });
const receiver = await startReceiver(t);
await desk.subscriptions.create(ADMIN, { name: 'centre', ...webhookAt(receiver.url), jurisdiction: HERE });

const told = (id: string) =>
  receiver.once().flatMap(({ data }) => (data.data.id === id ? [data.type.slice('alert.'.length)] : []));

async function opened(device: string, how: object = {}): Promise<string> {
  await raise(device, { severity: 'minor', rule: 'kiosk-full', ...how });
  const find = async () => (await desk.queries.list(ADMIN, { limit: 1, device })).items[0];
  return (await until(`the alert of ${device}`, find)).id;
}

async function acts(id: string, deed: string, payload: object): Promise<void> {
  const { status, body } = await ask('POST', `/alerts/${id}/${deed}`, { payload });
  if (status !== 200) throw new Error(`${deed} was answered ${status}: ${JSON.stringify(body)}`);
}

const view = (id: string): Promise<AlertView> => desk.queries.get(ADMIN, id);

/** How often each thing was said of an alert, in the log. */
async function said(id: string, type: string): Promise<number> {
  const { entries } = await desk.queries.events(ADMIN, 0, 500);
  return entries.filter((entry) => entry.alertId === id && entry.type === `alert.${type}`).length;
}

let later = 0;
/** All that is due was done: what is raised now was told, and nothing is at work. */
async function settled(): Promise<void> {
  later += 1;
  const id = await opened(`later-${later}`);
  await until('a later one is told', () => told(id).includes('opened'));
  for (const queue of await desk.work.due()) desk.doorbell.ring(queue);
  await until('nothing is due', async () => (await desk.work.due()).length === 0);
  await desk.work.idle();
}

interface Pending {
  acked: string;
  shelved: string;
  climbing: string;
  silenced: string;
}

/** One alert for each kind of timer, all of which end within the hour. */
async function pending(name: string): Promise<Pending> {
  const all = {
    acked: await opened(`${name}-acked`),
    shelved: await opened(`${name}-shelved`),
    climbing: await opened(`${name}-climbing`, { severity: 'moderate' }),
    silenced: await opened(`${name}-silenced`),
  };
  await acts(all.acked, 'ack', { minutes: 30 });
  await acts(all.shelved, 'shelve', { minutes: 30, reason: 'works' });
  const payload = {
    jurisdiction: HERE,
    device: `${name}-silenced`,
    reason: 'works',
    endsAt: toRfc3339(clock.nowMs() + 30 * MINUTE_MS),
  };
  const { status, body } = await ask('POST', '/silences', { payload });
  if (status !== 201) throw new Error(`a silence was answered ${status}: ${JSON.stringify(body)}`);
  await until('it is silenced', async () => (await view(all.silenced)).visibility === 'silenced');
  return all;
}

/** What has run out: times that each was said to be over. */
async function over({ acked, shelved, climbing, silenced }: Pending): Promise<number[]> {
  const shown = [await view(shelved), await view(silenced)].map(({ visibility }) => Number(visibility === 'normal'));
  return [await said(acked, 'unacked'), await said(climbing, 'escalated'), ...shown];
}

const NONE = [0, 0, 0, 0];
const ALL = [1, 1, 1, 1];

t.test('an hour back nothing runs out early, and when it is set right each does once', async (t) => {
  const all = await pending('back');
  await settled();
  t.same(await over(all), NONE);
  clock.pass(-HOUR_MS);
  await settled();
  t.same(await over(all), NONE);
  clock.pass(HOUR_MS);
  await settled();
  t.same(await over(all), NONE, 'nor when it is set right');
  clock.pass(31 * MINUTE_MS);
  await until('all have run out', async () => JSON.stringify(await over(all)) === JSON.stringify(ALL));
  await settled();
  t.same(await over(all), ALL, 'once');
});

t.test('a day ahead each runs out once, and none again when it is set right', async (t) => {
  const all = await pending('ahead');
  await settled();
  clock.pass(DAY_MS);
  await until('all have run out', async () => JSON.stringify(await over(all)) === JSON.stringify(ALL));
  await settled();
  clock.pass(-DAY_MS);
  await settled();
  clock.pass(31 * MINUTE_MS);
  await settled();
  t.same(await over(all), ALL);
  t.equal(told(all.acked).filter((type) => type === 'unacked').length, 1, 'and was told once');
});

t.test('what could not be sent while the clock stood a day ahead is sent when it is set right', async () => {
  clock.pass(DAY_MS);
  receiver.answer(503);
  const id = await opened('unsent', { severity: 'extreme', rule: 'kiosk-fire' });
  await until('it is tried in vain', async () => {
    const [one] = await desk.subscriptions.list(ADMIN);
    return one?.lastStatus === 503;
  });
  clock.pass(-DAY_MS);
  receiver.answer(200);
  await until('it is told', () => told(id).includes('opened'));
});
