import { CitywatchError } from '../../core/errors.ts';
import type { Caller, DeviceId } from '../../core/types.ts';
import type { Tables } from '../../platform/database/database.ts';
import type { Created, RegistryDeps } from '../registry/registry.ts';
import { ID } from './columns.ts';
import { type KnownDevice, knownDevices } from './known-devices.ts';
import { OneTransaction } from './one-transaction.ts';
import { faultsOfRefusal, type Plan, planOf } from './plan.ts';
import type { Fault, SheetRow } from './sheet.ts';
import { wayBack } from './way-back.ts';

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
  before: Record<string, unknown> | null;
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
 * Applies rows in one transaction: new devices first, in their order, then changes. One row that is refused holds up no
 * other. `done.committed` is for after the commit. Rejects, for all rows, where the database fails.
 */
export async function applyRows(
  tx: Tables,
  deps: RegistryDeps,
  { caller, rows }: { caller: Caller; rows: readonly SheetRow[] },
): Promise<{ applied: Applied[]; done: OneTransaction }> {
  const ids = rows.flatMap(({ cells }) => cells[ID.name] ?? []);
  const knowledge = await knownDevices(tx, { vault: deps.vault, scope: caller.jurisdiction }, [...new Set(ids)]);
  const planned = rows.map((row): Planned => {
    const known = knowledge.get(row.cells[ID.name] ?? '');
    return { row, plan: planOf(row, known, deps.kinds), known: known === 'foreign' ? undefined : known };
  });
  const done = new OneTransaction(tx, deps);
  const made = await create(done, caller, planned);
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

async function create(
  { registry }: OneTransaction,
  caller: Caller,
  planned: readonly Planned[],
): Promise<Map<Planned, Created | CitywatchError>> {
  const coming = planned.flatMap((one) => (one.plan.verdict === 'create' ? [{ one, input: one.plan.input }] : []));
  const outcomes = await registry.createMany(
    caller,
    coming.map(({ input }) => input),
  );
  return new Map(coming.map(({ one }, index) => [one, outcomes[index]!]));
}

function created({ row, plan }: Planned, outcome: Created | CitywatchError): Applied {
  if (outcome instanceof CitywatchError) return { ...refusalOf(row, outcome), ...NOTHING };
  const { device, secret } = outcome;
  return { ...verdictOf(row, plan), ...NOTHING, version: device.version, secret: row.cells.secret ? null : secret };
}

async function change({ registry }: OneTransaction, caller: Caller, { row, plan, known }: Planned): Promise<Applied> {
  if (plan.verdict !== 'change' || !known) throw new RangeError('this row changes nothing');
  try {
    const { version } = await registry.update(caller, known.device.id, plan.version, plan.patch);
    return { ...verdictOf(row, plan), version, before: wayBack(plan.patch, known), secret: null };
  } catch (error) {
    if (!(error instanceof CitywatchError)) throw error;
    return { ...refusalOf(row, error), ...NOTHING };
  }
}

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
