import t from 'tap';
import { systemClock } from '../../../../src/core/clock.ts';
import { type Database, sql } from '../../../../src/platform/database/database.ts';
import { lookForChanges, type Place, pruneChanges, type Topic } from '../../../../src/platform/follow/changes.ts';
import { Follow } from '../../../../src/platform/follow/follow.ts';
import { openDatabase } from '../../../support/devices/registry.ts';
import { type Owner, quietObserver } from '../../../support/services/services.ts';
import { freshDatabase } from '../../../support/services/shared-database.ts';
import { ManualClock } from '../../../support/time/clock.ts';
import { until } from '../../../support/time/until.ts';

/** Nobody listens there: knocks are never heard. */
const NOWHERE = 'postgresql://nobody@127.0.0.1:9/none';

function note(tables: Pick<Database, 'tables'>, topic: Topic, key: string) {
  return sql`select note_change(${topic}, ${key})`.execute(tables.tables());
}

async function follow(t: Owner, url: string, database: Database<never>, clock = systemClock) {
  const follow = await Follow.open({ database, url, clock, observer: quietObserver() });
  t.teardown(() => follow.stop());
  const told: (readonly string[] | 'all')[] = [];
  const broken = { times: 0 };
  follow.tell('devices', {
    changed: async (keys) => {
      if (broken.times > 0) {
        broken.times -= 1;
        throw new Error('not now');
      }
      told.push([...keys].sort());
    },
    all: async () => void told.push('all'),
  });
  return { follow, told, broken, keys: () => new Set(told.flat()) };
}

t.test('a change is told of whether or not anybody hears PostgreSQL knock', async (t) => {
  const { url } = await freshDatabase(t);
  const database = await openDatabase(t, url);
  const heard = await follow(t, url, database);
  const deaf = await follow(t, NOWHERE, database);
  await note(database, 'devices', 'between-opening-and-start');
  for (const one of [heard, deaf]) one.follow.start();
  await note(database, 'devices', 'a');
  await note(database, 'tokens', 'nobody-follows');
  for (const { keys } of [heard, deaf]) {
    await until('told', () => keys().has('a') && keys().has('between-opening-and-start'));
    t.notOk(keys().has('nobody-follows'));
  }
  const cut = await sql`select pg_terminate_backend(pid) from pg_stat_activity
    where application_name = 'citywatch-follow' and datname = current_database()`.execute(database.tables());
  t.equal(cut.rows.length, 1, 'one connection hears all');
  await note(database, 'devices', 'while-cut');
  await until('told by its own look', () => heard.keys().has('while-cut'));
  await until('there is a new connection', async () => {
    const { rows } = await sql`select from pg_stat_activity
      where application_name = 'citywatch-follow' and datname = current_database() and query like 'listen%'`.execute(
      database.tables(),
    );
    return rows.length === 1;
  });
});

t.test('what a follower could not take over is told again, and others go on', async (t) => {
  const database = await openDatabase(t);
  const { follow: one, told, broken, keys } = await follow(t, NOWHERE, database);
  const others: string[] = [];
  const all = async () => {};
  one.tell('tokens', { changed: async (some) => void others.push(...some), all });
  broken.times = 2;
  await note(database, 'devices', 'a');
  await note(database, 'tokens', 'b');
  one.start();
  await until('told at last', () => keys().has('a'));
  t.same([told, others], [[['a']], ['b']], 'each once');
});

t.test('a transaction that began before and ended after a look is not missed', async (t) => {
  const database = await openDatabase(t);
  let place: Place = (await lookForChanges(database, null)).place;
  const seen = new Set<number>();
  // What was seen may be seen once more, also while a transaction in another database of the server goes on.
  const look = async () => {
    const found = await lookForChanges(database, place);
    place = found.place;
    const fresh = (found.changes ?? []).filter(({ id }) => !seen.has(id));
    for (const { id } of fresh) seen.add(id);
    return fresh.map(({ key }) => key);
  };
  let end = (): void => {};
  const held = new Promise<void>((resolve) => {
    end = resolve;
  });
  let begun = false;
  const early = database.transaction(async (tx) => {
    await note(tx, 'devices', 'early');
    begun = true;
    await held;
  });
  await until('begun', () => begun);
  await note(database, 'devices', 'late');
  t.same(await look(), ['late']);
  end();
  await early;
  t.same(await look(), ['early'], 'although its number is the lower one');
  t.same(await look(), []);
  await t.rejects(
    database.transaction(async (tx) => {
      await note(tx, 'devices', 'undone');
      throw new Error('changed my mind');
    }),
  );
  t.same(await look(), []);
});

t.test('where nobody can tell what was changed, anything may have been', async (t) => {
  const database = await openDatabase(t);
  const { place } = await lookForChanges(database, null);
  t.same((await lookForChanges(database, { ...place, server: 'another start' })).changes, null);
  t.same((await lookForChanges(database, { ...place, xid: place.xid + 1_000_000n })).changes, null, 'put back');
  const tables = database.tables();
  await sql`insert into followed_change (topic, key)
    select 'devices', n::text from generate_series(1, 10001) n`.execute(tables);
  t.same((await lookForChanges(database, place)).changes, null, 'too much for a list');
  await sql`update followed_change set noted_at = noted_at - interval '61 minutes' where key <> '7'`.execute(tables);
  await pruneChanges(database);
  t.match((await lookForChanges(database, place)).changes, [{ topic: 'devices', key: '7' }]);
});

t.test('a process that was not there for an hour looks at everything', async (t) => {
  const database = await openDatabase(t);
  const clock = new ManualClock();
  const { follow: one, told } = await follow(t, NOWHERE, database, clock);
  await clock.advance(31 * 60_000);
  one.start();
  await until('told', () => told.length > 0);
  t.same(told, ['all']);
});
