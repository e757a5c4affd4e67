import { CitywatchError } from '../../core/errors.ts';
import { ownArea } from '../../core/jurisdiction.ts';
import type { Caller, Device, DeviceId } from '../../core/types.ts';
import type { Tables } from '../../platform/database/database.ts';
import { lockTree } from '../registry/checks.ts';
import type { ComingDevice, Created } from '../registry/registry.ts';
import { knownUnits, lockUnits } from '../units/places.ts';
import { ID } from './columns.ts';
import { type KnownDevice, knownDevices } from './known-devices.ts';
import { type EditDeps, OneTransaction } from './one-transaction.ts';
import { type ChangeSteps, faultsOfRefusal, type Plan, planOf } from './plan.ts';
import type { Fault, SheetRow } from './sheet.ts';
import { UNIT_COLUMNS } from './unit-columns.ts';
import { type WayBack, wayBack } from './way-back.ts';

/** What became of a row, or would. */
export interface RowVerdict {
  line: number;
  id: DeviceId | null;
  verdict: 'create' | 'change' | 'same' | 'error';
  /** Names of the columns that differ. */
  fields: string[];
  faults: Fault[];
}

/** What an import keeps of a row besides. */
export interface Applied extends RowVerdict {
  /** Version of the device once the row was applied; null where nothing was. */
  version: number | null;
  /** The patch that brings the device back to what it was; null for one that is new. Holds passwords. */
  before: WayBack | null;
  /** What a new device proves itself by; null where the file brought its own. */
  secret: string | null;
}

/** HTTP statuses from here on are no fault of the row. */
const FAILURES = 500;

/** Each row with its plan. */
interface Planned {
  row: SheetRow;
  plan: Plan;
  known: KnownDevice | undefined;
}

/**
 * To be called first in a transaction that applies these rows: keeps every unit where it hangs until the transaction
 * ends, where one of the rows names a unit, and every device on its parent, where one is to be retired.
 */
export async function lockUnitsOf(tx: Tables, rows: readonly SheetRow[]): Promise<void> {
  if (rows.some(({ step }) => step?.type === 'retire')) await lockTree(tx);
  if (rows.some(({ cells }) => UNIT_COLUMNS.some(({ name }) => cells[name] != null))) await lockUnits(tx);
}

/**
 * Applies rows in one transaction, after {@link lockUnitsOf}: new devices first, in their order, then changes. One row
 * that is refused holds up no other. `done.committed` is for after the commit. Rejects, for all rows, where the
 * database fails.
 */
export async function applyRows(
  tx: Tables,
  deps: EditDeps,
  { caller, rows }: { caller: Caller; rows: readonly SheetRow[] },
): Promise<{ applied: Applied[]; done: OneTransaction }> {
  const ids = rows.flatMap(({ cells }) => cells[ID.name] ?? []);
  const knowledge = await knownDevices(tx, { vault: deps.vault, scope: ownArea(caller) }, [...new Set(ids)]);
  const planned = rows.map((row): Planned => {
    const known = knowledge.get(row.cells[ID.name] ?? '');
    return { row, plan: planOf(row, known, deps.kinds), known: known === 'foreign' ? undefined : known };
  });
  const done = new OneTransaction(tx, deps);
  const made = await create(tx, done, { caller, planned });
  const applied: Applied[] = [];
  for (const one of planned) {
    const { row, plan } = one;
    if (plan.verdict === 'change') applied.push(await change(done, caller, one));
    else if (plan.verdict === 'create') applied.push(created(one, made.get(one)!));
    else applied.push({ ...verdictOf(row, plan), ...NOTHING });
  }
  return { applied, done };
}

const NOTHING = { version: null, before: null, secret: null };

type CreatePlan = Extract<Plan, { verdict: 'create' }>;

async function create(
  tx: Tables,
  done: OneTransaction,
  { caller, planned }: { caller: Caller; planned: readonly Planned[] },
): Promise<Map<Planned, Created | CitywatchError>> {
  const coming: { one: Planned; input: ComingDevice }[] = [];
  const again: { one: Planned; plan: CreatePlan }[] = [];
  for (const one of planned) {
    const { plan } = one;
    if (plan.verdict !== 'create') continue;
    const { unit, input } = plan;
    if (unit && (await knownUnits(tx, unit)).length > 0) again.push({ one, plan });
    else coming.push({ one, input: { ...input, ...(unit && { unit }) } });
  }
  const outcomes = await done.registry.createMany(
    caller,
    coming.map(({ input }) => input),
  );
  const made = new Map(coming.map(({ one }, index) => [one, outcomes[index]!]));
  for (const { one, plan } of again) made.set(one, await createWithKnown(done, caller, plan));
  return made;
}

/** A device where a unit is to hang that was heard of before. */
async function createWithKnown(
  done: OneTransaction,
  caller: Caller,
  { input, unit }: CreatePlan,
): Promise<Created | CitywatchError> {
  try {
    return await done.together(async () => {
      const { device, ...rest } = await done.registry.create(caller, input);
      return { ...rest, device: await done.units.assign(caller, device.id, { unit: unit!, reason: null }) };
    });
  } catch (error) {
    if (error instanceof CitywatchError) return error;
    throw error;
  }
}

function created({ row, plan }: Planned, outcome: Created | CitywatchError): Applied {
  if (outcome instanceof CitywatchError) return { ...refusalOf(row, outcome), ...NOTHING };
  const { device, secret } = outcome;
  return { ...verdictOf(row, plan), ...NOTHING, version: device.version, secret: row.cells.secret ? null : secret };
}

async function change(done: OneTransaction, caller: Caller, { row, plan, known }: Planned): Promise<Applied> {
  if (plan.verdict !== 'change' || !known) throw new RangeError('this row changes nothing');
  const { id } = known.device;
  const { patch, steps } = plan;
  try {
    const { version } = await done.together(async () => {
      if (patch) await done.registry.update(caller, id, plan.version, patch);
      await takeSteps(done, caller, { device: known.device, version: plan.version, steps });
      return await done.registry.get(caller, id);
    });
    return { ...verdictOf(row, plan), version, before: wayBack(plan, known), secret: null };
  } catch (error) {
    if (!(error instanceof CitywatchError)) throw error;
    return { ...refusalOf(row, error), ...NOTHING };
  }
}

async function takeSteps(
  done: OneTransaction,
  caller: Caller,
  { device: { id, state }, version, steps: { unit, life } }: { device: Device; version: number; steps: ChangeSteps },
): Promise<void> {
  if (unit?.type === 'correct') await done.unitLabels.correct(caller, id, unit);
  else if (unit) await done.units.assign(caller, id, { unit: unit.label, reason: null });
  if (life?.type === 'state') await done.life.step(caller, id, { from: state, to: life.to, reason: life.reason });
  else if (life?.type === 'maintenance') await done.maintenances.begin(caller, id, life);
  else if (life?.type === 'retire') await done.registry.retire(caller, id, version, life.reason);
  else if (life) await done.maintenances.end(caller, id);
}

/** A row of somebody who may not edit any more. */
export function withdrawn(row: SheetRow): Applied {
  return { ...verdictOf(row, { verdict: 'error', faults: [{ column: null, message: WITHDRAWN }] }), ...NOTHING };
}

/** For rows and their undoing. */
export const WITHDRAWN = 'Who began this may not edit devices any more: their right was withdrawn meanwhile.';

/** Throws what is no fault of the row. */
function refusalOf(row: SheetRow, error: CitywatchError): RowVerdict {
  if (error.status >= FAILURES) throw error;
  return verdictOf(row, { verdict: 'error', faults: faultsOfRefusal(error) });
}

function verdictOf({ line, cells }: SheetRow, plan: Plan): RowVerdict {
  return {
    line,
    id: cells[ID.name] ?? null,
    verdict: plan.verdict,
    fields: plan.verdict === 'change' ? plan.fields : [],
    faults: plan.verdict === 'error' ? plan.faults : [],
  };
}
