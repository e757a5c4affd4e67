import t from 'tap';
import { AlertDesk } from '../../../../src/alerts/desk/desk.ts';
import type { AlertTables } from '../../../../src/alerts/desk/tables.ts';
import {
  ADMIN,
  alertLog,
  NAMELESS,
  NO_RULE_GONE,
  startAlertDesk,
  webhookAt,
} from '../../../support/alerts/alert-desk.ts';
import { storeFires } from '../../../support/alerts/findings.ts';
import { freshDatabase, sharedRedis } from '../../../support/services/shared-database.ts';

const postgres = await freshDatabase(t);
const redis = await sharedRedis(t);
const desk = await startAlertDesk(t, { database: postgres.url, redis: redis.url });
const { database, clock } = desk;
let count = 0;

/** A desk that lets something happen between what it reads and what it writes, the first time. */
function deskWith(between: () => Promise<void>): AlertDesk {
  const log = alertLog();
  let times = 0;
  const publish: typeof log.publish = async (...said) => {
    times += 1;
    if (times === 1) await between();
    return await log.publish(...said);
  };
  return new AlertDesk({
    database,
    clock,
    log: { publish, written: log.written.bind(log) },
    places: { placesOf: async () => new Map(), ...NAMELESS },
    gone: NO_RULE_GONE,
    titleOf: (rule) => ({ en: rule, zh: rule }),
    committed: () => {},
  });
}

async function fire(device: string): Promise<string> {
  count += 1;
  const [key = ''] = await storeFires(database, [device, { count, jurisdiction: '330203' }]);
  return key;
}

async function alertOf(device: string) {
  const { items } = await desk.queries.list(ADMIN, { limit: 10, device });
  t.equal(items.length, 1, 'there is one alert');
  return items[0]!;
}

t.test('who acknowledges an alert that is just being counted up loses nothing, and nothing is lost', async (t) => {
  await deskWith(async () => {}).handle(await fire('k1'));
  const { id } = await alertOf('k1');
  const alone = deskWith(async () => void (await desk.actions.ack(ADMIN, id)));
  await alone.handle(await fire('k1'));
  t.match(await alertOf('k1'), { ackedBy: 'admin', occurrences: 2, version: 3 });
  const { entries } = await desk.queries.events(ADMIN, 0, 100);
  t.same(
    entries.filter(({ alertId }) => alertId === id).map(({ type }) => type),
    ['alert.opened', 'alert.acked', 'alert.updated'],
  );
});

t.test('two who take up the same findings at once count them once', async (t) => {
  const key = await fire('k2');
  await deskWith(async () => void (await deskWith(async () => {}).handle(key))).handle(key);
  t.match(await alertOf('k2'), { occurrences: 1, version: 1 });
});

t.test('who is told is who subscribes when it is written, whoever was remembered', async (t) => {
  const subscribe = async (name: string) => {
    const wanted = { name, ...webhookAt('http://127.0.0.1:9/'), jurisdiction: '330200' };
    return (await desk.subscriptions.create(ADMIN, wanted)).subscription.id;
  };
  const told = async (device: string) => {
    const { id } = await alertOf(device);
    const rows = database
      .tables<AlertTables>()
      .selectFrom('delivery')
      .select('subscription_id')
      .where('alert_id', '=', id);
    return (await rows.execute()).map(({ subscription_id }) => subscription_id);
  };
  const first = await subscribe('first');
  let second = '';
  const other = deskWith(async () => {
    await desk.subscriptions.remove(ADMIN, first);
    second = await subscribe('second');
  });
  await deskWith(async () => {}).handle(await fire('k3'));
  t.same(await told('k3'), [first]);
  await other.handle(await fire('k4'));
  t.same(await told('k4'), [second]);
});
