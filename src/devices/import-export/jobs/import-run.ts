import type { Clock } from '../../../core/clock.ts';
import type { Caller } from '../../../core/types.ts';
import { chunksOf } from '../../../platform/database/chunks.ts';
import type { Database, Tables } from '../../../platform/database/database.ts';
import { recordAudit } from '../../../platform/records/audit.ts';
import type { Seal } from '../../../platform/secrets/seal.ts';
import { type Applied, applyRows, lockUnitsOf, withdrawn } from '../apply.ts';
import { type EditDeps, followAll, type OneTransaction } from '../one-transaction.ts';
import { type Batch, contentsOf, lockBatch, moveBatch, noteApplied, rowsBetween } from './import-table.ts';

export interface RunDeps {
  database: Database;
  registry: EditDeps;
  clock: Clock;
  /** Who began it, as they stand now; null where they may not edit any more. Asked for each step. */
  standing(tx: Tables, caller: Caller): Promise<Caller | null>;
  seal: Seal;
}

/** Rows of one transaction: nobody else who edits waits for one of them for long. */
export const ROWS_AT_ONCE = 100;

/** Where a step left a batch: more is to be done, all is done, or somebody else is at it. */
export type Step = 'more' | 'done' | 'busy';

/** Applies the next rows of a batch, or all of them where they stand or fall together. */
export async function stepImport(deps: RunDeps, id: string): Promise<Step> {
  let done: OneTransaction[] = [];
  let refused: Applied[] | null = null;
  const step = await deps.database
    .transaction(async (tx): Promise<Step> => {
      done = [];
      refused = null;
      const batch = await lockBatch(tx, id);
      if (!batch) return 'busy';
      if (batch.state !== 'waiting') return 'done';
      const applied = await applyNext(tx, deps, batch, done);
      if (batch.mode === 'whole' && applied.some(({ verdict }) => verdict === 'error')) {
        refused = applied;
        throw TAKEN_BACK;
      }
      const step = await note(tx, deps, batch, applied);
      await followAll(tx, deps.registry.followers, done);
      return step;
    })
    .catch((error: unknown) => (error === TAKEN_BACK ? noteRefused(deps, id, refused!) : Promise.reject(error)));
  if (refused === null) for (const one of done) one.committed();
  return step;
}

const TAKEN_BACK = new Error('one row of a file that is taken whole was refused');

async function applyNext(tx: Tables, deps: RunDeps, batch: Batch, done: OneTransaction[]): Promise<Applied[]> {
  const from = batch.next_row;
  const to = batch.mode === 'whole' ? batch.row_count : Math.min(from + ROWS_AT_ONCE, batch.row_count);
  const rows = contentsOf(deps.seal, await rowsBetween(tx, batch.id, { from, to }));
  const caller = await deps.standing(tx, batch.caller);
  if (caller === null) return rows.map(withdrawn);
  await lockUnitsOf(tx, rows);
  const applied: Applied[] = [];
  for (const some of chunksOf(rows, ROWS_AT_ONCE)) {
    const part = await applyRows(tx, deps.registry, { caller, rows: some });
    applied.push(...part.applied);
    done.push(part.done);
  }
  return applied;
}

async function note(tx: Tables, { seal, clock }: RunDeps, batch: Batch, applied: readonly Applied[]): Promise<Step> {
  const { id, next_row: from, row_count } = batch;
  await noteApplied(tx, seal, { batch: id, from, applied });
  const next_row = from + applied.length;
  if (next_row < row_count) {
    await moveBatch(tx, id, { next_row });
    return 'more';
  }
  await end(tx, batch, { state: 'done', atMs: clock.nowMs() });
  return 'done';
}

/** Nothing of a file was applied that is taken whole or not at all: notes why. */
async function noteRefused({ database, seal, clock }: RunDeps, id: string, applied: readonly Applied[]): Promise<Step> {
  return await database.transaction(async (tx) => {
    const batch = await lockBatch(tx, id);
    if (batch?.state !== 'waiting') return batch ? 'done' : 'busy';
    const nothing = applied.map((one) => ({ ...one, version: null, before: null, secret: null }));
    await noteApplied(tx, seal, { batch: id, from: 0, applied: nothing });
    await end(tx, batch, { state: 'refused', atMs: clock.nowMs() });
    return 'done';
  });
}

async function end(
  tx: Tables,
  { id, caller, jurisdiction, row_count }: Batch,
  { state, atMs }: { state: 'done' | 'refused'; atMs: number },
): Promise<void> {
  await moveBatch(tx, id, { next_row: row_count, state, ended_at_ms: atMs });
  const after = { state, rows: row_count };
  await recordAudit(tx, { caller, action: 'import.end', subject: `import/${id}`, jurisdiction, after, atMs });
}
