import t, { type Test } from 'tap';
import type { AlertView } from '../../../../src/alerts/desk/alert.ts';
import { Ladder } from '../../../../src/alerts/ladder/ladder.ts';
import type { Level } from '../../../../src/alerts/ladder/levels.ts';
import { MINUTE_MS } from '../../../../src/core/clock.ts';
import { ADMIN, startReceiver, webhookAt } from '../../../support/alerts/alert-desk.ts';
import { startAlertsApi } from '../../../support/alerts/alerts-api.ts';
import type { FireOptions } from '../../../support/alerts/findings.ts';
import { usualStages } from '../../../support/alerts/usual-stages.ts';
import { HERE } from '../../../support/api/api.ts';
import { ShiftedClock } from '../../../support/time/shifted-clock.ts';
import { until } from '../../../support/time/until.ts';

const clock = new ShiftedClock();
const ladder = Ladder.parse(
  'extreme: { county: 0, city: 0 }\nsevere: {}\nmoderate: { county: 10, city: 30 }\nminor: {}',
  'ladder.yaml',
);
const stages = usualStages({ ladder });
const { desk, raise, ask } = await startAlertsApi(t, { clock, stages });

async function receiverAt(level: Level) {
  const receiver = await startReceiver(t);
  await desk.subscriptions.create(ADMIN, { name: level, ...webhookAt(receiver.url), jurisdiction: HERE, level });
  return (id: string) =>
    receiver.once().flatMap(({ data }) => (data.data.id === id ? [data.type.slice('alert.'.length)] : []));
}

const station = await receiverAt('station');
const county = await receiverAt('county');
const city = await receiverAt('city');

const view = async (id: string): Promise<AlertView> => (await ask('GET', `/alerts/${id}`)).body as unknown as AlertView;

async function opened(device: string, how: Partial<FireOptions> = {}): Promise<string> {
  await raise(device, { severity: 'moderate', ...how });
  return await until(`the alert of ${device}`, async () => {
    const { items } = await desk.queries.list(ADMIN, { limit: 1, device });
    return items[0]?.id;
  });
}

const untilAt = (id: string, level: Level) =>
  until(`it is at the ${level}`, async () => (await view(id)).level === level);

/** Everything that was raised is out. */
const settled = () =>
  until('nothing waits', async () => {
    const all = await desk.subscriptions.list(ADMIN);
    return all.every(({ counts }) => counts.waiting === 0);
  });

/** Nothing more becomes of it: another alert, which is raised now, has been told to all. */
async function laterOnes(t: Test): Promise<void> {
  const later = await opened(`later-${clock.nowMs()}`, { severity: 'extreme' });
  await until('a later one is told', () => [station, county, city].every((told) => told(later).length > 0));
  t.strictSame(
    [station(later), county(later), city(later)],
    [['opened'], ['opened'], ['opened']],
    'a grave one, to all',
  );
}

t.test('what nobody takes is told to the county, then to the city, once each', async (t) => {
  const id = await opened('left-alone');
  await until('the station is told', () => station(id).length > 0);
  await laterOnes(t);
  t.strictSame([county(id), city(id)], [[], []]);
  t.match(await view(id), { level: 'station', climbsAt: /Z$/ });

  clock.pass(10 * MINUTE_MS + 5_000);
  await untilAt(id, 'county');
  await settled();
  t.strictSame([station(id), county(id), city(id)], [['opened', 'escalated'], ['escalated'], []]);

  clock.pass(20 * MINUTE_MS + 5_000);
  await untilAt(id, 'city');
  t.match(await view(id), { level: 'city', climbsAt: null });
  clock.pass(600 * MINUTE_MS);
  await laterOnes(t);
  await settled();
  t.strictSame([county(id), city(id)], [['escalated', 'escalated'], ['escalated']], 'and no further');

  t.equal((await ask('POST', `/alerts/${id}/close`, { payload: { verdict: 'drill' } })).status, 200);
  await settled();
  t.equal(city(id).at(-1), 'closed', 'who was told hears how it ends');
  const found = await ask('GET', '/alerts?level=city&open=false');
  t.strictSame(
    (found.body as { items: { id: string }[] }).items.map((one) => one.id),
    [id],
  );
});

const rehearsing = await startReceiver(t);

t.test('a drill climbs as what is real, and says at each level what it is', async (t) => {
  const input = { name: 'all', ...webhookAt(rehearsing.url), jurisdiction: HERE, level: 'county' as const };
  await desk.subscriptions.create(ADMIN, input);
  const id = await opened('rehearsed', { exercise: true, atMs: clock.nowMs() });
  t.match(await view(id), { exercise: true, visibility: 'test', level: 'station', climbsAt: /Z$/ });
  clock.pass(10 * MINUTE_MS + 5_000);
  await untilAt(id, 'county');
  clock.pass(20 * MINUTE_MS + 5_000);
  await untilAt(id, 'city');
  await settled();
  t.strictSame(
    [station(id), county(id)],
    [
      ['opened', 'escalated', 'escalated'],
      ['escalated', 'escalated'],
    ],
  );
  t.strictSame(city(id), ['escalated']);
  const told = rehearsing.once().filter(({ data }) => data.data.id === id);
  t.equal(told.length, 2);
  for (const one of told) t.match(one.data.data, { exercise: true, visibility: 'test' }, 'marked in each message');
  await ask('POST', `/alerts/${id}/ack`);
  t.match(await view(id), { handling: 'acked', level: 'city', climbsAt: null });
});

t.test('whoever takes it stops it, and when that runs out it climbs on', async (t) => {
  const id = await opened('taken');
  t.match((await ask('POST', `/alerts/${id}/ack`, { payload: { minutes: 60 } })).body, { climbsAt: null });
  clock.pass(40 * MINUTE_MS);
  await laterOnes(t);
  t.match(await view(id), { level: 'station', handling: 'acked' });
  clock.pass(30 * MINUTE_MS);
  await until('it is nobody’s again', async () => (await view(id)).handling === 'new');
  t.match(await view(id), { level: 'station', climbsAt: /Z$/ });
  clock.pass(10 * MINUTE_MS + 5_000);
  await untilAt(id, 'county');
});

t.test('what has cleared, or a rule or person hides, waits for nobody', async (t) => {
  const [over, hidden] = [await opened('over'), await opened('hidden')];
  await raise('over', { severity: 'moderate', kind: 'cleared' });
  await until('it has cleared', async () => (await view(over)).condition === 'cleared');
  t.equal((await ask('POST', `/alerts/${hidden}/shelve`, { payload: { minutes: 30, reason: 'a test' } })).status, 200);
  clock.pass(20 * MINUTE_MS);
  await laterOnes(t);
  t.match(await view(over), { level: 'station', climbsAt: null });
  t.match(await view(hidden), { level: 'station', climbsAt: null });
  clock.pass(15 * MINUTE_MS);
  await until('it is shown again', async () => (await view(hidden)).visibility === 'normal');
  t.match(await view(hidden), { level: 'station', climbsAt: /Z$/ }, 'and waits anew');
});

t.test('a department is told of its rules and of nothing else', async (t) => {
  const receiver = await startReceiver(t);
  const rules = ['food-too-warm'];
  const made = { name: 'food and drugs', ...webhookAt(receiver.url), jurisdiction: HERE, rules };
  t.match(await desk.subscriptions.create(ADMIN, made), { subscription: { rules } });
  const [others, theirs] = [await opened('theft'), await opened('fridge', { rule: 'food-too-warm' })];
  await until('they are told', () => receiver.received.some(({ data }) => data.data.id === theirs));
  await settled();
  t.notOk(receiver.received.some(({ data }) => data.data.id === others));
});

t.test('many that nobody takes all climb', async (t) => {
  const count = 450;
  // Of several rules: else one would stand for the others.
  for (let n = 0; n < count; n += 1) await raise(`many-${n}`, { severity: 'moderate', rule: `rule-${n % 50}` });
  const said = async (what: string) => {
    const { entries } = await desk.queries.events(ADMIN, 0, 5_000);
    const ofMany = entries.filter(({ body }) => String(body.alert.device).startsWith('many-'));
    return ofMany.filter(({ type }) => type === what).map(({ body }) => body.alert.level);
  };
  await until('all are open', async () => (await said('alert.opened')).length === count);
  // Of several stretches of time, whose timers are due together.
  clock.pass(10 * MINUTE_MS + 5_000);
  await until('all have climbed', async () => (await said('alert.escalated')).length >= count);
  await laterOnes(t);
  t.strictSame(await said('alert.escalated'), Array(count).fill('county'), 'once each, and a level each');
});
