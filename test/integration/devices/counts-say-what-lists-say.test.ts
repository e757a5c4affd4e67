import t from 'tap';
import { COUNTRY, codeAlone } from '../../../src/core/jurisdiction.ts';
import type { Caller, Device } from '../../../src/core/types.ts';
import { HEALTHS, type Health } from '../../../src/devices/health/judge.ts';
import { isStanding } from '../../../src/devices/life/life.ts';
import type { DeviceFilter } from '../../../src/devices/search/filter.ts';
import { sql, type Tables } from '../../../src/platform/database/database.ts';
import { UNSEEN_MAX_MINUTES } from '../../../src/platform/follow/changes.ts';
import { fillRegistry } from '../../support/devices/big-registry.ts';
import { callerIn, kiosk, openDatabase, openRegistry } from '../../support/devices/registry.ts';
import { freshDatabase } from '../../support/services/shared-database.ts';
import { ManualClock } from '../../support/time/clock.ts';
import { chance } from '../../support/time/random.ts';

const random = chance();
const NATION = callerIn('000000');
const [CITY, COUNTY, EAST, WEST] = ['330200000000', '330212000000', '330212510000', '330212520000'];
const AREAS = ['330212', '330203', '510703'];
const KINDS = ['recycling-kiosk', 'camera', 'wifi-ap'];
const TAGS = ['A-1', '夜', '人流'];
const OWNERS = ['公安局', 'Traffic', null];

function one<Item>(items: readonly Item[]): Item {
  return items[Math.floor(random() * items.length)]!;
}

async function open() {
  const { url } = await freshDatabase(t);
  const database = await openDatabase(t, url);
  const parts = await openRegistry(t, { database });
  await sql`insert into police_agency (code, name, level, parent, jurisdiction) values
    (${CITY}, 'city', 'city', null, '330200'), (${COUNTY}, 'county', 'county', ${CITY}, '330212'),
    (${EAST}, 'east', 'station', ${COUNTY}, '330212'), (${WEST}, 'west', 'station', ${COUNTY}, '330212')`.execute(
    database.tables(),
  );
  await parts.agencies.load(database);
  return { ...parts, other: await openDatabase(t, url) };
}

const { database, other, registry, search, agencies, healths } = await open();

const ofPolice = (code: string, jurisdiction: string): Caller => ({
  ...callerIn(jurisdiction),
  police: code,
  agencies: agencies.below(code),
});
const CALLERS: Caller[] = [
  NATION,
  callerIn('330200'),
  callerIn('330212'),
  callerIn('510700'),
  ofPolice(EAST, '330200'),
  ofPolice(COUNTY, '330212'),
  { ...callerIn('510700'), granted: [codeAlone('330203')] },
  { ...ofPolice(WEST, '330212'), granted: [{ ...COUNTRY, police: { agency: EAST, agencies: [EAST] } }] },
];

function question(ids: readonly string[]): DeviceFilter {
  const maybe = <Value>(share: number, value: Value) => (random() < share ? value : undefined);
  return {
    kind: maybe(0.2, one(KINDS)),
    state: maybe(0.2, one(['in-service', 'maintenance', 'retired', 'planned'] as const)),
    owner: maybe(0.15, one(['公安局', 'Traffic'])),
    jurisdiction: maybe(0.15, one(['330200', ...AREAS])),
    police: maybe(0.2, one([CITY, COUNTY, EAST, WEST])),
    health: maybe(0.2, one(HEALTHS)),
    tag: maybe(0.15, one(['ａ-1', '夜'])),
    q: maybe(0.2, one(['路', 'kiosk', '中山', '没有'])),
    parent: maybe(0.05, one(ids)),
  };
}

async function walk(caller: Caller, filter: DeviceFilter): Promise<Device[]> {
  const found: Device[] = [];
  for await (const page of search.pages(caller, filter, 10_000)) found.push(...page);
  return found;
}

function table(values: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const value of values) counts[value] = (counts[value] ?? 0) + 1;
  return counts;
}

const told = (rows: { value: string; count: number }[]) =>
  Object.fromEntries(rows.map(({ value, count }) => [value, count]));

const healthNow = ({ id, state }: Device): Health[] => (isStanding(state) ? [healths.get(id) ?? 'unknown'] : []);

/** What is counted of a list, as the list itself says it. */
function countsOf(devices: readonly Device[]) {
  return {
    total: devices.length,
    kind: table(devices.map(({ kind }) => kind)),
    state: table(devices.map(({ state }) => state)),
    owner: table(devices.flatMap(({ file }) => file.owner ?? [])),
    tag: table(devices.flatMap(({ file }) => file.tags ?? [])),
    police: table(devices.flatMap(({ police }) => [...agencies.lineOf(police ?? '')])),
    health: table(devices.flatMap(healthNow)),
    codes: table(devices.map(({ jurisdiction }) => jurisdiction)),
  };
}

async function counted(caller: Caller, filter: DeviceFilter) {
  const { total, fields, tag, police, health, jurisdiction } = await search.facets(caller, filter);
  const { kind, state, owner } = fields;
  const lists = { kind, state, owner, tag, police, health };
  return {
    total,
    ...Object.fromEntries(Object.entries(lists).map(([name, rows]) => [name, told(rows)])),
    // Each code is a county, and the lowest level of what lies in it.
    codes: told(jurisdiction.filter(({ level }) => level === 'county')),
  };
}

/** Past the API, as a person at the database. */
async function edit(tables: Tables, id: string): Promise<void> {
  const tags = TAGS.filter(() => random() < 0.3);
  await sql`update position set kind = ${one(KINDS)}, name = ${one(['中山路', 'Kiosk', '路'])},
    jurisdiction = ${one(AREAS)}, state = ${one(['in-service', 'in-service', 'maintenance', 'retired', 'planned'])},
    owner = ${one(OWNERS)}, tags = ${tags}::text[], police_set = ${one([EAST, WEST, CITY, null])}
    where id = ${id}`.execute(tables.tables());
}

/** One that is earlier in order hangs nowhere below, so that no circle comes of it. */
async function hang(tables: Tables, id: string, parent: string): Promise<void> {
  await sql`update position set parent = ${parent} where id = ${id} and id > ${parent}`.execute(tables.tables());
}

async function removeByHand(tables: Tables, id: string): Promise<void> {
  const db = tables.tables();
  await sql`update position set parent = null where parent = ${id}`.execute(db);
  await sql`delete from assignment where position_id = ${id}`.execute(db);
  await sql`delete from position where id = ${id}`.execute(db);
}

t.test('after every edit, whoever made it, each caller is told the counts of what they can list', async (t) => {
  const ids: string[] = [];
  let made = 0;
  const create = async () => {
    const id = `k-${made}`;
    made += 1;
    await registry.create(NATION, kiosk({ id, jurisdiction: one(AREAS), confirm: true }));
    ids.push(id);
    if (random() < 0.7) healths.set(id, one(HEALTHS));
  };
  const steps: (() => Promise<unknown>)[] = [
    create,
    () => edit(database, one(ids)),
    () => edit(other, one(ids)),
    async () => void healths.set(one(ids), one(HEALTHS)),
    () => removeByHand(other, ids.splice(Math.floor(random() * ids.length), 1)[0]!),
    () => hang(other, one(ids), one(ids)),
  ];
  for (let n = 0; n < 25; n += 1) await create();
  for (const id of ids) await edit(database, id);
  for (let time = 0; time < 80; time += 1) {
    await one(ids.length > 5 ? steps : [create])();
    // The lists of healths go by the directory.
    await registry.loadDirectory();
    for (let asked = 0; asked < 3; asked += 1) {
      const [caller, filter] = [one(CALLERS), question(ids)];
      const what = `${CALLERS.indexOf(caller)} ${JSON.stringify(filter)}`;
      t.strictSame(await counted(caller, filter), countsOf(await walk(caller, filter)), what);
    }
  }
});

t.test('an edit that was begun before others were seen and committed after them is counted', async (t) => {
  await registry.create(NATION, kiosk({ id: 'late', jurisdiction: '330212', confirm: true }));
  const total = async () => (await search.facets(NATION, { owner: 'Late' })).total;
  let go = (): void => {};
  const held = new Promise<void>((resolve) => {
    go = resolve;
  });
  let begun = (): void => {};
  const isBegun = new Promise<void>((resolve) => {
    begun = resolve;
  });
  const late = other.transaction(async (tx) => {
    await sql`update position set owner = 'Late' where id = 'late'`.execute(tx.tables());
    begun();
    await held;
  });
  await isBegun;
  await registry.create(NATION, kiosk({ id: 'soon', jurisdiction: '330212', confirm: true }));
  t.equal(await total(), 0);
  go();
  await late;
  t.equal(await total(), 1);
});

t.test('those who ask while others ask see what was committed before they did', async (t) => {
  const total = async () => (await search.facets(NATION, { owner: 'Many' })).total;
  const asked: Promise<void>[] = [];
  let changed = 0;
  for (let turn = 0; turn < 20; turn += 1) {
    // The edits of before may have left fewer than that.
    const { rows } = await sql`update position set owner = 'Many' where id = (
      select id from position where owner is distinct from 'Many' and state <> 'retired' order by id limit 1
    ) returning id`.execute(other.tables());
    changed += rows.length;
    const committed = changed;
    asked.push(total().then((found) => void t.ok(found >= committed, `${found} of ${committed}`)));
  }
  await Promise.all(asked);
  t.ok(changed > 3, `${changed} were changed`);
});

t.test('what is noted nowhere any more, or is too much to be told one by one, is read anew', async (t) => {
  const clock = new ManualClock(Date.now());
  const here = await openRegistry(t, { clock });
  const total = async () => (await here.search.facets(NATION, {})).total;
  t.equal(await total(), 0);
  await here.registry.create(NATION, kiosk({ id: 'k-1' }));
  t.equal(await total(), 1);
  await here.registry.create(NATION, kiosk({ id: 'k-2' }));
  await sql`delete from followed_change`.execute(here.database.tables());
  await clock.leap((UNSEEN_MAX_MINUTES + 1) * 60_000);
  t.equal(await total(), 2);
  await fillRegistry(here.database, { from: 1, to: 101 });
  const many = sql`select 'devices', n::text from generate_series(1, 10001) n`;
  await sql`insert into followed_change (topic, key) ${many}`.execute(here.database.tables());
  t.equal(await total(), 2 + 98, 'two of a hundred are retired');
});

t.test('a read that fails half way is made good by the next', async (t) => {
  const here = await openRegistry(t);
  await here.registry.create(NATION, kiosk({ id: 'k-1' }));
  const db = here.database.tables();
  await sql`alter table device_tag_set rename to elsewhere`.execute(db);
  await t.rejects(here.search.facets(NATION, {}));
  await sql`alter table elsewhere rename to device_tag_set`.execute(db);
  t.equal((await here.search.facets(NATION, {})).total, 1);
  here.search.start();
  await here.search.stop();
});
