import t from 'tap';
import { systemClock } from '../../../../src/core/clock.ts';
import { DATABASE_LIMITS, Database, sql } from '../../../../src/platform/database/database.ts';
import { databaseId } from '../../../../src/platform/database/database-id.ts';
import { type Holder, Lease, type LeaseDeps } from '../../../../src/platform/database/lease.ts';
import { migrate } from '../../../../src/platform/database/migrate.ts';
import { quietObserver, startPostgres } from '../../../support/services/services.ts';
import { ManualClock } from '../../../support/time/clock.ts';
import { until } from '../../../support/time/until.ts';

const { url } = await startPostgres(t);
const observer = quietObserver();
const open = (at = url) =>
  Database.open({ url: at, observer: quietObserver(), clock: systemClock, limits: DATABASE_LIMITS });
const database = await open();
t.teardown(() => database.close());
await migrate(database);

const HERE: Holder = { node: 'node-a', host: 'here', pid: 1, directory: '/var/lib/a', inode: '8:1' };
const ELSEWHERE: Holder = { node: 'node-b', host: 'elsewhere', pid: 2, directory: '/var/lib/b', inode: '8:2' };

function take(holder: Holder, over: Partial<LeaseDeps> = {}): Promise<Lease> {
  const deps = { database, clock: systemClock, observer, holder, isPrivate: false, onLost: () => {} };
  return Lease.take({ ...deps, ...over });
}

t.test('a second gateway is refused and told who works there, from where and since when', async (t) => {
  const lease = await take(HERE);
  t.ok(lease.held());
  await t.rejects(take(ELSEWHERE), {
    code: 'lease.held',
    message: /process 1 on here with the data directory \/var\/lib\/a, since 20\d\d-.* (59|60) s\); .*DATABASE_URL/,
  });
  const copy = { ...HERE, inode: '8:9' };
  await t.rejects(take(copy), { code: 'lease.held' }, 'nor is a copy of the directory that took its place');
  await lease.release();
  t.notOk(lease.held());
  const next = await take(ELSEWHERE);
  t.ok(next.held(), 'what was given up is taken at once');
  t.ok(next.epoch > lease.epoch);
  await next.release();
});

t.test('a successor on the same data directory need not wait, and who was overtaken learns it', async (t) => {
  let isLost = false;
  const onLost = (): void => {
    isLost = true;
  };
  const clock = new ManualClock();
  const killed = await take(HERE, { clock, onLost });
  const next = await take({ ...HERE, pid: 3 });
  t.ok(next.held());
  await clock.advance(5_000);
  await until('the first one looks', () => isLost);
  t.notOk(killed.held());
  await next.release();
  const own = await take(HERE);
  const others = await take(ELSEWHERE, { isPrivate: true });
  t.ok(others.held(), 'nobody else reaches a private server');
  await own.release();
  await others.release();
});

t.test('who cannot renew stops before anybody else may take over, and goes on when it can again', async (t) => {
  await sql`update gateway_lease set expires = '-infinity'`.execute(database.tables());
  const clock = new ManualClock();
  const lease = await take(HERE, { clock });
  await sql`alter table gateway_lease rename to gateway_lease_away`.execute(database.tables());
  await clock.advance(54_000);
  t.ok(lease.held());
  await clock.advance(2_000);
  t.notOk(lease.held());
  await sql`alter table gateway_lease_away rename to gateway_lease`.execute(database.tables());
  await t.rejects(take(ELSEWHERE), { code: 'lease.held' }, 'it is not free yet');
  await until('it is renewed', async () => {
    await clock.advance(1_000);
    return lease.held();
  });
  await lease.release();
});

t.test('two databases on one server have names of their own, which stay', async (t) => {
  await database.dedicated(async (run) => void (await run('create database other template template0')));
  const other = await open(url.replace('/postgres?', '/other?'));
  t.teardown(() => other.close());
  await migrate(other);
  const names = [await databaseId(database), await databaseId(other)];
  t.match(names, [/^[0-9a-f]{12}$/, /^[0-9a-f]{12}$/]);
  t.not(names[0], names[1]);
  t.equal(await databaseId(database), names[0]);
});
