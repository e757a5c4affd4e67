import { randomUUID } from 'node:crypto';
import t from 'tap';
import { Outbox } from '../../../../src/alerts/route/outbox.ts';
import { systemClock as clock } from '../../../../src/core/clock.ts';
import { type Database, sql } from '../../../../src/platform/database/database.ts';
import { openDatabase } from '../../../support/devices/registry.ts';
import { firstOwner } from '../../../support/services/ownership.ts';

/** What waits for one subscription while its receiver is slow, and what is looked for with one question. */
const WAITING = 2_000;
const TOLD = 40_000;
const KEYS = 100;

t.test('what waits of one alert is found without reading all that waits for its receiver', async (t) => {
  const database = await openDatabase(t);
  const subscription = await waitFor(database);
  const { rows } = await sql<{ alert: string }>`
    SELECT alert_id AS alert FROM delivery ORDER BY seq DESC LIMIT ${KEYS}`.execute(database.tables());
  const outbox = new Outbox({ database, clock, ownership: firstOwner() });
  const before = await read(database);
  const pending = await Promise.all(rows.map(({ alert }) => outbox.load(`${subscription} ${alert}`)));
  t.equal(pending.filter(({ entries }) => entries.length === 1).length, KEYS);
  const fetched = (await read(database)) - before;
  t.ok(fetched <= 2 * KEYS, `${fetched} rows were read for ${KEYS} alerts`);
});

/** A subscription with so many deliveries that wait, each of another alert, and many that were told before. */
async function waitFor(database: Database): Promise<string> {
  const id = randomUUID();
  await sql`INSERT INTO subscription (id, name, type, target, jurisdiction, severities, secrets, state, created_by,
      created_at_ms, owner_type, owner_id, owner_name)
    VALUES (${id}, 'slow', 'webhook', '{}', '330203', '{}', '{}', 'active', 'test', 1, 'user', 'test', 'test')`.execute(
    database.tables(),
  );
  const wait = (from: number, many: number) =>
    sql`
    INSERT INTO delivery (id, subscription_id, alert_id, seq, state, created_at_ms)
    SELECT 'msg_' || n, ${id}, gen_random_uuid(), n, 'waiting', n
    FROM generate_series(${from}::int, ${from + many - 1}::int) n`.execute(database.tables());
  // PostgreSQL learns of the table while nothing waits, and the index of what waits has become large.
  await wait(1, TOLD);
  await sql`UPDATE delivery SET state = 'delivered'`.execute(database.tables());
  await sql`ANALYZE delivery`.execute(database.tables());
  await wait(TOLD + 1, WAITING);
  return id;
}

/** Deliveries that PostgreSQL read by an index or one after another, since it counts. */
async function read(database: Database): Promise<number> {
  await sql`SELECT pg_stat_force_next_flush()`.execute(database.tables());
  const { rows } = await sql<{ n: number }>`
    SELECT (coalesce(idx_tup_fetch, 0) + seq_tup_read)::float8 AS n
    FROM pg_stat_user_tables WHERE relname = 'delivery'`.execute(database.tables());
  return rows[0]?.n ?? 0;
}
