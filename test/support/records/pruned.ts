import { readFile } from 'node:fs/promises';
import { DAY_MS } from '../../../src/core/clock.ts';
import { type Database, sql, type Tables } from '../../../src/platform/database/database.ts';
import { databaseIdentity } from '../../../src/platform/database/database-id.ts';
import { readCheckpoints } from '../../../src/platform/records/checkpoint.ts';
import { CheckpointFile, keyFileOf } from '../../../src/platform/records/checkpoint-file.ts';
import { Checkpoints } from '../../../src/platform/records/checkpoints.ts';
import { judge } from '../../../src/platform/records/judge.ts';
import { Pruning, type PruningDeps } from '../../../src/platform/records/pruning.ts';
import { PublicKeys, Signer } from '../../../src/platform/records/signing.ts';
import { databaseSource } from '../../../src/platform/records/source.ts';
import { firstOwner } from '../services/ownership.ts';
import { quietObserver } from '../services/services.ts';
import { ManualClock } from '../time/clock.ts';
import { sealAll } from './chains.ts';

export const KEEP_DAYS = 183;

/** What keeps the registers of a gateway whose clock stands at day `day` since 1970, with its file of checkpoints. */
export function keepRegisters(database: Database, path: string, day: number) {
  const clock = new ManualClock(day * DAY_MS);
  const signer = new Signer(Buffer.alloc(32, 7));
  const file = new CheckpointFile(path, signer);
  const checkpoints = new Checkpoints({ database, file, clock, observer: quietObserver() });
  const beforeRemoval = (): Promise<void> => checkpoints.write();
  const deps: PruningDeps = { database, ownership: firstOwner(), signer, keepDays: KEEP_DAYS, beforeRemoval };
  return { clock, deps, checkpoints, pruning: new Pruning(deps) };
}

/** Rows of these days, a few each, in both registers, sealed. */
export async function writeDays(database: Database, days: readonly number[], rowsADay: number): Promise<void> {
  for (const day of days) {
    const atMs = day * DAY_MS;
    await sql`insert into audit_entry (at_ms, caller_type, caller_id, caller_name, action, subject, jurisdiction)
      select ${atMs}, 'person', 'p-1', 'Li', 'device.change', 'device/k-' || n, '330212'
      from generate_series(1, ${rowsADay}::int) n`.execute(database.tables());
    await sql`insert into access_register
        (at_ms, viewer_type, viewer_id, viewer_name, act, device, jurisdiction, purpose, asked)
      select ${atMs}, 'person', 'p-1', 'Li', 'view', 'cam-' || n, '330212', 'routine', '{"b":1,"a":[1.50]}'
      from generate_series(1, ${rowsADay}::int) n`.execute(database.tables());
  }
  await sealAll(database);
}

/** What is found about both registers against the file of checkpoints: all faults, and where their chains begin. */
export async function foundAbout(database: Database, path: string) {
  const identity = await databaseIdentity(database);
  const keys = PublicKeys.parse(await readFile(keyFileOf(path), 'utf8'))!;
  const lines = (await readFile(path, 'utf8')).trimEnd().split('\n');
  const { checkpoints, faults } = readCheckpoints(lines, { keys, database: identity, sinceMs: 0 });
  const source = await databaseSource(database);
  const verdicts = await judge(source, { keys, checkpoints, head: null });
  return {
    faults: [...faults, ...verdicts.flatMap((verdict) => verdict.faults.map(({ text }) => text))],
    pruned: verdicts.map(({ pruned }) => pruned?.link ?? 0),
    vouched: verdicts.map(({ vouched }) => vouched?.rows ?? 0),
    ends: verdicts.map(({ end }) => end.link),
  };
}

/** How many rows of each register stand in the database, those that may go left out. */
export async function countKept(database: Database): Promise<number[]> {
  const { rows } = await sql<{ audit: number; access: number }>`select
    (select count(*) from audit_entry where not is_pruned('audit', link)) as audit,
    (select count(*) from access_register where not is_pruned('access', link)) as access`.execute(database.tables());
  return [rows[0]!.audit, rows[0]!.access];
}

/** As `deps`, dying at the `nth` moment at which a kill makes a difference. */
export function dyingAt(deps: PruningDeps, nth: number, die: () => never): PruningDeps {
  let seen = 0;
  const moment = (): void => {
    seen += 1;
    if (seen === nth) die();
  };
  const { ownership, beforeRemoval } = deps;
  const transaction: typeof ownership.transaction = async (where, what, run) => {
    moment();
    const result = await ownership.transaction(where, what, async (tx: Tables) => {
      const done = await run(tx);
      moment();
      return done;
    });
    moment();
    return result;
  };
  const before = async (): Promise<void> => {
    await beforeRemoval();
    moment();
  };
  return { ...deps, ownership: { transaction }, beforeRemoval: before };
}
