import { cp, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { systemClock } from '../../../../src/core/clock.ts';
import { DATABASE_LIMITS, Database, sql } from '../../../../src/platform/database/database.ts';
import { migrate } from '../../../../src/platform/database/migrate.ts';
import { quietObserver, startPostgres } from '../../../support/services/services.ts';

const SHIPPED = fileURLToPath(new URL('../../../../src/platform/database/migrations', import.meta.url));

let url: string;

t.before(async () => {
  url = (await startPostgres(t)).url;
});

interface Owner {
  teardown(run: () => unknown): void;
}

async function open(t: Owner): Promise<Database> {
  const database = await Database.open({ url, observer: quietObserver(), clock: systemClock, limits: DATABASE_LIMITS });
  t.teardown(() => database.close());
  return database;
}

async function numbers(database: Database): Promise<number[]> {
  const { rows } = await sql<{ number: number }>`select number from schema_migration order by number`.execute(
    database.tables(),
  );
  return rows.map((row) => row.number);
}

t.test('several nodes start at once: each file is applied once, in order', async (t) => {
  const nodes = await Promise.all([open(t), open(t), open(t)]);
  await Promise.all(nodes.map((node) => migrate(node)));
  const files = (await readdir(SHIPPED)).map((name) => Number(name.slice(0, 4))).sort((a, b) => a - b);
  t.strictSame(await numbers(nodes[0]!), files);
  await migrate(nodes[0]!);
});

t.test('a failing file is rolled back whole, and is tried again after it is mended', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'cw-'));
  t.teardown(() => rm(directory, { recursive: true }));
  await cp(SHIPPED, directory, { recursive: true });
  const database = await open(t);
  await writeFile(join(directory, '9001-half.sql'), 'create table half (a int); insert into half values (1 / 0);');
  await t.rejects(migrate(database, directory), { code: 'store.refused', message: /9001-half.sql failed/ });
  t.notOk((await numbers(database)).includes(9001));
  await writeFile(join(directory, '9001-half.sql'), 'create table half (a int);');
  await migrate(database, directory);
  t.ok((await numbers(database)).includes(9001), 'the table of the first try was gone');

  await writeFile(join(directory, '9001-half.sql'), 'create table half (a bigint);');
  await t.rejects(migrate(database, directory), { code: 'config.invalid', message: /9001-half.sql was changed/ });
  await t.rejects(migrate(database), { code: 'config.invalid', message: /does not know: start a newer version/ });
  await writeFile(join(directory, 'nonsense.sql'), '');
  await t.rejects(migrate(database, directory), { message: /nonsense.sql is not named like/ });
  await rm(join(directory, 'nonsense.sql'));
  await writeFile(join(directory, '9001-twice.sql'), '');
  await t.rejects(migrate(database, directory), { message: /has the number of/ });
});

t.test('subscriptions from before they had owners belong to whoever made them, where that is written', async (t) => {
  const database = await openOlder(t, 143);
  const [byPerson, byToken, unknown] = ['1', '2', '3'].map((n) => `00000000-0000-4000-8000-00000000000${n}`);
  for (const id of [byPerson, byToken, unknown]) {
    await sql`insert into subscription (id, name, url, jurisdiction, severities, secrets, state, created_by,
      created_at_ms) values (${id}, 'old', 'http://a.example/', '330212', '{}', '{}', 'active', 'Wang', 1)`.execute(
      database.tables(),
    );
  }
  const rows = [
    { seq: 1, type: 'person', caller: 'p1', action: 'subscription.create', subject: byPerson },
    { seq: 2, type: 'person', caller: 'p2', action: 'subscription.disable', subject: byPerson },
    { seq: 3, type: 'token', caller: 't1', action: 'subscription.create', subject: byToken },
    { seq: 4, type: 'person', caller: 'p2', action: 'subscription.disable', subject: unknown },
  ];
  for (const { seq, type, caller, action, subject } of rows) {
    await sql`insert into audit_entry (seq, at_ms, caller_type, caller_id, caller_name, action, subject, jurisdiction)
      values (${seq}, 1, ${type}, ${caller}, 'Li', ${action}, ${`subscription/${subject}`}, '330212')`.execute(
      database.tables(),
    );
  }
  await migrate(database);
  const found = await sql`select owner_type, owner_id, owner_name from subscription order by id`.execute(
    database.tables(),
  );
  t.strictSame(
    found.rows.map((row) => ({ ...(row as object) })),
    [
      { owner_type: 'person', owner_id: 'p1', owner_name: 'Wang' },
      { owner_type: 'token', owner_id: 't1', owner_name: 'Wang' },
      { owner_type: null, owner_id: null, owner_name: 'Wang' },
    ],
  );
});

t.test('what was said of a device before is said in the words of today', async (t) => {
  const database = await openOlder(t, 190);
  const states = { a: 'active', m: 'maintenance', r: 'retired' };
  await sql`insert into jurisdiction (code, name_zh, name_en) values ('330212', '鄞州区', 'Yinzhou')
    on conflict do nothing`.execute(database.tables());
  for (const [id, state] of Object.entries(states)) {
    await sql`insert into position (id, kind, name, jurisdiction, lat, lon, datum, state, version, created_at_ms,
      updated_at_ms) values (${id}, 'camera', 'c', '330212', 29, 121, 'wgs84', ${state}, 1, 1, 1)`.execute(
      database.tables(),
    );
  }
  await migrate(database);
  const found = await sql<{ state: string }>`select state from position order by id`.execute(database.tables());
  t.strictSame(
    found.rows.map(({ state }) => state),
    ['in-service', 'maintenance', 'retired'],
  );
});

t.test('alerts of before are on the desk of their rule, and who was told of all goes on being told', async (t) => {
  const database = await openOlder(t, 326);
  const db = database.tables();
  const rules = ['camera-offline', 'camera-is-another', 'ledger-difference', 'kiosk-fire', 'of-our-own'];
  for (const [n, rule] of rules.entries()) {
    const id = `00000000-0000-4000-8000-00000000010${n}`;
    await sql`insert into alert (id, dedup_key, rule, rule_version, title, severity, condition, handling, visibility,
      device, device_name, jurisdiction, first_at_ms, last_at_ms, occurrences, received_at_ms, decided_at_ms,
      committed_at_ms, data, evidence, comments, receipt, version)
      values (${id}, ${`${rule}|d`}, ${rule}, 1, '{}', 'minor', 'active', 'new', 'normal', 'd', 'd', '330212', 1, 1, 1,
      1, 1, 1, '{}', '[]', '[]', '', 1)`.execute(db);
  }
  await sql`insert into subscription (id, name, type, target, jurisdiction, severities, secrets, state, created_by,
    created_at_ms, owner_name) values ('00000000-0000-4000-8000-000000000200', 'old', 'webhook', '{}', '330212', '{}',
    '{}', 'active', 'Wang', 1, 'Wang')`.execute(db);
  await migrate(database);
  const found = await sql<{ rule: string; class: string; desk: string }>`select rule, class, desk from alert
    order by id`.execute(db);
  t.strictSame(
    found.rows.map((row) => `${row.rule} ${row.class} ${row.desk}`),
    [
      'camera-offline fault maintenance',
      'camera-is-another fault police',
      'ledger-difference system maintenance',
      'kiosk-fire incident police',
      'of-our-own incident police',
    ],
  );
  const told = await sql<{ classes: string[] }>`select classes from subscription`.execute(db);
  t.strictSame(told.rows[0]?.classes, ['incident', 'fault', 'system']);
});

t.test('devices that were found before are found as before, each with a number that it keeps', async (t) => {
  const database = await openOlder(t, 300);
  const db = database.tables();
  const add = async (id: string): Promise<void> => {
    await sql`insert into position (id, kind, name, jurisdiction, lat, lon, datum, state, version, created_at_ms,
      updated_at_ms, tags, police_set) values (${id}, 'camera', ${`中山路 ${id}`}, '330212', 29.5, 121.25, 'wgs84',
      'in-service', 1, 1, 1, ${[`tag-${id}`]}::text[], '330212510000')`.execute(db);
  };
  const found = async () =>
    (
      await sql<object>`select id, group_id, tag_set, parent, place::text, words, lexemes::text, police
      from device_search order by id`.execute(db)
    ).rows.map((row) => ({ ...row }));
  const numbers = async () =>
    (await sql<{ id: string; n: number }>`select id, n from device_search order by n`.execute(db)).rows.map(
      ({ id, n }) => `${id} ${n}`,
    );
  await sql`insert into jurisdiction (code, name_zh, name_en) values ('330212', '鄞州区', 'Yinzhou')
    on conflict do nothing`.execute(db);
  await sql`insert into police_agency (code, name, level, jurisdiction)
    values ('330212510000', 's', 'city', '330212')`.execute(db);
  for (const id of ['a', 'b', 'c']) await add(id);
  await sql`update position set parent = 'a' where id = 'c'`.execute(db);
  const before = await found();
  t.equal(before.length, 3);
  await migrate(database);
  t.strictSame(await found(), before);
  t.strictSame(
    (await numbers()).map((told) => told.slice(2)),
    ['1', '2', '3'],
  );
  const were = await numbers();
  await sql`update position set name = 'b', tags = '{}' where id = 'b'`.execute(db);
  await add('d');
  t.strictSame(await numbers(), [...were, 'd 4']);
  await sql`delete from position where id = 'b'`.execute(db);
  t.strictSame(await numbers(), [...were.filter((told) => !told.startsWith('b ')), 'd 4']);
});

t.test('parts of storms that had no end are looked at once', async (t) => {
  const database = await openOlder(t, 364);
  const db = database.tables();
  const [open, closed] = ['1', '2'].map((n) => `00000000-0000-4000-8000-00000000030${n}`);
  const add = async (id: string, handling: string, storm: string | null) => {
    await sql`insert into alert (id, dedup_key, rule, rule_version, title, severity, condition, handling, visibility,
      device, device_name, jurisdiction, first_at_ms, last_at_ms, occurrences, received_at_ms, decided_at_ms,
      committed_at_ms, data, evidence, comments, receipt, version, storm, cases)
      values (${id}, ${id}, 'r', 1, '{}', 'minor', 'active', ${handling}, 'normal', 'd', 'd', '330212', 1, 1, 1,
      1, 1, 1, '{}', '[]', '[]', '', 1, ${storm}, '[]')`.execute(db);
  };
  await add(open!, 'new', null);
  await add(closed!, 'closed', null);
  for (const n of ['3', '4', '5'])
    await add(`00000000-0000-4000-8000-00000000030${n}`, 'new', n < '4' ? open! : closed!);
  await migrate(database);
  const { rows } = await sql<{ key: string }>`select key from work_item where queue = 'stage'`.execute(db);
  t.strictSame(rows, [{ key: `storm-end ${closed} 0 0` }]);
});

t.test('an open alert that fired again has the stamp of its opening again, as the log tells it', async (t) => {
  const database = await openOlder(t, 354);
  const db = database.tables();
  const [told, untold] = ['1', '2'].map((n) => `00000000-0000-4000-8000-00000000040${n}`);
  for (const id of [told, untold]) {
    await sql`insert into alert (id, dedup_key, rule, rule_version, title, severity, condition, handling, visibility,
      device, device_name, jurisdiction, first_at_ms, last_at_ms, occurrences, received_at_ms, decided_at_ms,
      committed_at_ms, data, evidence, comments, receipt, version, cases)
      values (${id}, ${id}, 'r', 1, '{}', 'minor', 'active', 'new', 'normal', 'd', 'd', '330212', 1, 9, 2,
      1, 2, 9, '{}', '[]', '[]', '', 1, '[]')`.execute(db);
  }
  await sql`insert into alert_event (seq, id, alert_id, type, at_ms, actor, jurisdiction, severity, body)
    values (1, ${told}, ${told}, 'alert.opened', 3, 'citywatch', '330212', 'minor', '{}')`.execute(db);
  await migrate(database);
  const { rows } = await sql`select committed_at_ms, fired_at_ms from alert order by id`.execute(db);
  t.strictSame(rows, [
    { committed_at_ms: 3, fired_at_ms: 9 },
    { committed_at_ms: 9, fired_at_ms: 9 },
  ]);
});

/** A database as a version left it that knew the migrations below this number. */
async function openOlder(t: Owner, below: number): Promise<Database> {
  const admin = await open(t);
  const name = `older${below}`;
  await sql`create database ${sql.ref(name)}`.execute(admin.tables());
  const database = await Database.open({
    url: url.replace(/\/postgres(?=\?|$)/, `/${name}`),
    observer: quietObserver(),
    clock: systemClock,
    limits: DATABASE_LIMITS,
  });
  t.teardown(() => database.close());
  const directory = await mkdtemp(join(tmpdir(), 'cw-'));
  t.teardown(() => rm(directory, { recursive: true }));
  for (const file of await readdir(SHIPPED)) {
    if (Number(file.slice(0, 4)) < below) await cp(join(SHIPPED, file), join(directory, file));
  }
  await migrate(database, directory);
  return database;
}
