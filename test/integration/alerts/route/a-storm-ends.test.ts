import t from 'tap';
import type { AlertView } from '../../../../src/alerts/desk/alert.ts';
import { ONE_BY_ONE } from '../../../../src/alerts/route/stages/storm.ts';
import { MINUTE_MS } from '../../../../src/core/clock.ts';
import { ADMIN, startReceiver, webhookAt } from '../../../support/alerts/alert-desk.ts';
import { startAlertsApi } from '../../../support/alerts/alerts-api.ts';
import { ShiftedClock } from '../../../support/time/shifted-clock.ts';
import { until } from '../../../support/time/until.ts';

const MANY = 40;

const clock = new ShiftedClock();
const { desk, raise, ask } = await startAlertsApi(t, { clock });
const receiver = await startReceiver(t);
await desk.subscriptions.create(ADMIN, { name: 'centre', ...webhookAt(receiver.url), jurisdiction: '330200' });

/** What was told of an alert, each message once. */
const toldOf = (id: string): string[] =>
  receiver
    .once()
    .filter(({ data }) => data.data.id === id)
    .map(({ data }) => data.type);
const settled = () =>
  until('nothing waits', async () =>
    (await desk.subscriptions.list(ADMIN)).every(({ counts }) => counts.waiting === 0),
  );
const list = async (query: string): Promise<AlertView[]> => {
  return ((await ask('GET', `/alerts?${query}&limit=100`)).body as unknown as { items: AlertView[] }).items;
};
const close = (id: string) => ask('POST', `/alerts/${id}/close`, { payload: { verdict: 'confirmed' } });

/** A storm of a rule of its own; resolves with the alert that stands for the others, and with those. */
async function storm(rule: string, count = MANY): Promise<{ leader: AlertView; parts: AlertView[] }> {
  for (let n = 0; n < count; n += 1) await raise(`${rule}-${n}`, { severity: 'moderate', rule });
  await until('all are open', async () => (await desk.queries.counts(ADMIN, { open: true, rule })).all === count);
  const leader = (await list(`open=true&rule=${rule}`)).find(({ stormCount }) => stormCount > 0)!;
  // What comes now is not counted with what has opened.
  clock.pass(2 * MINUTE_MS);
  return { leader, parts: await list(`storm=${leader.id}`) };
}

async function clear({ device }: AlertView, rule: string): Promise<void> {
  await raise(device!, { severity: 'moderate', rule, kind: 'cleared' });
}

t.test('what is still bad when a storm is closed is told; what has cleared is closed with it', async (t) => {
  const { leader, parts } = await storm('lamp-out');
  const [taken, ...others] = parts;
  const bad = others.slice(0, 3);
  const over = others.slice(3);
  t.equal((await ask('POST', `/alerts/${taken!.id}/ack`)).status, 200);
  for (const part of [taken!, ...over]) await clear(part, 'lamp-out');
  const cleared = async () =>
    (await list(`storm=${leader.id}`)).filter(({ condition }) => condition === 'cleared').length;
  await until('they have cleared', async () => (await cleared()) === over.length + 1);
  t.equal((await close(leader.id)).status, 200);
  await until('nothing is open behind it', async () => (await list(`storm=${leader.id}&open=true`)).length === 0);
  await settled();

  const after = await list('rule=lamp-out');
  const now = new Map(after.map((alert) => [alert.id, alert]));
  for (const { id } of bad) {
    t.match(now.get(id), { storm: null, visibility: 'normal', handling: 'new', condition: 'active' });
    t.strictSame(toldOf(id), ['alert.updated'], 'it is told, once');
  }
  t.match(now.get(taken!.id), { storm: null, visibility: 'normal', handling: 'acked' }, 'somebody has it');
  for (const { id } of over) {
    t.match(now.get(id), { storm: leader.id, handling: 'closed', verdict: 'no_action', closedBy: 'citywatch' });
    t.strictSame(toldOf(id), [], 'nobody heard of it, and nobody does');
  }
  t.equal(after.length, MANY, 'and none is lost');
  const left = await list('rule=lamp-out&open=true');
  t.equal((await desk.queries.counts(ADMIN, { open: true, rule: 'lamp-out' })).all, left.length);
});

t.test('where many are still bad the next storm begins with them', async (t) => {
  const { leader, parts } = await storm('door-open');
  t.equal((await close(leader.id)).status, 200);
  const next = await until('another one stands for them', async () =>
    (await list('open=true&rule=door-open')).find(({ stormCount, id }) => stormCount > 0 && id !== leader.id),
  );
  await settled();
  const behind = await list(`storm=${next.id}`);
  t.equal(behind.length + 1 + ONE_BY_ONE, parts.length, 'few are told, one stands for the others');
  t.ok(behind.every(({ visibility, handling }) => visibility === 'inhibited' && handling === 'new'));
  t.strictSame(parts.map(({ id }) => toldOf(id).length > 0).filter(Boolean).length, ONE_BY_ONE + 1);
  clock.pass(MINUTE_MS);
  await until('how many they are is told', async () => {
    return (await list(`rule=door-open&open=true`)).some(({ stormCount }) => stormCount === behind.length + 1);
  });
});

t.test('a part that came while its storm was closed is told by the next look', async (t) => {
  const { leader, parts } = await storm('leak', ONE_BY_ONE + 2);
  t.equal((await close(leader.id)).status, 200);
  await until('it is free', async () => (await list(`storm=${leader.id}`)).length === 0);
  await desk.database
    .tables<{ alert: { id: string; storm: string; visibility: string } }>()
    .updateTable('alert')
    .set({ storm: leader.id, visibility: 'inhibited' })
    .where('id', '=', parts[0]!.id)
    .execute();
  const timers = desk.database.tables<{ work_item: { queue: string; key: string; due_at_ms: number } }>();
  clock.pass(MINUTE_MS);
  await timers
    .insertInto('work_item')
    .values({ queue: 'stage', key: `storm ${leader.id} 1`, due_at_ms: 0, ...NOTED })
    .execute();
  desk.doorbell.ring('stage');
  await until('it is free again', async () => (await list(`storm=${leader.id}`)).length === 0);
});

const NOTED = { revision: 1, priority: 5, claimed_until_ms: 0, fence: 0, attempts: 0 };
