import t from 'tap';
import { AlertDesk } from '../../../../src/alerts/desk/desk.ts';
import { AlertFeed } from '../../../../src/alerts/desk/feed.ts';
import { CitywatchError } from '../../../../src/core/errors.ts';
import { ADMIN, alertLog, NAMELESS, NO_RULE_GONE, startAlertDesk } from '../../../support/alerts/alert-desk.ts';
import { storeFires } from '../../../support/alerts/findings.ts';
import { quietObserver } from '../../../support/services/services.ts';
import { freshDatabase, sharedRedis } from '../../../support/services/shared-database.ts';
import { openWatchlists } from '../../../support/watchlists/watchlists.ts';

const postgres = await freshDatabase(t);
const redis = await sharedRedis(t);
const desk = await startAlertDesk(t, { database: postgres.url, redis: redis.url });
const { database, clock } = desk;

t.test('an alert waits for a registry that does not answer, and goes on without a device that is gone', async (t) => {
  let away = true;
  const placesOf = async () => {
    if (away) throw new CitywatchError('store.unavailable');
    return new Map();
  };
  const titleOf = () => ({ en: 'r', zh: 'r' });
  const alerts = new AlertDesk({
    database,
    clock,
    log: alertLog(),
    places: { placesOf, ...NAMELESS },
    gone: NO_RULE_GONE,
    titleOf,
    committed: () => {},
  });
  const [key = ''] = await storeFires(database, ['k1', { count: 1, jurisdiction: '330203' }]);
  await t.rejects(alerts.handle(key), { code: 'store.unavailable' }, 'so the work is repeated');
  t.same((await desk.queries.list(ADMIN, { limit: 1, device: 'k1' })).items, []);
  away = false;
  await alerts.handle(key);
  t.match((await desk.queries.list(ADMIN, { limit: 1, device: 'k1' })).items, [{ deviceName: 'k1', location: null }]);
});

t.test('lists that are made at the same time are all in force afterwards', async (t) => {
  const lists = openWatchlists({ database, clock });
  const validUntilMs = clock.nowMs() + 60_000;
  const plates = Array.from({ length: 24 }, (_, index) => `浙B${10_000 + index}`);
  await Promise.all(
    plates.map((plate, index) => {
      const entries = [{ plate, reason: 'r', validUntilMs }];
      return lists.watchlists.create(ADMIN, {
        name: `l${index}`,
        jurisdiction: '330200',
        reason: 'r',
        case: 'c',
        entries,
      });
    }),
  );
  t.same(
    plates.filter((plate) => lists.match(plate, '330203').length === 0),
    [],
  );
});

t.test('a reader that gave up while the log was read does not wait on', async (t) => {
  const observer = quietObserver();
  const feed = new AlertFeed({ database, clock, observer });
  await feed.start();
  t.teardown(() => feed.stop());
  t.ok(feed.head > 0, 'what is not in memory is read from the database');
  const gone = new AbortController();
  const waiting = feed.next({ ...ADMIN, jurisdiction: '510700' }, 0, gone.signal);
  gone.abort();
  t.same((await waiting).entries, []);
  t.match(await observer.metrics.metrics(), /citywatch_alert_feed_readers 0/);
});
