import { join } from 'node:path';
import t from 'tap';
import { DAY_MS } from '../../../../src/core/clock.ts';
import { sql } from '../../../../src/platform/database/database.ts';
import { RememberedTime } from '../../../../src/platform/database/remembered-time.ts';
import { Checkpoints } from '../../../../src/platform/records/checkpoints.ts';
import { Pruning } from '../../../../src/platform/records/pruning.ts';
import { openDatabase } from '../../../support/devices/registry.ts';
import { sealAll } from '../../../support/records/chains.ts';
import {
  countKept,
  dyingAt,
  foundAbout,
  KEEP_DAYS,
  keepRegisters,
  writeDays,
} from '../../../support/records/pruned.ts';
import { firstOwner } from '../../../support/services/ownership.ts';
import { quietObserver, temporaryDirectory } from '../../../support/services/services.ts';
import { ManualClock } from '../../../support/time/clock.ts';
import { until } from '../../../support/time/until.ts';

const FIRST_DAY = 20_000;
const ROWS_A_DAY = 3;
const DAYS = Array.from({ length: 20 }, (_, day) => FIRST_DAY + day);

const database = await openDatabase(t);
const path = join(await temporaryDirectory(t), 'registers.jsonl');
await writeDays(database, DAYS, ROWS_A_DAY);
const { clock, deps, checkpoints, pruning } = keepRegisters(database, path, FIRST_DAY + KEEP_DAYS);
await checkpoints.write();

const countAll = async (): Promise<number[]> => {
  const { rows } = await sql<{ audit: number; access: number }>`select (select count(*) from audit_entry) as audit,
    (select count(*) from access_register) as access`.execute(database.tables());
  return [rows[0]!.audit, rows[0]!.access];
};

t.test('nothing goes that is not old enough, and no row without a proof', async (t) => {
  await pruning.prune(clock.nowMs());
  t.match(await foundAbout(database, path), { faults: [], pruned: [0, 0], vouched: [60, 60], ends: [60, 60] });
  for (const table of ['audit_entry', 'access_register']) {
    const refused = { code: 'store.refused' };
    await t.rejects(sql`delete from ${sql.table(table)} where link = 1`.execute(database.tables()), refused);
    await t.rejects(sql`update ${sql.table(table)} set at_ms = 1 where link = 1`.execute(database.tables()), refused);
  }
});

t.test('what is old goes, the rest holds, and the trail says what went', async (t) => {
  await clock.advance(DAY_MS);
  await pruning.prune(clock.nowMs());
  t.same(await countAll(), [59, 57]);
  await sealAll(database);
  t.match(await foundAbout(database, path), { faults: [], pruned: [3, 3], vouched: [60, 60], ends: [62, 60] });
  const { rows } = await sql`select after::text from audit_entry where action = 'records.prune' order by seq`.execute(
    database.tables(),
  );
  t.match(rows, [{ after: `{"rows":3,"keptFrom":"2024-10-05T00:00:00.000Z"}` }, { after: /"rows":3/ }]);
  await pruning.prune(clock.nowMs());
  t.same(await countAll(), [59, 57], 'once a day is enough');
  const again = sql`update register_prune set link = 50`.execute(database.tables());
  await t.rejects(again, { code: 'store.refused' }, 'a proof is for ever');
});

t.test('what time it was is known to the next start, whose clock may stand years ahead', async (t) => {
  const deps = { database, ownership: firstOwner() };
  const nowMs = clock.nowMs();
  const first = await RememberedTime.open({ ...deps, clock });
  await first.remember(first.nowMs());
  await first.remember(first.nowMs());
  const wrong = await RememberedTime.open({ ...deps, clock: new ManualClock(nowMs + 10 * KEEP_DAYS * DAY_MS) });
  t.equal(wrong.nowMs(), nowMs);
});

class Killed extends Error {}

const killed = (): never => {
  throw new Killed();
};

t.test('a gateway that dies at any moment of it loses nothing, verifies, and the next one goes on', async (t) => {
  let isCut = true;
  let nth = 1;
  for (; isCut; nth += 1) {
    await clock.advance(DAY_MS);
    const kept = clock.nowMs() - KEEP_DAYS * DAY_MS;
    isCut = await new Pruning(dyingAt(deps, nth, killed)).prune(clock.nowMs()).then(
      () => false,
      (error: unknown) => error instanceof Killed || Promise.reject(error),
    );
    await sealAll(database);
    t.match(await foundAbout(database, path), { faults: [] }, `killed at moment ${nth}`);
    const { rows } = await sql<{ young: number }>`select (select count(*) from audit_entry where at_ms >= ${kept}
      and action <> 'records.prune') + (select count(*) from access_register where at_ms >= ${kept}) as young`.execute(
      database.tables(),
    );
    const daysLeft = Math.max(0, FIRST_DAY + DAYS.length - kept / DAY_MS);
    t.equal(rows[0]?.young, 2 * ROWS_A_DAY * daysLeft, 'no row that is kept went');
  }
  t.ok(nth > 10 && nth < DAYS.length, `${nth} moments`);
  await checkpoints.write();
  t.same(await countAll(), await countKept(database), 'and what may go has gone');
});

t.test('where checkpoints cannot be written it is tried every minute, then they come every ten', async (t) => {
  const hours = new ManualClock(clock.nowMs());
  const said: string[] = [];
  let isAway = true;
  let tries = 0;
  const file = {
    publishKey: async () => {
      tries += 1;
      if (isAway) throw new Error('the share is away');
    },
    last: async () => null,
    append: async ({ at }: { at: string }) => void said.push(at),
  };
  const ever = new Checkpoints({ database, file, clock: hours, observer: quietObserver() });
  ever.start();
  await until('it was tried', () => tries === 1);
  await hours.advance(60_000);
  await until('it was tried again', () => tries === 2);
  isAway = false;
  await hours.advance(60_000);
  await until('it is written', () => said.length === 1);
  await hours.advance(9 * 60_000);
  t.equal(tries, 3);
  await hours.advance(60_000);
  await until('it is written again', () => said.length === 2);
  await ever.stop();
  t.equal(said.length, 3, 'and once more at the end');
});

t.test('a database that goes back behind a checkpoint is found', async (t) => {
  const force = (...statements: string[]) =>
    database.dedicated(async (run) => {
      for (const statement of ['set session_replication_role = replica', ...statements]) await run(statement);
    });
  await force(
    'create table gone as select * from access_register where link > 55',
    'delete from access_register where link > 55',
  );
  t.match((await foundAbout(database, path)).faults, [/ends with row 55, but the checkpoint of .* saw 60 rows/]);
  await writeDays(database, [FIRST_DAY + 300], 9);
  t.match((await foundAbout(database, path)).faults, [/row 60 is not the one that the checkpoint of/]);
  await force(
    'delete from access_register where link > 55',
    'insert into access_register overriding system value select * from gone',
  );
  t.match(await foundAbout(database, path), { faults: [] });
  await force('delete from access_register where link <= 58');
  t.match((await foundAbout(database, path)).faults, [/are missing, and no signed proof says that/]);
});
