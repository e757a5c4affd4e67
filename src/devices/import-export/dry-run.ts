import type { Caller } from '../../core/types.ts';
import { chunksOf } from '../../platform/database/chunks.ts';
import type { Database, Tables } from '../../platform/database/database.ts';
import { applyRows, lockUnitsOf, type RowVerdict } from './apply.ts';
import type { EditDeps } from './one-transaction.ts';
import { inOrderOfNaming, namedAbove } from './order.ts';
import type { SheetRow } from './sheet.ts';

/** Rows of one transaction: others wait for none of them for long. */
const ROWS_AT_ONCE = 200;

/**
 * What would become of each row, in the order of the file. Rows are applied as an import does it, and each transaction
 * is rolled back: so nothing is judged here that is judged otherwise there. What rows of another transaction would have
 * made is made again for those that name it.
 */
export async function dryRun(
  database: Pick<Database, 'transaction'>,
  deps: EditDeps,
  { caller, rows }: { caller: Caller; rows: readonly SheetRow[] },
): Promise<RowVerdict[]> {
  const ordered = inOrderOfNaming(rows);
  const verdicts = new Map<number, RowVerdict>();
  for (const some of chunksOf(ordered, ROWS_AT_ONCE)) {
    const above = namedAbove(some, ordered);
    const applied = await rolledBack(database, async (tx) => {
      await lockUnitsOf(tx, [...above, ...some]);
      if (above.length > 0) await applyRows(tx, deps, { caller, rows: above });
      return (await applyRows(tx, deps, { caller, rows: some })).applied;
    });
    for (const { line, id, verdict, fields, faults } of applied) {
      verdicts.set(line, { line, id, verdict, fields, faults });
    }
  }
  return rows.map(({ line }) => verdicts.get(line)!);
}

const UNDO = new Error('a dry run is rolled back');

async function rolledBack<Result>(
  database: Pick<Database, 'transaction'>,
  run: (tx: Tables) => Promise<Result>,
): Promise<Result> {
  let result: Result | undefined;
  const whole = database.transaction(async (tx) => {
    result = await run(tx);
    throw UNDO;
  });
  await whole.catch((error: unknown) => {
    if (error !== UNDO) throw error;
  });
  return result as Result;
}
