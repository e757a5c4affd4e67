import { randomBytes } from 'node:crypto';
import t from 'tap';
import { Passwords } from '../../../src/access/passwords.ts';
import { People } from '../../../src/access/people.ts';
import { Sessions } from '../../../src/access/sessions.ts';
import { followersOf } from '../../../src/app/compose/devices/others.ts';
import { type Clock, DAY_MS, systemClock } from '../../../src/core/clock.ts';
import { codeAlone } from '../../../src/core/jurisdiction.ts';
import type { Caller } from '../../../src/core/types.ts';
import { type Database, sql } from '../../../src/platform/database/database.ts';
import { Follow } from '../../../src/platform/follow/follow.ts';
import { SecretHasher } from '../../../src/platform/secrets/hasher.ts';
import { closeAlert, storeAlert } from '../../support/alerts/alert-rows.ts';
import { callerIn, kiosk, openDatabase, openRegistry } from '../../support/devices/registry.ts';
import { type Owner, quietObserver, startPostgres } from '../../support/services/services.ts';
import { freshDatabase } from '../../support/services/shared-database.ts';
import { ManualClock } from '../../support/time/clock.ts';
import { until } from '../../support/time/until.ts';
import { openWatchlists } from '../../support/watchlists/watchlists.ts';

const NATION = callerIn('000000');
const PASSWORD = 'correct horse battery';
const KEY = randomBytes(32);
const HASHER = new SecretHasher(randomBytes(32));
const QUICK = { hash: async (text: string) => text, verify: async (hashed: string, text: string) => hashed === text };

/** What one process holds in memory of a database. */
async function open(t: Owner, database: Database<never>, clock: Clock = systemClock) {
  const parts = await openRegistry(t, { database, hasher: HASHER, clock });
  const passwords = new Passwords(QUICK);
  const sessions = new Sessions({ ...parts, passwords, clock, observer: quietObserver() });
  const people = new People({ ...parts, passwords, clock, sessionsEnded: () => sessions.forget() });
  const ofLists = openWatchlists({ database, clock, key: KEY, tree: parts.jurisdictions });
  return { ...parts, sessions, people, ...ofLists, wanted: ofLists.watched };
}

type Process = Awaited<ReturnType<typeof open>>;

/** Has a process follow the database, as a gateway does. */
async function start(t: Owner, url: string, one: Process): Promise<void> {
  const { database, registry } = one;
  const follow = await Follow.open({ database, url, clock: systemClock, observer: quietObserver() });
  t.teardown(() => follow.stop());
  await registry.loadDirectory();
  follow.start(followersOf(database, one));
}

async function twoProcesses(t: Owner) {
  const { url } = await freshDatabase(t);
  const database = await openDatabase(t, url);
  const [here, there] = [await open(t, database), await open(t, database)];
  await start(t, url, here);
  return { database, here, there };
}

t.test('devices that another process registers, moves, swaps the secret of and retires', async (t) => {
  const { database, here, there } = await twoProcesses(t);
  const { directory, disconnected } = here;
  const { secret } = await there.registry.create(NATION, kiosk({ id: 'k-1' }));
  await until('known', () => directory.authenticate('k-1', secret) !== null);
  const next = await there.registry.rotateSecret(NATION, 'k-1');
  await until('the new secret is right', () => directory.authenticate('k-1', next) !== null);
  t.equal(directory.authenticate('k-1', secret), null);
  t.same(disconnected, ['k-1']);
  const device = await there.registry.get(NATION, 'k-1');
  await there.registry.update(NATION, 'k-1', device.version, { jurisdiction: '330203' });
  await until('moved', () => directory.identity('k-1')?.jurisdiction === '330203');
  t.same([...directory.within(codeAlone('330212'))], []);
  await there.registry.retire(NATION, 'k-1', device.version + 1);
  await until('retired', () => directory.identity('k-1') === undefined);
  t.equal(disconnected.length, 3);

  // By hand, which raises no version.
  await here.registry.create(NATION, kiosk({ id: 'k-2', secret }));
  await sql`update unit set secret_hash = ${HASHER.hash(next)} where id in
    (select unit_id from assignment where position_id = 'k-2')`.execute(database.tables());
  await until('another secret', () => directory.authenticate('k-2', next) !== null);
  await here.registry.create(NATION, kiosk({ id: 'k-3' }));
  await sql`update position set parent = 'k-3' where id = 'k-2'`.execute(database.tables());
  await until('below another device', () => directory.topmost('k-2') === 'k-3');
  await sql`delete from assignment where position_id = 'k-2'`.execute(database.tables());
  await until('gone', () => directory.get('k-2') === undefined);
});

t.test('a device is let in at once, wherever it was registered or given its secret', async (t) => {
  const database = await openDatabase(t);
  const clock = new ManualClock(systemClock.nowMs());
  const [here, there] = [await open(t, database, clock), await open(t, database)];
  const { secret } = await there.registry.create(NATION, kiosk({ id: 'k-1' }));
  t.equal(here.directory.identity('k-1'), undefined, 'nobody follows here');
  t.match(await here.doors.authenticate('k-1', secret), { id: 'k-1', jurisdiction: '330212' });
  const next = await there.registry.rotateSecret(NATION, 'k-1');
  const letIn = async (right: string) => (await here.doors.authenticate('k-1', right)) !== null;
  await clock.advance(5_000);
  t.ok(await letIn(next));
  t.notOk(await letIn(secret));
  await there.registry.create(NATION, kiosk({ id: 'k-2' }));
  t.match(await here.doors.find('k-2'), { id: 'k-2' });
  t.equal(await here.doors.authenticate('k-3', secret), null);
  t.equal(await here.doors.find('k-3'), undefined);
  await there.registry.create(NATION, kiosk({ id: 'k-3', secret: 'burnt-in-by-the-maker' }));
  await clock.advance(5_000);
  t.match(await here.doors.find('k-3'), { id: 'k-3' });
});

t.test('tokens, people and lists of wanted plates that another process ends or makes', async (t) => {
  const { database, here, there } = await twoProcesses(t);
  const { id, token } = await there.tokens.create(NATION, { name: 'desk', role: 'viewer', jurisdiction: '330212' });
  t.match(await here.tokens.verify(token), { id });
  await there.tokens.revoke(NATION, id);
  await until('refused', async () => (await here.tokens.verify(token)) === null);
  const other = await there.tokens.create(NATION, { name: 'desk', role: 'viewer', jurisdiction: '330212' });
  t.ok(await here.tokens.verify(other.token));
  await sql`update api_token set revoked_at_ms = 1 where id = ${other.id}`.execute(database.tables());
  await until('refused as well', async () => (await here.tokens.verify(other.token)) === null);

  const person = { username: 'li', name: 'Li', role: 'viewer', jurisdiction: '330212', password: PASSWORD } as const;
  const { id: li } = await there.people.create(NATION, person);
  const session = await there.sessions.start({ username: 'li', password: PASSWORD });
  t.match(await here.sessions.verify(session.secret), { username: 'li' });
  await there.people.update(NATION, li, 1, { disabled: true });
  await until('no longer logged in', async () => (await here.sessions.verify(session.secret)) === null);

  const asker = callerIn('330205', 'operator');
  const alert = await storeAlert(database, '330205');
  const wish = { jurisdiction: '330203', alert, reason: 'theft' };
  const { id: grant } = await there.grants.ask(asker, wish);
  await there.grants.approve(NATION, grant);
  const granted = () => here.inForce.areasOf(asker, 'video.look').length;
  await until('granted', () => granted() === 1);
  await closeAlert(database, alert);
  await until('granted no more', () => granted() === 0);
  const ofAsker = async () => (await there.grants.list(asker, { limit: 1 })).items[0]?.state;
  await until('ended for good', async () => (await ofAsker()) === 'ended');

  const entries = [{ plate: '浙B12345', reason: 'stolen', validUntilMs: systemClock.nowMs() + DAY_MS }];
  const list = { name: 'stolen', jurisdiction: '330200', reason: 'x', case: 'C-1', entries };
  const wanted = () => here.match('浙B12345', '330212').length > 0;
  const made = await there.watchlists.create(NATION as Caller, list);
  await until('wanted', () => wanted());
  await there.watchlists.remove(NATION as Caller, made.id, 1);
  await until('wanted no more', () => !wanted());
});

t.test('versions of kinds and places of the tree that another process brings', async (t) => {
  const { database, here } = await twoProcesses(t);
  const tables = database.tables();
  await sql`insert into device_kind_version (kind, version, definition, stored_at_ms)
    select kind, 999, jsonb_set(definition, '{version}', '999'), 1 from device_kind_version
    where kind = 'recycling-kiosk' limit 1`.execute(tables);
  await until('a version that was never here', () => here.kinds.at('recycling-kiosk', 999) !== undefined);
  await sql`insert into jurisdiction (code, name_zh, name_en, parent)
    values ('330299', '新区', 'New District', '330200')`.execute(tables);
  await until('a new place', () => here.jurisdictions.exists('330299'));
  await sql`update jurisdiction set valid_to = '2026-01-01' where code = '330299'`.execute(tables);
  await until('abolished', () => here.jurisdictions.get('330299')?.validTo === '2026-01-01');
});

t.test('a token withdrawn elsewhere is refused within 10 s, also where nobody hears of it', async (t) => {
  const database = await openDatabase(t);
  const clock = new ManualClock(systemClock.nowMs());
  const [here, there] = [await open(t, database, clock), await open(t, database)];
  const { id, token } = await there.tokens.create(NATION, { name: 'desk', role: 'viewer', jurisdiction: '330212' });
  t.ok(await here.tokens.verify(token));
  await there.tokens.revoke(NATION, id);
  await clock.advance(10_000);
  t.equal(await here.tokens.verify(token), null);
});

t.test('PostgreSQL is killed: what is known goes on, what is unknown is told to come again', async (t) => {
  const server = await startPostgres(t);
  const database = await openDatabase(t, server.url);
  const clock = new ManualClock(systemClock.nowMs());
  // Made before anything is followed: what is told to have changed must be read again before it is trusted.
  const there = await open(t, database, clock);
  const { secret } = await there.registry.create(NATION, kiosk({ id: 'k-1' }));
  const { token } = await there.tokens.create(NATION, { name: 'desk', role: 'viewer', jurisdiction: '330212' });
  const here = await open(t, database, clock);
  await start(t, server.url, here);
  t.ok(await here.tokens.verify(token));
  await server.stop(AbortSignal.timeout(10_000));
  await clock.advance(60_000);
  t.match(await here.doors.authenticate('k-1', secret), { id: 'k-1' });
  t.match(await here.tokens.verify(token), { name: 'desk' });
  const away = { code: 'store.unavailable' };
  await t.rejects(here.doors.authenticate('k-2', secret), away);
  await t.rejects(here.doors.authenticate('k-1', `${secret}x`), away, 'it may have been given another one elsewhere');
  await t.rejects(here.doors.find('k-2'), away);
  await t.rejects(here.tokens.verify(`${token}x`), away);
});
