import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import fc from 'fast-check';
import t from 'tap';
import type { LocalPostgres } from '../../../../src/app/local-services/postgres/postgres.ts';
import { systemClock } from '../../../../src/core/clock.ts';
import { codeAlone } from '../../../../src/core/jurisdiction.ts';
import { asJsonb } from '../../../../src/platform/database/as-jsonb.ts';
import {
  brokenConstraint,
  DATABASE_LIMITS,
  Database,
  escapeLike,
  sql,
  withinJurisdiction,
} from '../../../../src/platform/database/database.ts';
import { quietObserver, startPostgres } from '../../../support/services/services.ts';
import { until } from '../../../support/time/until.ts';

interface Things {
  thing: { id: string; parent: string | null; at_ms: number | null; jurisdiction: string };
}

let database: Database;
let url: string;
let postgres: LocalPostgres;

t.before(async () => {
  postgres = await startPostgres(t);
  url = postgres.url;
  database = await Database.open({ url, observer: quietObserver(), clock: systemClock, limits: DATABASE_LIMITS });
  t.teardown(() => database.close());
  await sql`create table thing (id text primary key, parent text references thing (id), at_ms bigint,
    jurisdiction text not null default '330212')`.execute(database.tables());
});

const things = () => database.tables<Things>();
const insert = (id: string, over: Partial<Things['thing']> = {}) =>
  things()
    .insertInto('thing')
    .values({ id, parent: null, at_ms: null, jurisdiction: '330212', ...over })
    .execute();

t.test('a time in ms comes back as the number it was', async (t) => {
  await insert('time', { at_ms: 1_763_750_000_123 });
  const row = await things().selectFrom('thing').select('at_ms').where('id', '=', 'time').executeTakeFirstOrThrow();
  t.equal(row.at_ms, 1_763_750_000_123);
  const { rows } = await sql<{ n: number }>`select count(*) as n from thing`.execute(things());
  t.equal(rows[0]!.n, 1);
  const beyond = sql`select 9007199254740993::bigint as big`.execute(things());
  await t.rejects(beyond, { code: 'internal' }, 'rather refused than rounded');
});

t.test('errors of the database become ours, and do not repeat values', async (t) => {
  await insert('hunter22');
  const twice = await insert('hunter22').catch((error: unknown) => error);
  t.match(twice, { code: 'conflict.exists' });
  t.equal(brokenConstraint(twice), 'thing_pkey');
  const dangling = await insert('b', { parent: 'absent-hunter22' }).catch((error: unknown) => error);
  t.match(dangling, { code: 'conflict.reference' });
  const bad = await sql`select ${'hunter22'}::int`.execute(things()).catch((error: unknown) => error);
  t.match(bad, { code: 'store.refused' });
  for (const error of [twice, dangling, bad] as Error[]) {
    t.notMatch(`${error.stack} ${(error.cause as Error).stack} ${JSON.stringify(error.cause)}`, /hunter22/);
  }
  await t.rejects(sql`select pg_sleep(9)`.execute((await impatient(t)).tables()), { code: 'store.unavailable' });
});

async function impatient(t: { teardown(run: () => unknown): void }): Promise<Database> {
  const made = await Database.open({
    url,
    observer: quietObserver(),
    clock: systemClock,
    limits: { ...DATABASE_LIMITS, statementTimeoutMs: 100 },
  });
  t.teardown(() => made.close());
  return made;
}

t.test('two transactions that block each other are both done, one of them again', async (t) => {
  await insert('left', { at_ms: 0 });
  await insert('right', { at_ms: 0 });
  let runs = 0;
  let holding = 0;
  const both = (first: string, second: string) =>
    database.transaction(async (tx) => {
      runs += 1;
      await sql`update thing set at_ms = at_ms + 1 where id = ${first}`.execute(tx.tables());
      holding += 1;
      // Neither goes on before each has what the other wants.
      await until('each holds one', () => holding >= 2);
      await sql`update thing set at_ms = at_ms + 1 where id = ${second}`.execute(tx.tables());
    });
  await Promise.all([both('left', 'right'), both('right', 'left')]);
  const rows = await things().selectFrom('thing').select('at_ms').where('id', 'in', ['left', 'right']).execute();
  t.strictSame(rows, [{ at_ms: 2 }, { at_ms: 2 }]);
  t.ok(runs === 3 || runs === 4, 'PostgreSQL ends one of them, or both where they see it in the same moment');
});

t.test('what throws inside a transaction leaves nothing behind', async (t) => {
  const failing = database.transaction(async (tx) => {
    await tx
      .tables<Things>()
      .insertInto('thing')
      .values({ id: 'ghost', parent: null, at_ms: null, jurisdiction: '1' })
      .execute();
    throw new Error('changed my mind');
  });
  await t.rejects(failing, { message: 'changed my mind' });
  t.equal(await things().selectFrom('thing').select('id').where('id', '=', 'ghost').executeTakeFirst(), undefined);
});

t.test('a jurisdiction keeps its own codes and nothing else; what is no code keeps nothing', async (t) => {
  for (const code of ['330212', '330203', '340212', '330212003']) await insert(`j-${code}`, { jurisdiction: code });
  const within = async (scope: string) => {
    const query = things().selectFrom('thing').select('id').where('id', 'like', 'j-%').orderBy('id');
    return (await withinJurisdiction(query, 'thing.jurisdiction', codeAlone(scope)).execute()).map(({ id }) =>
      id.slice(2),
    );
  };
  t.strictSame(await within('330212'), ['330212', '330212003']);
  t.strictSame(await within('330212003'), ['330212003']);
  t.strictSame(await within('330200'), ['330203', '330212', '330212003']);
  t.equal((await within('000000')).length, 4);
  for (const wrong of ['', '%', '33%', '3302', "' or true --", '______']) t.strictSame(await within(wrong), [], wrong);
  t.equal(escapeLike('50%_\\'), '50\\%\\_\\\\');
});

t.test('a server that hangs is told by ping in time, and is used again when it goes on', async (t) => {
  const pid = postgres.child.pid ?? 0;
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').map(Number);
  const signal = (name: NodeJS.Signals) => {
    for (const one of [pid, ...children]) process.kill(one, name);
  };
  t.teardown(() => signal('SIGCONT'));
  signal('SIGSTOP');
  await t.rejects(database.ping(), { code: 'store.unavailable', message: /within 3000 ms/ });
  signal('SIGCONT');
  await database.ping();
});

t.test('a server that is not there, not PostgreSQL, or refuses the login is told at once', async (t) => {
  const open = (where: string) =>
    Database.open({ url: where, observer: quietObserver(), clock: systemClock, limits: DATABASE_LIMITS });
  await t.rejects(open('postgresql://u:p@/db?host=/nowhere'), { code: 'store.unavailable' });
  const wrong = url.replace(/:[^:@/]+@/, ':wrong-password@');
  const error = (await open(wrong).catch((reason: unknown) => reason)) as Error;
  t.match(error, { code: 'store.refused', message: /DATABASE_URL/ });
  t.notMatch(error.message, /wrong-password/);
  const silent = createServer((socket) => void socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  t.teardown(() => silent.close());
  const { port } = silent.address() as { port: number };
  await t.rejects(open(`postgresql://u:p@127.0.0.1:${port}/db`), { code: 'store.unavailable' });
});

t.test('what was given as jsonb is told in the text that is read again', async (t) => {
  const named = { 安: 1, aa: [{ bb: 2, a: -0, ß: 1e21 }], b: undefined, '😀': null, '\uffff': 5e-324, '10': 0.1 };
  const any = fc.sample(fc.jsonValue({ stringUnit: 'grapheme' }), { numRuns: 300, seed: 11 });
  const values = [named, ...any].filter((value) => !/\\u0000|\\ud[89a-f]/.test(JSON.stringify(value)));
  t.ok(values.length > 250);
  const { rows } = await sql<{ value: unknown }>`
    select value from jsonb_array_elements(${JSON.stringify(values)}::jsonb) with ordinality as one (value, place)
    order by place`.execute(database.tables());
  t.same(
    values.map((value) => JSON.stringify(asJsonb(value))),
    rows.map(({ value }) => JSON.stringify(value)),
  );
});
