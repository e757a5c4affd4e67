import t from 'tap';
import type { AlertView } from '../../../../src/alerts/desk/alert.ts';
import { ONE_BY_ONE } from '../../../../src/alerts/route/stages/storm.ts';
import { HOUR_MS, MINUTE_MS, toRfc3339 } from '../../../../src/core/clock.ts';
import { ADMIN, startReceiver, webhookAt } from '../../../support/alerts/alert-desk.ts';
import { startAlertsApi } from '../../../support/alerts/alerts-api.ts';
import { listedDevices } from '../../../support/alerts/no-devices.ts';
import { HERE } from '../../../support/api/api.ts';
import { ShiftedClock } from '../../../support/time/shifted-clock.ts';
import { until } from '../../../support/time/until.ts';

const PARTS = 3;
const RULES = ['lamp-out', 'door-open', 'leak', 'smoke', 'jam'];
const COUNT = ONE_BY_ONE + 1 + PARTS;

const clock = new ShiftedClock();
const devices = RULES.flatMap((rule) => Array.from({ length: 3 * COUNT }, (_, n) => `${rule}-${n}`));
const { desk, raise, ask } = await startAlertsApi(t, { clock, devices: listedDevices(devices) });
const receiver = await startReceiver(t);
await desk.subscriptions.create(ADMIN, { name: 'centre', ...webhookAt(receiver.url), jurisdiction: HERE });

const list = async (query: string): Promise<AlertView[]> => {
  return ((await ask('GET', `/alerts?${query}&limit=100`)).body as unknown as { items: AlertView[] }).items;
};
/** What a desk sees as rows of its own, and how many more each of them says are like it. */
const rows = (rule: string) => list(`open=true&visibility=normal&parts=false&rule=${rule}`);
const one = (id: string) => desk.queries.get(ADMIN, id);
const toldOf = (id: string): string[] =>
  receiver
    .once()
    .filter(({ data }) => data.data.id === id)
    .map(({ data }) => data.type);

async function storm(rule: string, count = COUNT): Promise<{ leader: AlertView; parts: AlertView[] }> {
  for (let n = 0; n < count; n += 1) await raise(`${rule}-${n}`, { severity: 'moderate', rule });
  await until('all are open', async () => (await desk.queries.counts(ADMIN, { open: true, rule })).all === count);
  const leader = (await rows(rule)).find(({ stormCount }) => stormCount > 0)!;
  clock.pass(2 * MINUTE_MS);
  await until('how many there are is told', async () => (await one(leader.id)).stormCount === count - ONE_BY_ONE);
  return { leader: await one(leader.id), parts: await list(`storm=${leader.id}`) };
}

async function silence(payload: object): Promise<void> {
  const endsAt = toRfc3339(clock.nowMs() + HOUR_MS);
  const made = await ask('POST', '/silences', {
    payload: { jurisdiction: HERE, reason: 'works in the park', endsAt, ...payload },
  });
  t.equal(made.status, 201);
}

/** Each row says for how many it stands, and as many are listed behind it. */
async function countsAreLists(rule: string): Promise<void> {
  for (const { id, stormCount } of await list(`open=true&parts=false&rule=${rule}`)) {
    const behind = await list(`storm=${id}&open=true`);
    t.equal(Math.max(0, stormCount - 1), behind.length, 'the count is that of the list');
  }
}

t.test('what only the silence of the one before it hides is shown and told', async (t) => {
  const { leader, parts } = await storm('lamp-out');
  await silence({ device: leader.device });
  await until('it is silenced', async () => (await one(leader.id)).visibility === 'silenced');
  await until('nobody is behind it', async () => (await list(`storm=${leader.id}`)).length === 0);
  for (const { id } of parts) {
    t.match(await one(id), { visibility: 'normal', storm: null, handling: 'new' });
    await until('it is told', () => toldOf(id).length > 0);
    t.strictSame(toldOf(id), ['alert.updated'], 'once');
  }
  t.equal((await rows('lamp-out')).length, COUNT - 1, 'each is a row but the one that is silenced');
  await countsAreLists('lamp-out');
});

t.test('where many were behind it another one stands for them, and nobody hears of each', async (t) => {
  const { leader, parts } = await storm('door-open', 3 * COUNT);
  await silence({ device: leader.device });
  const next = await until('another one stands for them', async () =>
    (await rows('door-open')).find(({ id, stormCount }) => stormCount > 0 && id !== leader.id),
  );
  clock.pass(MINUTE_MS);
  await until('it says for how many', async () => {
    return (await one(next.id)).stormCount === parts.length - ONE_BY_ONE;
  });
  const heard = await Promise.all(parts.map(async ({ id }) => toldOf(id).length > 0));
  t.equal(heard.filter(Boolean).length, ONE_BY_ONE + 1);
  await countsAreLists('door-open');
});

t.test('what the same silence means stays unsaid, each by itself', async (t) => {
  const { leader, parts } = await storm('leak');
  await silence({ kind: 'leak' });
  await until('nobody is behind it', async () => (await list(`storm=${leader.id}`)).length === 0);
  for (const { id } of parts) {
    t.match(await one(id), { visibility: 'silenced', hidden: { by: /^silence / }, storm: null });
    t.strictSame(toldOf(id), []);
  }
  await countsAreLists('leak');
});

t.test('a person who shelves one hides no other', async (t) => {
  const { leader, parts } = await storm('smoke');
  const body = { minutes: 60, reason: 'we know' };
  t.equal((await ask('POST', `/alerts/${leader.id}/shelve`, { payload: body })).status, 200);
  await until('they are shown', async () => (await list(`storm=${leader.id}`)).length === 0);
  for (const { id } of parts) t.match(await one(id), { visibility: 'normal', storm: null });
  await countsAreLists('smoke');
  clock.pass(HOUR_MS);
  await until('it is shown again', async () => (await one(leader.id)).visibility === 'normal');
  await countsAreLists('smoke');
});

t.test('what opens behind one that is being hidden is found by the next look', async (t) => {
  const { leader } = await storm('jam');
  await silence({ device: leader.device });
  await until('nobody is behind it', async () => (await list(`storm=${leader.id}`)).length === 0);
  // A writer that read before, and writes after.
  const [late] = await rows('jam');
  const alerts = desk.database.tables<{ alert: { id: string; storm: string; visibility: string } }>();
  await alerts
    .updateTable('alert')
    .set({ storm: leader.id, visibility: 'inhibited' })
    .where('id', '=', late!.id)
    .execute();
  const timers = desk.database.tables<{ work_item: { queue: string; key: string; due_at_ms: number } }>();
  const work = { queue: 'stage', key: `storm ${leader.id} 1`, due_at_ms: 0 };
  const noted = { revision: 1, priority: 5, claimed_until_ms: 0, fence: 0, attempts: 0 };
  await timers
    .insertInto('work_item')
    .values({ ...work, ...noted })
    .execute();
  desk.doorbell.ring('stage');
  await until('it is shown', async () => (await one(late!.id)).visibility === 'normal');
  t.equal((await one(leader.id)).visibility, 'silenced');
  await countsAreLists('jam');
});
