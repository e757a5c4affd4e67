import { appendFile } from 'node:fs/promises';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { MINUTE_MS } from '../../../../src/core/clock.ts';
import type { Caller } from '../../../../src/core/types.ts';
import { sql } from '../../../../src/platform/database/database.ts';
import { RegisterCheck } from '../../../../src/platform/records/check/register-check.ts';
import { CheckpointFile } from '../../../../src/platform/records/checkpoint-file.ts';
import { Signer } from '../../../../src/platform/records/signing.ts';
import { openDatabase } from '../../../support/devices/registry.ts';
import { keepRegisters, writeDays } from '../../../support/records/pruned.ts';
import { quietObserver, temporaryDirectory } from '../../../support/services/services.ts';
import { until } from '../../../support/time/until.ts';

const NATION: Caller = {
  type: 'person',
  id: 'p-1',
  name: 'Li',
  role: 'auditor',
  jurisdiction: '000000',
  purpose: null,
};
const DISTRICT: Caller = { ...NATION, jurisdiction: '330203' };
const DAY = 20_000;

/** Both registers with `rows` rows each, and a checkpoint that saw them. */
async function open(t: Test, rows: number) {
  const database = await openDatabase(t);
  const path = join(await temporaryDirectory(t), 'registers.jsonl');
  const { checkpoints, clock } = keepRegisters(database, path, DAY + 1);
  await writeDays(database, [DAY], rows);
  await checkpoints.write();
  const file = new CheckpointFile(path, new Signer(Buffer.alloc(32, 7)));
  const check = new RegisterCheck({ database, file, clock, observer: quietObserver() });
  t.teardown(() => check.stop());
  const run = async () => {
    t.equal(check.begin(NATION).state, 'running');
    await until('it ended', () => check.last(NATION)?.state !== 'running');
    return check.last(NATION)!;
  };
  return { database, path, file, clock, check, run };
}

t.test('whole registers hold, against the checkpoints that were written of them', async (t) => {
  const { check, run } = await open(t, 1_200);
  t.equal(check.last(NATION), null, 'nothing was checked yet');
  t.match(await run(), {
    state: 'done',
    total: 2_400,
    checked: 2_400,
    checkpoints: { read: 1, faults: [] },
    registers: [
      { register: 'audit', rows: 1_200, prunedTo: null, unsealed: 0, vouched: { rows: 1_200 }, faults: [] },
      { register: 'access', rows: 1_200, faults: [] },
    ],
  });
});

t.test('the first row that was changed is named; what it says is told to who sees the whole country', async (t) => {
  const { database, check, run } = await open(t, 20);
  await sql`alter table audit_entry disable trigger all`.execute(database.tables());
  await sql`update audit_entry set caller_name = 'Wang' where link = 7`.execute(database.tables());
  const [audit, access] = (await run()).registers;
  t.match(audit, { rows: 6, faults: [{ code: 'changed', row: 7, text: /row 7 is not what was sealed.* Wang/ }] });
  t.match(access, { rows: 20, faults: [] });
  const [told] = check.last(DISTRICT)!.registers;
  t.match(told, { rows: 6, faults: [{ code: 'changed', row: 7, text: null }] });
});

t.test('rows that went from the end show by the checkpoint, and so does a checkpoint that was made up', async (t) => {
  const { database, path, run } = await open(t, 20);
  await sql`alter table access_register disable trigger all`.execute(database.tables());
  await sql`delete from access_register where link > 15`.execute(database.tables());
  const [, access] = (await run()).registers;
  t.match(access, { rows: 15, faults: [{ code: 'cut', row: 16 }] });
  const forger = new CheckpointFile(path, new Signer(Buffer.alloc(32, 8)));
  const last = (await forger.last())!;
  await forger.append({ ...last, at: '2027-01-01T00:00:00.000Z' });
  t.match((await run()).checkpoints.faults, [/line 2 of the checkpoints is not signed by a key/]);
  await appendFile(path, '{"torn');
  t.equal((await run()).state, 'done', 'a line that a kill cut short is passed over');
});

t.test('one check at a time; one that takes too long ends, and says so', async (t) => {
  const { database, file, clock, check } = await open(t, 2_000);
  let isHeld = true;
  let reached = () => {};
  const isReached = new Promise<void>((resolve) => {
    reached = resolve;
  });
  const slow = new RegisterCheck({
    database: {
      snapshot: async (run) => {
        reached();
        await until('it is let go', () => !isHeld);
        return await database.snapshot(run);
      },
    },
    file,
    clock,
    observer: quietObserver(),
  });
  t.teardown(() => slow.stop());
  const { begunAtMs } = slow.begin(NATION);
  await isReached;
  await clock.advance(31 * MINUTE_MS);
  t.equal(slow.begin(NATION).begunAtMs, begunAtMs, 'whoever asks meanwhile is told of that one');
  isHeld = false;
  await until('it ended', () => slow.last(NATION)?.state === 'failed');
  t.match(slow.last(NATION), { reason: 'It took longer than half an hour.', registers: [] });
  t.equal(check.last(NATION), null);
});
