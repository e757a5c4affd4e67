import t from 'tap';
import { type RawBuilder, sql } from '../../../../src/platform/database/database.ts';
import { listOf, tableOf } from '../../../../src/platform/database/prepared.ts';
import { openDatabase } from '../../../support/devices/registry.ts';

/** So often that a statement is prepared, and that PostgreSQL has made up its mind how to plan it. */
const TIMES = 60;
/** PostgreSQL plans a prepared statement five times for the values it is given before it compares. */
const PLANS = 5;

const database = await openDatabase(t);
await sql`CREATE TABLE thing (id text PRIMARY KEY)`.execute(database.tables());
await sql`INSERT INTO thing SELECT n::text FROM generate_series(1, 50000) n`.execute(database.tables());
await sql`ANALYZE thing`.execute(database.tables());

/** How often a statement that has `name` in it is planned for its own values, with lists of one and of two. */
async function plansOf(name: string, statement: (ids: string[]) => RawBuilder<unknown>): Promise<number> {
  return await database.transaction(async (tx) => {
    for (let n = 0; n < TIMES; n += 1) await statement(n % 2 ? ['7'] : ['7', '8']).execute(tx.tables());
    const { rows } = await sql<{ n: number }>`SELECT coalesce(sum(custom_plans), 0)::int AS n
      FROM pg_prepared_statements WHERE statement LIKE ${`% AS ${name}%`}`.execute(tx.tables());
    return rows[0]?.n ?? 0;
  });
}

t.test('a list is planned once for all lengths, where an array is planned each time', async (t) => {
  const each = await plansOf(
    'seen',
    (ids) => sql`SELECT thing.id FROM thing, unnest(${ids}::text[]) AS seen (id)
    WHERE thing.id = seen.id`,
  );
  t.ok(each > PLANS, `an array that it sees: ${each} plans`);
  const one = await plansOf(
    'unseen',
    (ids) => sql`SELECT thing.id AS unseen FROM thing WHERE id = ANY (${listOf('text', ids)})`,
  );
  t.equal(one, PLANS, 'a list');
  const rows = await plansOf(
    'joined',
    (ids) => sql`SELECT thing.id AS joined FROM thing,
    ${tableOf('given', ids, { id: ['text', (id) => id] })} WHERE thing.id = given.id`,
  );
  t.equal(rows, PLANS, 'a table of lists');
});

t.test('rows stand in their columns, in their order, and none at all are an empty table', async (t) => {
  const rowsOf = async (given: { name: string | null; at: number }[]) => {
    const table = tableOf('given', given, {
      name: ['text', ({ name }) => name],
      at: ['bigint', ({ at }) => at],
      place: ['integer', (_, index) => index],
    });
    return (await sql`SELECT name, at, place FROM ${table}`.execute(database.tables())).rows;
  };
  t.same(
    await rowsOf([
      { name: `a'b"{c},\\`, at: 2 ** 40 },
      { name: null, at: -1 },
    ]),
    [
      { name: `a'b"{c},\\`, at: 2 ** 40, place: 0 },
      { name: null, at: -1, place: 1 },
    ],
  );
  t.same(await rowsOf([]), []);
});
