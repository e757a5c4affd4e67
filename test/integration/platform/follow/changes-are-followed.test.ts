import t from 'tap';
import { systemClock } from '../../../../src/core/clock.ts';
import { type Database, sql } from '../../../../src/platform/database/database.ts';
import {
  type LookPosition,
  lookForChanges,
  pruneChanges,
  type Topic,
} from '../../../../src/platform/follow/changes.ts';
import { Follow, type Follower, type Followers, reading } from '../../../../src/platform/follow/follow.ts';
import { openDatabase } from '../../../support/devices/registry.ts';
import { type Owner, quietObserver } from '../../../support/services/services.ts';
import { freshDatabase } from '../../../support/services/shared-database.ts';
import { ManualClock } from '../../../support/time/clock.ts';
import { until } from '../../../support/time/until.ts';

/** Nobody listens there: knocks are never heard. */
const NOWHERE = 'postgresql://nobody@127.0.0.1:9/none';

const IDLE = reading(() => {});
const NOBODY = {
  devices: IDLE,
  kinds: IDLE,
  jurisdictions: IDLE,
  departments: IDLE,
  police: IDLE,
  tokens: IDLE,
  people: IDLE,
  grants: IDLE,
  watchlists: IDLE,
};

function note(tables: Pick<Database, 'tables'>, topic: Topic, key: string) {
  return sql`select note_change(${topic}, ${key})`.execute(tables.tables());
}

async function follow(t: Owner, url: string, database: Database<never>, clock = systemClock) {
  const follow = await Follow.open({ database, url, clock, observer: quietObserver() });
  t.teardown(() => follow.stop());
  const told: (readonly string[] | 'all')[] = [];
  const broken = { times: 0 };
  const devices: Follower = {
    changed: async (keys) => {
      if (broken.times > 0) {
        broken.times -= 1;
        throw new Error('not now');
      }
      told.push([...keys].sort());
    },
    all: async () => void told.push('all'),
  };
  const start = (over: Partial<Followers> = {}) => follow.start({ ...NOBODY, devices, ...over });
  return { start, told, broken, keys: () => new Set(told.flat()) };
}

t.test('a change is told of whether or not anybody hears PostgreSQL knock', async (t) => {
  const { url } = await freshDatabase(t);
  const database = await openDatabase(t, url);
  const heard = await follow(t, url, database);
  const deaf = await follow(t, NOWHERE, database);
  await note(database, 'devices', 'between-opening-and-start');
  for (const one of [heard, deaf]) one.start();
  await note(database, 'devices', 'a');
  await note(database, 'tokens', 'another-topic');
  await sql`select note_change('of a later version', 'unheard-of')`.execute(database.tables());
  for (const { keys } of [heard, deaf]) {
    await until('told', () => keys().has('a') && keys().has('between-opening-and-start'));
    t.notOk(keys().has('another-topic'));
    t.notOk(keys().has('unheard-of'));
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
  const { start, told, broken, keys } = await follow(t, NOWHERE, database);
  const others: string[] = [];
  const all = async () => {};
  broken.times = 2;
  await note(database, 'devices', 'a');
  await note(database, 'tokens', 'b');
  start({ tokens: { changed: async (some) => void others.push(...some), all } });
  await until('told at last', () => keys().has('a'));
  t.same([told, others], [[['a']], ['b']], 'each once');
});

/** Looks again and again; the keys of each look, or that anything may have changed. */
async function looking(database: Database<never>) {
  let place: LookPosition = (await lookForChanges(database, null)).place;
  return async (): Promise<string[] | 'all'> => {
    const found = await lookForChanges(database, place);
    place = found.place;
    return found.changes?.map(({ key }) => key) ?? 'all';
  };
}

/** A transaction that has noted a change of `key`, and commits it when `end` is called. */
async function beginNoting(database: Database<never>, key: string): Promise<{ end(): Promise<void> }> {
  let finish = (): void => {};
  const finished = new Promise<void>((resolve) => {
    finish = resolve;
  });
  let begun = false;
  const ended = database.transaction(async (tx) => {
    await note(tx, 'devices', key);
    begun = true;
    await finished;
  });
  await until('begun', () => begun);
  return {
    end: async () => {
      finish();
      await ended;
    },
  };
}

/** Changes of a single transaction. */
async function noteMany(database: Database<never>, count: number): Promise<void> {
  await sql`insert into followed_change (topic, key)
    select 'devices', n::text from generate_series(1, ${count}::int) n`.execute(database.tables());
}

t.test('a transaction that began before and ended after a look is not missed', async (t) => {
  const database = await openDatabase(t);
  const look = await looking(database);
  const early = await beginNoting(database, 'early');
  await note(database, 'devices', 'late');
  t.same(await look(), ['late']);
  t.same(await look(), [], 'what was seen is not seen again, although an older transaction goes on');
  await early.end();
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

t.test('too many changes beside a long transaction are told of once, and its own one when it ends', async (t) => {
  const database = await openDatabase(t);
  const look = await looking(database);
  const long = await beginNoting(database, 'long');
  await noteMany(database, 10_001);
  t.equal(await look(), 'all');
  t.same(await look(), []);
  await note(database, 'devices', 'next');
  t.same(await look(), ['next']);
  await long.end();
  t.same(await look(), ['long']);
});

t.test('where nobody can tell what was changed, anything may have been', async (t) => {
  const database = await openDatabase(t);
  const { place } = await lookForChanges(database, null);
  t.same((await lookForChanges(database, { ...place, server: 'another start' })).changes, null);
  const ahead = { ...place, snapshot: '900000000:900000001:' };
  t.same((await lookForChanges(database, ahead)).changes, null, 'put back');
  const tables = database.tables();
  await noteMany(database, 10_001);
  t.same((await lookForChanges(database, place)).changes, null, 'too much for a list');
  await sql`update followed_change set noted_at = noted_at - interval '61 minutes' where key <> '7'`.execute(tables);
  await pruneChanges(database);
  t.match((await lookForChanges(database, place)).changes, [{ topic: 'devices', key: '7' }]);
});

t.test('a process that was not there for an hour looks at everything', async (t) => {
  const database = await openDatabase(t);
  const clock = new ManualClock();
  const { start, told } = await follow(t, NOWHERE, database, clock);
  await clock.advance(31 * 60_000);
  start();
  await until('told', () => told.length > 0);
  t.same(told, ['all']);
});
