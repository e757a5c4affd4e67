import { copyFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { AlertLog } from '../../../../src/alerts/desk/log.ts';
import { STAGE_QUEUE } from '../../../../src/alerts/desk/queues.ts';
import { StageTimers } from '../../../../src/alerts/desk/stage-timers.ts';
import type { Stage } from '../../../../src/alerts/route/stages/stage.ts';
import { RULES_READER, saveRuleCursors } from '../../../../src/alerts/rules/cursors.ts';
import type { StoredStates } from '../../../../src/alerts/rules/engine.ts';
import { storeVerdicts } from '../../../../src/alerts/rules/store.ts';
import { systemClock as clock } from '../../../../src/core/clock.ts';
import { slotOf } from '../../../../src/core/slots.ts';
import { DatabaseCursors } from '../../../../src/ingest/readers/database-cursors.ts';
import { DATABASE_LIMITS, Database, sql } from '../../../../src/platform/database/database.ts';
import { type Holder, Lease } from '../../../../src/platform/database/lease.ts';
import { migrate } from '../../../../src/platform/database/migrate.ts';
import { LEFT_TO_CLAIMS, WorkQueue } from '../../../../src/platform/work/work.ts';
import { PLATES } from '../../../support/alerts/alert-desk.ts';
import { incarnationOf } from '../../../support/ingest/journal.ts';
import { nextOwner } from '../../../support/services/ownership.ts';
import { quietObserver, temporaryDirectory } from '../../../support/services/services.ts';
import { freshDatabase } from '../../../support/services/shared-database.ts';
import { until } from '../../../support/time/until.ts';

const MIGRATIONS = fileURLToPath(new URL('../../../../src/platform/database/migrations', import.meta.url));

const { url } = await freshDatabase(t);
const observer = quietObserver();
const database = await Database.open({ url, observer, clock, limits: DATABASE_LIMITS });
t.teardown(() => database.close());
await migrate(database);
const db = database.tables();
const HERE: Holder = { node: 'node-a', host: 'here', pid: 1, directory: '/a', inode: '1:1' };

t.test('rows of a version without owners go on as they are', async (t) => {
  const [, own = ''] = /\/(\w+)\?/.exec(url) ?? [];
  const name = `${own}_before`;
  await database.dedicated(async (run) => void (await run(`create database ${name} template template0`)));
  t.teardown(() => database.dedicated(async (run) => void (await run(`drop database ${name}`))));
  const before = await Database.open({
    url: url.replace(`/${own}?`, `/${name}?`),
    observer: quietObserver(),
    clock,
    limits: DATABASE_LIMITS,
  });
  t.teardown(() => before.close());
  const earlier = await temporaryDirectory(t);
  for (const file of (await readdir(MIGRATIONS)).filter((name) => name < '0170')) {
    await copyFile(join(MIGRATIONS, file), join(earlier, file));
  }
  await migrate(before, earlier);
  const rows = before.tables();
  await sql`insert into ingest_cursor values ('rollups', 'live', 100, 1, '0a0b0c0d')`.execute(rows);
  await sql`insert into rule_cursor values ('live', 100, '0a0b0c0d')`.execute(rows);
  await sql`insert into rule_state values ('k-1', 'kiosk', '330203', '{}')`.execute(rows);
  await sql`insert into work_item values ('desk', 'k', 1, 5, 0, ${clock.nowMs() + 60_000}, 3, 1)`.execute(rows);
  await migrate(before);
  const ownership = await nextOwner(before);
  const cursors = new DatabaseCursors({ database: before, reader: 'rollups', incarnationOf, ownership, clock });
  t.equal(await cursors.load('live'), 100);
  await cursors.save({ live: 200 }, async () => {});
  const subject = { type: 'device', id: 'k-1' } as const;
  const state = { version: 1, state: { type: 'threshold', phase: 'idle', dueAtMs: null } };
  const states = { rule: state } as unknown as StoredStates;
  const rules = { database: before, clock, incarnationOf, ownership, slotOf, plates: PLATES, work: LEFT_TO_CLAIMS };
  await storeVerdicts(rules, {
    findings: [],
    states: [{ subject, kind: 'kiosk', jurisdiction: '330203', states }],
    cursors: [{ lane: 'live', offset: 200 }],
  });
  const work = new WorkQueue({ database: before, clock, observer, ownership });
  t.equal(await work.releaseClaims(), 1);
  const { node, epoch } = ownership.self;
  for (const table of ['ingest_cursor', 'rule_cursor']) {
    const found = await sql`select journal_offset, node, epoch from ${sql.table(table)}`.execute(rows);
    t.same(found.rows, [{ journal_offset: 200, node, epoch }]);
  }
  t.match((await sql`select slot, epoch from rule_state`.execute(rows)).rows, [{ slot: slotOf('k-1'), epoch }]);
});

t.test('a row of a higher epoch refuses a lower one, whatever the lease says', async (t) => {
  const ownership = await nextOwner(database);
  const cursors = new DatabaseCursors({ database, reader: 'rollups', incarnationOf, ownership, clock });
  await cursors.save({ live: 100 }, async () => {});
  const saveRules = (offset: number) =>
    database.transaction((tx) => saveRuleCursors(tx, [{ lane: 'live', offset }], { incarnationOf, ownership }));
  await saveRules(100);
  await sql`update ingest_cursor set epoch = epoch + 1`.execute(db);
  await sql`update rule_cursor set epoch = epoch + 1`.execute(db);
  await t.rejects(
    cursors.save({ live: 200 }, async () => {}),
    { code: 'lease.lost', message: /taken over from node-test .* cursor of rollups in the lane live was not written/ },
  );
  await t.rejects(saveRules(200), { code: 'lease.lost' });
  const { rows } = await sql`
    select reader, journal_offset from ingest_cursor union all
    select ${RULES_READER}, journal_offset from rule_cursor order by 1`.execute(db);
  t.same(rows, [
    { reader: 'rollups', journal_offset: 100 },
    { reader: 'rules', journal_offset: 100 },
  ]);
  await sql`delete from ingest_cursor`.execute(db);
  await sql`delete from rule_cursor`.execute(db);
});

t.test('a writer that waited for a take-over is refused, however early its statement began', async (t) => {
  await sql`create table if not exists written (epoch bigint, step int)`.execute(db);
  await sql`insert into written values (0, 0)`.execute(db);
  const waiting = async (count: number) => {
    const { rows } = await sql`
      select from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`.execute(db);
    return rows.length >= count;
  };
  const overtaken = await nextOwner(database);
  const body = sql`insert into written select owner.epoch, 1 from owner returning step`;
  const writes = { one: () => overtaken.write(database, { what: 'a row', body }) };
  const holds = () => overtaken.transaction(database, 'rows', (tx) => sql`delete from written`.execute(tx.tables()));
  let taking: Promise<Lease> | null = null;
  const late: Promise<unknown>[] = [];
  await database.transaction(async (tx) => {
    // As an owner of a version that locks the row: the take-over has the lock of the owners, and is not through yet.
    await sql`select from gateway_lease for key share`.execute(tx.tables());
    taking = Lease.take({ database, clock, observer, holder: HERE, isPrivate: true, onLost: () => {} });
    await until('the take-over waits', async () => (await waiting(1)) && (await lockOfOwners()));
    late.push(t.rejects(writes.one(), { code: 'lease.lost' }), t.rejects(holds(), { code: 'lease.lost' }));
    await until('so do the writers', () => waiting(3));
  });
  await (await taking!).release();
  await Promise.all(late);
  t.same((await sql`select * from written`.execute(db)).rows, [{ epoch: 0, step: 0 }]);
});

/** Whether somebody has it alone. */
async function lockOfOwners(): Promise<boolean> {
  const { rows } = await sql`
    select from pg_locks where locktype = 'advisory' and granted and mode = 'ExclusiveLock'
    and database = (select oid from pg_database where datname = current_database())`.execute(db);
  return rows.length > 0;
}

t.test('nothing of a former owner becomes visible once a take-over is done', async (t) => {
  await sql`drop table if exists written`.execute(db);
  await sql`create table written (epoch bigint, step int)`.execute(db);
  let lease: Lease | null = null;
  for (let round = 0; round < 15; round += 1) {
    const deps = { database, clock, observer, holder: HERE, isPrivate: true, onLost: () => {} };
    lease = await Lease.take(deps);
    const { ownership } = lease;
    const body = sql`insert into written select owner.epoch, 1 from owner returning step`;
    let steps = 0;
    const writer = async (number: number): Promise<string> => {
      for (;;) {
        try {
          if (number % 2 === 0) await ownership.write(database, { what: 'a row', body });
          else
            await ownership.transaction(database, 'rows', (tx) =>
              sql`insert into written
            values (${ownership.self.epoch}, 2)`.execute(tx.tables()),
            );
          steps += 1;
        } catch (error) {
          return (error as { code: string }).code;
        }
      }
    };
    const writers = Array.from({ length: 6 }, (_, number) => writer(number));
    await until('they write', () => steps > 5 + round);
    const next = await Lease.take(deps);
    const mine = sql<{ count: number }>`select count(*) as count from written where epoch = ${ownership.self.epoch}`;
    const before = (await mine.execute(db)).rows;
    t.same(new Set(await Promise.all(writers)), new Set(['lease.lost']));
    t.same((await mine.execute(db)).rows, before, `round ${round}`);
    await lease.release();
    await next.release();
  }
  await sql`drop table written`.execute(db);
});

t.test('who was overtaken begins no cursor and sets no timer', async (t) => {
  const overtaken = await nextOwner(database);
  await nextOwner(database);
  const gone = { database, reader: 'commands', incarnationOf, ownership: overtaken, clock } as const;
  await t.rejects(new DatabaseCursors(gone).loadFrom('live', 500), { code: 'lease.lost', message: /commands begins/ });
  t.same((await sql`select * from ingest_cursor where reader = 'commands'`.execute(db)).rows, []);
  const timers = [{ key: 'x', atMs: clock.nowMs() + 1_000 }];
  const late: Stage<null> = {
    name: 'late',
    needed: true,
    locks: false,
    read: async () => null,
    run: (changes) => ({ changes, timers }),
  };
  const log = new AlertLog({ clock, observer, stages: [late], ownership: overtaken, work: LEFT_TO_CLAIMS });
  const work = new StageTimers({ database, log, committed: () => t.fail('nothing was committed') });
  await t.rejects(work.handle('late x'), { code: 'lease.lost', message: /the log of alerts was not written/ });
  t.same((await sql`select * from work_item where queue = ${STAGE_QUEUE}`.execute(db)).rows, []);
});

t.test('a take-over waits for what an owner has begun, and what it has not begun is refused', async (t) => {
  let lost = 0;
  const onLost = (): void => {
    lost += 1;
  };
  const times = { ttlMs: 60_000, renewMs: 20, marginMs: 0 };
  const lease = await Lease.take({ database, clock, observer, holder: HERE, isPrivate: false, onLost }, times);
  const { ownership } = lease;
  const renewals = async () =>
    (await sql<{ expires: string }>`select expires::text from gateway_lease`.execute(db)).rows[0]?.expires;
  const order: string[] = [];
  let taking: Promise<Lease> | null = null;
  await database.transaction(async (tx) => {
    await saveRuleCursors(tx, [{ lane: 'live', offset: 1 }], { incarnationOf, ownership });
    const first = await renewals();
    await until('renewals pass', async () => (await renewals()) !== first);
    taking = Lease.take({ database, clock, observer, holder: { ...HERE, pid: 2 }, isPrivate: false, onLost: () => {} });
    void taking.then(() => order.push('taken'));
    await until('the successor waits', async () => {
      const { rows } = await sql`select 1 from pg_locks where not granted`.execute(db);
      return rows.length > 0;
    });
    order.push('written');
  });
  const next = await taking!;
  t.teardown(() => next.release());
  t.same(order, ['written', 'taken']);
  const late = database.transaction((tx) =>
    saveRuleCursors(tx, [{ lane: 'live', offset: 2 }], { incarnationOf, ownership }),
  );
  await t.rejects(late, { code: 'lease.lost' });
  t.notOk(lease.held());
  t.equal(lost, 1, 'the process is told once, by the write or by the renewal');
  t.equal(next.epoch, lease.epoch + 1);
  t.match((await sql`select journal_offset, node, epoch from rule_cursor`.execute(db)).rows, [
    { journal_offset: 1, node: 'node-a', epoch: lease.epoch },
  ]);
});
