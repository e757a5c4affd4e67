import t from 'tap';
import { systemClock } from '../../../src/core/clock.ts';
import { DATABASE_LIMITS, Database, sql } from '../../../src/platform/database/database.ts';
import { enqueueWork } from '../../../src/platform/work/work.ts';
import { startAlertDesk } from '../../support/alerts/alert-desk.ts';
import { storeFires } from '../../support/alerts/findings.ts';
import { quietObserver } from '../../support/services/services.ts';
import { freshDatabase, sharedRedis } from '../../support/services/shared-database.ts';
import { until } from '../../support/time/until.ts';

const OLD = 20_000;
const NEW = 50;

const postgres = await freshDatabase(t);
const redis = await sharedRedis(t);
const endings: (() => unknown)[] = [];
const owner = { teardown: (end: () => unknown) => void endings.push(end) };
const desk = await startAlertDesk(owner, { database: postgres.url, redis: redis.url });
const database = await Database.open({
  url: postgres.url,
  observer: quietObserver(),
  clock: systemClock,
  limits: DATABASE_LIMITS,
});
t.teardown(() => database.close());

t.test('a new alert is opened without reading through all that were ever closed', async (t) => {
  const db = database.tables<Record<string, Record<string, unknown>>>();
  await sql`INSERT INTO alert (id, dedup_key, rule, rule_version, title, severity, condition, handling, visibility,
      device, device_name, jurisdiction, first_at_ms, last_at_ms, occurrences, received_at_ms, decided_at_ms,
      committed_at_ms, data, receipt, version)
    SELECT gen_random_uuid(), 'kiosk-fire|old-' || n, 'kiosk-fire', 1, '{}', 'extreme', 'cleared', 'closed', 'normal',
      'old-' || n, 'old', '330203', n, n, 1, n, n, n, '{}', 'live-1', 1 FROM generate_series(1, ${OLD}) n`.execute(db);
  await sql`ANALYZE alert`.execute(db);
  const fires = Array.from({ length: NEW }, (_, n) => [`new-${n}`, { count: n, jurisdiction: '330203' }] as const);
  const keys = await storeFires(database, ...fires);
  const tickets = keys.map((key) => ({ queue: 'desk', key }));
  await enqueueWork(database, desk.clock, tickets);
  await until('the new alerts', async () => (await openCount()) === NEW);
  for (const end of endings) await end();
  t.ok((await rowsScanned()) < OLD, 'fewer rows are read than there are');

  async function openCount(): Promise<number> {
    const { rows } = await sql<{ n: number }>`SELECT count(*)::int AS n FROM alert WHERE handling <> 'closed'`.execute(
      db,
    );
    return rows[0]?.n ?? 0;
  }

  /** Rows of alerts read in whole passes through the table, of all connections, as PostgreSQL counts them. */
  async function rowsScanned(): Promise<number> {
    // A connection tells its counts when it ends.
    await until('only ours is left', async () => {
      const others = sql`SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()`;
      return (await others.execute(db)).rows.length === 0;
    });
    const { rows } = await sql<{ n: number }>`
      SELECT seq_tup_read::float8 AS n FROM pg_stat_user_tables WHERE relname = 'alert'`.execute(db);
    return rows[0]?.n ?? 0;
  }
});
