import { createHash } from 'node:crypto';
import { copyFile, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { systemClock } from '../../../../src/core/clock.ts';
import { DATABASE_LIMITS, Database, sql, type Tables } from '../../../../src/platform/database/database.ts';
import { migrate } from '../../../../src/platform/database/migrate.ts';
import { listAudit, recordAudit } from '../../../../src/platform/records/audit.ts';
import { Sealer } from '../../../../src/platform/records/sealer.ts';
import { callerIn, openDatabase } from '../../../support/devices/registry.ts';
import { sealAudit, walkAll } from '../../../support/records/chains.ts';
import { quietObserver, startPostgres } from '../../../support/services/services.ts';
import { ManualClock } from '../../../support/time/clock.ts';
import { until } from '../../../support/time/until.ts';

const MIGRATIONS = join(import.meta.dirname, '../../../../src/platform/database/migrations');

let database: Database;

t.before(async () => {
  database = await openDatabase(t);
});

const record = (subject: string, jurisdiction = '330212', over: object = {}) =>
  database.transaction((tx) =>
    recordAudit(tx, { caller: callerIn('330200'), action: 'test', subject, jurisdiction, atMs: 1, ...over }),
  );

const sealAll = async (): Promise<void> => {
  while ((await sealAudit(database)) > 0);
};

t.test('rows of many transactions at once stand in one unbroken chain once they are sealed', async (t) => {
  await Promise.all(Array.from({ length: 60 }, (_, index) => record(`s-${index}`)));
  t.match(await walkAll(database), { checked: 0, broken: null, unsealed: 60 });
  await Promise.all([sealAudit(database), sealAudit(database), sealAudit(database)]);
  t.match(await walkAll(database), { checked: 60, broken: null, unsealed: 0, head: /^[0-9a-f]{64}$/ });
});

t.test('a change that is rolled back leaves no row, and the number it took is no gap', async (t) => {
  const failing = database.transaction(async (tx) => {
    const entry = { caller: callerIn('330200'), action: 'x', subject: 'gone', jurisdiction: '330212', atMs: 1 };
    await recordAudit(tx, entry);
    throw new Error('no');
  });
  await t.rejects(failing);
  await record('after');
  await sealAll();
  t.match(await walkAll(database), { checked: 61, broken: null });
});

t.test('audited edits do not wait for each other, and one that commits late is sealed late', async (t) => {
  const entry = { caller: callerIn('330200'), action: 'x', jurisdiction: '330212', atMs: 1 };
  await database.transaction(async (slow) => {
    await recordAudit(slow, { ...entry, subject: 'begun first' });
    await record('begun later');
    await sealAll();
    t.match(await walkAll(database), { checked: 62, broken: null, unsealed: 0 });
  });
  t.match(await walkAll(database), { checked: 62, broken: null, unsealed: 1 });
  await sealAll();
  t.match(await walkAll(database), { checked: 63, broken: null, unsealed: 0 });
});

t.test('secrets are not kept, wherever they stand', async (t) => {
  const before = { onvif: { username: 'u', password: 'hunter22' }, list: [{ secretHash: 'hunter22' }] };
  await record('secrets', '330212', { before, after: { apiToken: 'hunter22', name: 'x' } });
  const [row] = await listAudit(database, callerIn('330200'), { subject: 'secrets', limit: 1 });
  t.match(row, { before: { onvif: { username: 'u', password: '[redacted]' } }, after: { name: 'x' } });
  t.notMatch(JSON.stringify(row), /hunter22/);
});

t.test('the trail is read within the jurisdiction, newest first, page by page', async (t) => {
  await record('beyond', '510703');
  await record('inside', '330203');
  const page = await listAudit(database, callerIn('330200'), { limit: 2 });
  t.strictSame(
    page.map(({ subject }) => subject),
    ['inside', 'secrets'],
  );
  const next = await listAudit(database, callerIn('330200'), { limit: 1, beforeSeq: page.at(-1)!.seq });
  t.equal(next[0]!.subject, 'begun later');
  t.strictSame(await listAudit(database, callerIn('330200'), { subject: 'beyond', limit: 9 }), []);
});

t.test('rows that come while others are sealed wait for the next round', async (t) => {
  let rounds = 0;
  const busy = {
    tables: () => database.tables(),
    transaction: async <R>(run: (tx: Tables) => Promise<R>): Promise<R> => {
      const result = await database.transaction(run);
      rounds += 1;
      // Somebody who always has one more, until the test has seen enough.
      if (rounds < 10) await record('one more');
      return result;
    },
  } as unknown as Database;
  const clock = new ManualClock();
  const sealer = new Sealer({ database: busy, clock, observer: quietObserver() });
  await record('the first');
  sealer.start();
  await clock.advance(500);
  await until('it is sealed', async () => (await walkAll(database)).unsealed === 1);
  t.equal(rounds, 1);
  await sealer.stop();
  t.equal(rounds, 2);
  await sealAll();
});

t.test('rows can be neither changed nor removed', async (t) => {
  for (const statement of [
    'update audit_entry set action = $$x$$',
    'delete from audit_entry',
    'truncate audit_entry',
    'update audit_entry set link = link + 1000',
    'update audit_entry set link = null, hash = null',
  ]) {
    await t.rejects(sql.raw(statement).execute(database.tables()), { code: 'store.refused' }, statement);
  }
});

t.test('what is not sealed yet cannot be changed either, only sealed', async (t) => {
  await record('unsealed');
  const refused = { code: 'store.refused' };
  await t.rejects(sql`update audit_entry set action = 'y' where link is null`.execute(database.tables()), refused);
  const both = sql`update audit_entry set action = 'y', link = 900, hash = sha256('x') where link is null`;
  await t.rejects(both.execute(database.tables()), refused);
  await sealAll();
  t.match(await walkAll(database), { broken: null, unsealed: 0 });
});

t.test('a sealer that dies half way has done nothing', async (t) => {
  await record('first');
  const dying = database.transaction(async (tx) => {
    await sealAudit({ transaction: (run: (inner: Tables) => Promise<number>) => run(tx) } as unknown as Database);
    throw new Error('killed');
  });
  await t.rejects(dying);
  t.match(await walkAll(database), { broken: null, unsealed: 1 });
  await sealAll();
  t.match(await walkAll(database), { broken: null, unsealed: 0 });
});

t.test('who forces a change past the trigger is found by the chain', async (t) => {
  const forge = async (statement: string) => {
    await database.dedicated(async (run) => {
      await run('alter table audit_entry disable trigger audit_entry_append_only');
      await run(statement);
      await run('alter table audit_entry enable trigger audit_entry_append_only');
    });
    return walkAll(database);
  };
  t.match(await forge(`update audit_entry set caller_name = 'somebody else' where seq = 30`), {
    broken: { place: 30 },
  });
  t.match(await forge(`update audit_entry set caller_name = 'test' where seq = 30`), { broken: null });
  t.match(await forge(`update audit_entry set seq = 100000 where seq = 40`), { broken: { place: 40 } });
  t.match(await forge(`update audit_entry set seq = 40 where seq = 100000`), { broken: null });
  t.match(await forge('update audit_entry set link = 100000 where link = 40'), { broken: { place: 40 } });
  t.match(await forge('update audit_entry set link = 40 where link = 100000'), { broken: null });
  t.match(await forge('update audit_entry set link = null, hash = null where link = 50'), { broken: { place: 50 } });
  await sealAll();
  t.match(await walkAll(database), { broken: { place: 50 } }, 'sealing it again does not heal the hole');
  t.match(await forge('delete from audit_entry where seq = 5'), { checked: 4, broken: { place: 5 } });
});

t.test('rows that were chained one by one by an earlier version stay verifiable, and the chain goes on', async (t) => {
  const before = await mkdtemp(join(tmpdir(), 'cw-test-'));
  t.teardown(() => rm(before, { recursive: true, force: true }));
  const names = (await readdir(MIGRATIONS)).filter((name) => name < '0140');
  for (const name of names) await copyFile(join(MIGRATIONS, name), join(before, name));
  const { url } = await startPostgres(t);
  const old = await Database.open({ url, observer: quietObserver(), clock: systemClock, limits: DATABASE_LIMITS });
  t.teardown(() => old.close());
  await migrate(old, before);
  let previous = Buffer.alloc(32);
  for (const seq of [1, 2, 3]) {
    const after = `{"name": "as  it was written ${seq}"}`;
    const row = [seq, 7, 'token', 't-1', 'somebody', 'device.create', 'device/k', '330212', null, after, null];
    previous = createHash('sha256').update(previous).update(JSON.stringify(row)).digest();
    await sql`insert into audit_entry values (${sql.join([...row, previous])})`.execute(old.tables());
  }
  await migrate(old);
  t.match(await walkAll(old), { checked: 3, broken: null, unsealed: 0, head: previous.toString('hex') });
  const entry = { caller: callerIn('330200'), action: 'x', subject: 'new', jurisdiction: '330212', atMs: 1 };
  await old.transaction((tx) => recordAudit(tx, entry));
  await sealAudit(old);
  t.match(await walkAll(old), { checked: 4, broken: null, unsealed: 0 });
  t.match(await listAudit(old, callerIn('330200'), { limit: 2 }), [{ seq: 4 }, { seq: 3 }]);
});
