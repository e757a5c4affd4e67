import t from 'tap';
import { listAudit, recordAudit, verifyAudit } from '../../../src/platform/audit.ts';
import { type Database, sql } from '../../../src/platform/database.ts';
import { callerIn, openDatabase } from '../../support/registry.ts';

let database: Database;

t.before(async () => {
  database = await openDatabase(t);
});

const record = (subject: string, jurisdiction = '330212', over: object = {}) =>
  database.transaction((tx) =>
    recordAudit(tx, { caller: callerIn('330200'), action: 'test', subject, jurisdiction, atMs: 1, ...over }),
  );

t.test('rows of many transactions at once stand in one unbroken chain', async (t) => {
  await Promise.all(Array.from({ length: 60 }, (_, index) => record(`s-${index}`)));
  t.match(await verifyAudit(database), { checked: 60, brokenAt: null, head: /^[0-9a-f]{64}$/ });
});

t.test('a change that is rolled back leaves no row and no gap', async (t) => {
  const failing = database.transaction(async (tx) => {
    const entry = { caller: callerIn('330200'), action: 'x', subject: 'gone', jurisdiction: '330212', atMs: 1 };
    await recordAudit(tx, entry);
    throw new Error('no');
  });
  await t.rejects(failing);
  await record('after');
  t.match(await verifyAudit(database), { checked: 61, brokenAt: null });
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
  t.equal(next[0]!.subject, 'after');
  t.strictSame(await listAudit(database, callerIn('330200'), { subject: 'beyond', limit: 9 }), []);
});

t.test('rows can be neither changed nor removed', async (t) => {
  for (const statement of [
    'update audit_entry set action = $$x$$',
    'delete from audit_entry',
    'truncate audit_entry',
  ]) {
    await t.rejects(sql.raw(statement).execute(database.tables()), { code: 'store.refused' }, statement);
  }
});

t.test('who forces a change past the trigger is found by the chain', async (t) => {
  const forge = async (statement: string) => {
    await database.dedicated(async (run) => {
      await run('alter table audit_entry disable trigger audit_entry_append_only');
      await run(statement);
      await run('alter table audit_entry enable trigger audit_entry_append_only');
    });
    return verifyAudit(database);
  };
  t.match(await forge(`update audit_entry set caller_name = 'somebody else' where seq = 30`), { brokenAt: 30 });
  t.match(await forge(`update audit_entry set caller_name = 'test' where seq = 30`), { brokenAt: null });
  t.match(await forge(`update audit_entry set seq = 100000 where seq = 40`), { brokenAt: 40 });
  t.match(await forge(`update audit_entry set seq = 40 where seq = 100000`), { brokenAt: null });
  t.match(await forge('delete from audit_entry where seq = 5'), { checked: 4, brokenAt: 5 });
});
