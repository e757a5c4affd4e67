import { CitywatchError } from '../../../core/errors.ts';
import type { Caller, Device, DeviceId } from '../../../core/types.ts';
import { sql, type Tables } from '../../../platform/database/database.ts';
import { recordAudit } from '../../../platform/records/audit.ts';
import type { StepWayBack } from '../../bulk/steps.ts';
import { devicePatch } from '../../registry/input.ts';
import { lockUnits } from '../../units/places.ts';
import { WITHDRAWN } from '../apply.ts';
import { followAll, OneTransaction } from '../one-transaction.ts';
import { UNIT_COLUMNS } from '../unit-columns.ts';
import type { WayBack } from '../way-back.ts';
import { ROWS_AT_ONCE, type RunDeps, type Step } from './import-run.ts';
import {
  type Batch,
  beforeOf,
  type ImportTables,
  lockBatch,
  moveBatch,
  rowsBetween,
  type StoredRow,
} from './import-table.ts';

export interface UndoDeps extends RunDeps {
  /** Whether a device was ever heard of: one that was keeps its id for its history. */
  wasHeard(id: DeviceId): boolean;
}

/** HTTP statuses from here on are no fault of the row. */
const FAILURES = 500;

interface Undone {
  number: number;
  undone: 'undone' | 'conflict' | null;
  why: string | null;
}

/**
 * Undoes the rows of a batch, the last ones first, so that children go before their parents. A device that was changed
 * since is left as it is, and its row says so.
 */
export async function stepUndo(deps: UndoDeps, id: string): Promise<Step> {
  let done: OneTransaction[] = [];
  const step = await deps.database.transaction(async (tx): Promise<Step> => {
    done = [];
    const batch = await lockBatch(tx, id);
    if (!batch) return 'busy';
    if (batch.state !== 'undoing' || !batch.undo_caller) return 'done';
    const to = batch.next_row;
    const from = Math.max(0, to - ROWS_AT_ONCE);
    const rows = await rowsBetween(tx, id, { from, to });
    if (rows.some(({ fields }) => UNIT_COLUMNS.some(({ name }) => fields.includes(name)))) await lockUnits(tx);
    const edits = new OneTransaction(tx, deps.registry);
    done = [edits];
    const caller = await deps.standing(tx, batch.undo_caller);
    const undone: Undone[] = [];
    for (const row of rows.toReversed()) {
      undone.push(caller ? await undoRow(tx, { deps, done: edits, caller }, row) : leftBy(row));
    }
    await noteUndone(tx, id, undone);
    if (from > 0) await moveBatch(tx, id, { next_row: from });
    else await end(tx, deps, batch);
    await followAll(tx, deps.registry.followers, done);
    return from > 0 ? 'more' : 'done';
  });
  for (const one of done) one.committed();
  return step;
}

async function end(
  tx: Tables,
  { clock }: UndoDeps,
  { id, undo_caller, jurisdiction, row_count: count }: Batch,
): Promise<void> {
  const atMs = clock.nowMs();
  await moveBatch(tx, id, { next_row: 0, state: 'undone', ended_at_ms: atMs });
  const after = { state: 'undone', rows: count };
  await recordAudit(tx, {
    caller: undo_caller!,
    action: 'import.end',
    subject: `import/${id}`,
    jurisdiction,
    after,
    atMs,
  });
}

/** What is left because who undoes may not edit any more. */
function leftBy({ number, version }: StoredRow): Undone {
  return version === null ? { number, undone: null, why: null } : { number, undone: 'conflict', why: WITHDRAWN };
}

interface Undoing {
  deps: UndoDeps;
  done: OneTransaction;
  caller: Caller;
}

async function undoRow(tx: Tables, undoing: Undoing, row: StoredRow): Promise<Undone> {
  const { number, device, version, verdict } = row;
  if (device === null || version === null || verdict === null) return { number, undone: null, why: null };
  const { registry } = undoing.done;
  const { caller, deps } = undoing;
  try {
    const current = await registry.get(caller, device);
    if (current.version !== version) return { number, undone: 'conflict', why: CHANGED_SINCE };
    const before = beforeOf(deps.seal, row);
    if (before) await bringBack(undoing, current, before);
    else await takeAway(tx, undoing, { id: device, version, jurisdiction: current.jurisdiction });
    return { number, undone: 'undone', why: null };
  } catch (error) {
    if (!(error instanceof CitywatchError) || error.status >= FAILURES) throw error;
    return { number, undone: 'conflict', why: error.message };
  }
}

/** The steps of the row, the last one first. */
async function bringBack({ done, caller }: Undoing, device: Device, { unit, step, ...patch }: WayBack): Promise<void> {
  const { id } = device;
  await done.together(async () => {
    if (step) await stepBack(done, caller, { device, step });
    let { version } = step ? await done.registry.get(caller, id) : device;
    if (unit) {
      const replaces = device.unit?.id ?? '';
      const undone =
        unit.type === 'undo'
          ? await done.units.undo(caller, id, { replaces, reason: 'the import is undone' })
          : await done.unitLabels.correct(caller, id, { label: unit.label, replaces });
      version = undone.version;
    }
    if (Object.keys(patch).some((key) => key !== 'confirm')) {
      await done.registry.update(caller, id, version, devicePatch.parse(patch));
    }
  });
}

async function stepBack(
  { life, maintenances, restoring }: OneTransaction,
  caller: Caller,
  { device: { id, state, version }, step }: { device: Device; step: StepWayBack },
): Promise<void> {
  if (step.type === 'state') await life.step(caller, id, { from: state, to: step.to, reason: step.reason });
  else if (step.type === 'restore') await restoring.restore(caller, id, version, step);
  else if (step.type === 'end-maintenance') await maintenances.end(caller, id);
  else throw new CitywatchError('conflict.state', { detail: 'A maintenance that was ended is begun anew by hand.' });
}

const CHANGED_SINCE = 'The device was changed since; look at it, and change or retire it by hand.';

/**
 * Retires a device that the import made. One that was never heard of is taken out altogether, so that its id is free
 * for the corrected file.
 */
async function takeAway(
  tx: Tables,
  { deps, done, caller }: Undoing,
  { id, version, jurisdiction }: { id: DeviceId; version: number; jurisdiction: string },
): Promise<void> {
  await done.registry.retire(caller, id, version);
  if (deps.wasHeard(id)) return;
  const isGone = await done.attempt(async () => {
    for (const statement of removal(id)) await statement.execute(tx.tables());
    const atMs = deps.clock.nowMs();
    await recordAudit(tx, { caller, action: 'device.remove', subject: `device/${id}`, jurisdiction, atMs });
  });
  if (isGone) done.removed(id);
}

/** What a device that nobody has heard of has left. Anything else that refers to it keeps it. */
function removal(id: DeviceId) {
  return [
    sql`delete from camera_setup where device = ${id}`,
    sql`delete from position_camera where position_id = ${id}`,
    sql`with gone as (delete from assignment where position_id = ${id} returning unit_id)
      delete from unit using gone where unit.id = gone.unit_id`,
    sql`delete from position where id = ${id}`,
  ];
}

async function noteUndone(tx: Tables, batch: string, undone: readonly Undone[]): Promise<void> {
  await sql`
    update import_row as row set undone = told.undone, undone_why = told.why
    from unnest(${undone.map(({ number }) => number)}::int[], ${undone.map((one) => one.undone)}::text[],
      ${undone.map(({ why }) => why)}::text[]) as told (number, undone, why)
    where row.batch = ${batch} and row.number = told.number`.execute(tx.tables<ImportTables>());
}
