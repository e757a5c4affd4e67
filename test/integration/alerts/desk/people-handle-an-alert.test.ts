import t from 'tap';
import type { AlertTables } from '../../../../src/alerts/desk/tables.ts';
import type { AlertOccasion, WorkOrdersPort } from '../../../../src/alerts/orders/alert-orders.ts';
import type { AlertClass } from '../../../../src/alerts/rules/classes.ts';
import { CitywatchError } from '../../../../src/core/errors.ts';
import type { Caller } from '../../../../src/core/types.ts';
import { enqueueWork } from '../../../../src/platform/work/work.ts';
import { ADMIN, startAlertDesk } from '../../../support/alerts/alert-desk.ts';
import { storeFires } from '../../../support/alerts/findings.ts';
import { usualStages } from '../../../support/alerts/usual-stages.ts';
import { freshDatabase, sharedRedis } from '../../../support/services/shared-database.ts';
import { until } from '../../../support/time/until.ts';

const postgres = await freshDatabase(t);
const redis = await sharedRedis(t);
const occasions: AlertOccasion[] = [];
const orders: WorkOrdersPort = {
  openFor: async (occasion) => {
    if (occasion.device === 'gone') throw new CitywatchError('not-found');
    occasions.push(occasion);
  },
};
/** Two devices are being worked on. */
const stages = usualStages({ maintained: { above: (id) => (/^worked/.test(id) ? id : null) } });
const desk = await startAlertDesk(t, { database: postgres.url, redis: redis.url, stages, orders });

const li: Caller = { ...ADMIN, id: 'li', name: 'Li', role: 'operator', jurisdiction: '330200' };
const wang: Caller = { ...ADMIN, id: 'wang', name: 'Wang', role: 'operator', jurisdiction: '330203' };
const stranger: Caller = { ...ADMIN, id: 'zhao', name: 'Zhao', role: 'operator', jurisdiction: '510700' };

let count = 0;

/** A finding as the rules leave it, and the alert it becomes. */
async function alertOf(
  device: string,
  jurisdiction = '330203',
  severity = 'extreme',
  of: AlertClass = 'incident',
): Promise<string> {
  count += 1;
  const keys = await storeFires(desk.database, [
    device,
    { count, jurisdiction, severity, class: of, rule: of === 'fault' ? 'picture-black' : 'kiosk-fire' },
  ]);
  await enqueueWork(
    desk.database,
    desk.clock,
    keys.map((key) => ({ queue: 'desk', key })),
  );
  const alert = await until('the alert', async () => {
    const { items } = await desk.queries.list(ADMIN, { limit: 1, device });
    return items[0]?.handling === 'closed' ? null : items[0];
  });
  return alert.id;
}

t.test('the second person who acknowledges is told who was first; the first may ask again', async (t) => {
  const id = await alertOf('a1');
  const [first, second] = await Promise.allSettled([desk.actions.ack(li, id), desk.actions.ack(wang, id)]);
  const results = [first, second].map(({ status }) => status).sort();
  t.same(results, ['fulfilled', 'rejected']);
  const winner = first?.status === 'fulfilled' ? li : wang;
  const loser = winner === li ? wang : li;
  t.equal((await desk.actions.ack(winner, id)).ackedBy, winner.name);
  await t.rejects(desk.actions.ack(loser, id), {
    code: 'conflict.state',
    detail: new RegExp(`Already acknowledged by ${winner.name} at `),
  });
});

t.test('nobody handles or even finds an alert across the border', async (t) => {
  const id = await alertOf('a2');
  for (const attempt of [
    () => desk.actions.ack(stranger, id),
    () => desk.actions.close(stranger, id, { verdict: 'no_action' }),
    () => desk.queries.get(stranger, id),
    () => desk.queries.get(ADMIN, '00000000-0000-4000-8000-000000000000'),
    () => desk.queries.get(ADMIN, "x' or true --"),
  ]) {
    await t.rejects(attempt(), { code: 'not-found', detail: undefined });
  }
  t.same((await desk.queries.list(stranger, { limit: 10 })).items, []);
  t.same((await desk.queries.events(stranger, 0, 100)).entries, []);
  t.same(await desk.queries.openCounts(stranger), { police: {}, maintenance: {} });
});

t.test('after closing, the next finding opens a new alert that names the one before', async (t) => {
  const id = await alertOf('a3');
  await desk.actions.comment(li, id, 'fire brigade on the way');
  const closed = await desk.actions.close(li, id, { verdict: 'confirmed', text: 'put out' });
  t.match(closed, { handling: 'closed', verdict: 'confirmed', closedBy: 'Li' });
  t.same(
    closed.comments.map(({ text }) => text),
    ['fire brigade on the way', 'put out'],
  );
  const next = await alertOf('a3');
  t.not(next, id);
  t.equal((await desk.queries.get(ADMIN, next)).previousId, id);
  await t.rejects(desk.actions.ack(wang, id), { code: 'conflict.state' });
});

t.test('a live reader that names what it has gets every later entry once, in order', async (t) => {
  const start = desk.feed.head;
  const signal = AbortSignal.timeout(10_000);
  const ids = await Promise.all(['b1', 'b2', 'b3', 'b4'].map((device) => alertOf(device)));
  await Promise.all(ids.map((id) => desk.actions.ack(li, id)));
  const seen: number[] = [];
  let acked = 0;
  for (let from = start; acked < ids.length; ) {
    const { entries, seq } = await desk.feed.next(wang, from, signal);
    seen.push(...entries.map((entry) => entry.seq));
    acked += entries.filter(({ type }) => type === 'alert.acked').length;
    from = seq;
  }
  t.same(
    seen,
    seen.map((_, index) => start + 1 + index),
  );
  const stored = await desk.queries.events(wang, start, 500);
  t.same(
    stored.entries.map(({ seq }) => seq),
    seen,
  );
});

t.test('an alert of a rule that asks for it opens a work order, unless it is held back', async (t) => {
  const id = await alertOf('b1');
  const mine = () => occasions.filter(({ device }) => device === 'b1');
  await until('the order', () => mine().length > 0);
  const { fired_at_ms: sinceMs } = await desk.queries.row(ADMIN, id);
  const words = { title: 'kiosk-fire kiosk-fire', text: `extreme alert ${id}` };
  t.strictSame(mine(), [{ device: 'b1', cause: 'alert:kiosk-fire', ...words, sinceMs }]);
  await desk.actions.comment(li, id, 'seen');
  await desk.alertOrders.handle(id);
  t.strictSame(new Set(mine().map((one) => one.sinceMs)), new Set([sinceMs]), 'again it names the same beginning');

  const held = await alertOf('worked-1', '330203', 'minor');
  t.match(await desk.alertOrders.handle(held), { again: { atMs: Number } }, 'it waits for the end of the work');
  await desk.actions.close(li, held, { verdict: 'no_action' });
  t.notMatch(await desk.alertOrders.handle(held), { again: { atMs: Number } }, 'what is over needs nobody');
  await alertOf('worked-2', '330203', 'extreme');
  await until('what is told all the same', () => occasions.some(({ device }) => device === 'worked-2'));
  t.notOk(occasions.some(({ device }) => device === 'worked-1'));
  t.notMatch(await desk.alertOrders.handle(await alertOf('gone')), { again: { atMs: Number } });
  t.notMatch(await desk.alertOrders.handle('00000000-0000-4000-8000-000000000000'), { again: { atMs: Number } });
});

t.test('a fault that has lasted a minute opens one work order for all that have it at one place', async (t) => {
  const faults = Array.from({ length: 30 }, (_, n) => `dark-${n}`);
  const ids = await Promise.all(faults.map((device) => alertOf(device, '330203', 'moderate', 'fault')));
  const mine = () => occasions.filter(({ device }) => /^dark/.test(device));
  for (const id of ids) t.match(await desk.alertOrders.handle(id), { again: { atMs: Number } }, 'it has not lasted');
  await desk.actions.close(li, ids.pop()!, { verdict: 'no_action' });
  const aged = desk.database.tables<AlertTables>().updateTable('alert').where('device', 'in', faults);
  await aged.set({ fired_at_ms: desk.clock.nowMs() - 61_000 }).execute();
  for (const id of ids) t.notMatch(await desk.alertOrders.handle(id), { again: { atMs: Number } });
  // The queue may have come to one of them as well.
  t.equal(new Set(mine().map(({ text }) => text)).size, 29);
  t.equal(new Set(mine().map(({ device }) => device)).size, 1, 'all at one device, that whose fault began first');
});
