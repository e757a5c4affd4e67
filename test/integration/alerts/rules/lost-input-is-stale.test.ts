import t from 'tap';
import type { AlertTables } from '../../../../src/alerts/desk/tables.ts';
import { enqueueWork } from '../../../../src/platform/work/work.ts';
import { ADMIN, startAlertDesk } from '../../../support/alerts/alert-desk.ts';
import { storeFires } from '../../../support/alerts/findings.ts';
import { freshDatabase, sharedRedis } from '../../../support/services/shared-database.ts';
import { until } from '../../../support/time/until.ts';

const postgres = await freshDatabase(t);
const redis = await sharedRedis(t);
const desk = await startAlertDesk(t, { database: postgres.url, redis: redis.url });
let count = 0;

/** A finding as the rules leave it, and how its alert is by then. */
async function found(device: string, kind: 'fired' | 'cleared' | 'stale', data: object = {}) {
  count += 1;
  const keys = await storeFires(desk.database, [device, { count, jurisdiction: '330203', kind, data }]);
  const tickets = keys.map((key) => ({ queue: 'desk', key }));
  await enqueueWork(desk.database, desk.clock, tickets);
  const handled = desk.database.tables<AlertTables>().selectFrom('finding').select('handled_at_ms');
  await until('it is handled', async () => {
    return (await handled.where('id', '=', `f${count}`).executeTakeFirst())?.handled_at_ms != null;
  });
  const { items } = await desk.queries.list(ADMIN, { limit: 1, device });
  return items[0] && { condition: items[0].condition, conditionReason: items[0].conditionReason };
}

t.test('what nobody knows any more is stale with its reason, and goes on or ends when it is heard again', async (t) => {
  t.strictSame(await found('k1', 'fired'), { condition: 'active', conditionReason: null });
  const stale = { condition: 'stale', conditionReason: 'input-lost' };
  t.strictSame(await found('k1', 'stale', { reason: 'input-lost' }), stale);
  t.strictSame(await found('k1', 'stale', { reason: 'out-of-reach' }), stale, 'once is enough');
  t.strictSame(await found('k1', 'fired'), { condition: 'active', conditionReason: null });
  await found('k1', 'stale', { reason: 'input-lost' });
  t.strictSame(await found('k1', 'cleared'), { condition: 'cleared', conditionReason: null });
  t.strictSame(await found('k1', 'stale', { reason: 'input-lost' }), { condition: 'cleared', conditionReason: null });
  t.equal(await found('k2', 'stale', { reason: 'input-lost' }), undefined, 'without an alert there is nothing to say');
  const { entries } = await desk.queries.events(ADMIN, 0, 100);
  const told = entries.map(({ type }) => type.replace('alert.', ''));
  t.strictSame(told, ['opened', 'stale', 'updated', 'stale', 'cleared']);
});
