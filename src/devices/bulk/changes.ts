import { randomUUID } from 'node:crypto';
import { HOUR_MS } from '../../core/clock.ts';
import { CitywatchError, invalid } from '../../core/errors.ts';
import type { Caller, Device, DeviceId } from '../../core/types.ts';
import { jsonb, type Tables } from '../../platform/database/database.ts';
import { recordAudit } from '../../platform/records/audit.ts';
import { enqueueWork } from '../../platform/work/work.ts';
import type { RowVerdict } from '../import-export/apply.ts';
import { columnNamed } from '../import-export/columns.ts';
import { dryRun } from '../import-export/dry-run.ts';
import { batchOf, type Counts, type ImportStatus } from '../import-export/jobs/import-list.ts';
import { type ImportTables, insertRows, moveBatch } from '../import-export/jobs/import-table.ts';
import { IMPORT_QUEUE, type Imports, type ImportsDeps } from '../import-export/jobs/imports.ts';
import { inOrderOfNaming } from '../import-export/order.ts';
import type { SheetRow } from '../import-export/sheet.ts';
import type { DeviceSearch } from '../search/search.ts';
import type { DeviceChange } from './input.ts';
import type { RowStep } from './steps.ts';

/** Devices of one change at most: whoever looked at the list must have been able to. */
export const CHANGED_MAX = 10_000;
/** Verdicts that are shown of a plan; the counts are of all. */
export const SHOWN_MAX = 200;
/** How long a plan may be carried out: what was seen then is not what is there tomorrow. */
const PLAN_KEPT_MS = HOUR_MS;
/** Plans of one caller that are kept. */
const PLANS_MAX = 10;

export interface DeviceChangesDeps {
  imports: ImportsDeps;
  list: Imports['list'];
  search: Pick<DeviceSearch, 'pages'>;
}

/** What a change would do; nothing of it was done. */
export interface ChangePlan {
  id: string;
  count: number;
  counts: Counts;
  /** Until when it may be carried out. */
  untilMs: number;
  /** Those that would be refused first, then the others; some of them. */
  items: RowVerdict[];
}

/**
 * One change for all devices of a list. It is planned first: the plan names each device in the version that was seen,
 * and that is what is changed once it is carried out. A device that was changed meanwhile is refused, and one that the
 * list would find by then is left alone. From there on it is an import: a job with a verdict per device, which goes on
 * after a kill and can be undone.
 */
export class DeviceChanges {
  readonly #deps: DeviceChangesDeps;

  constructor(deps: DeviceChangesDeps) {
    this.#deps = deps;
  }

  /** Errors: `request.invalid` where the filter finds no device, or more than {@link CHANGED_MAX}. */
  async plan(caller: Caller, change: DeviceChange): Promise<ChangePlan> {
    const { database, registry, clock, seal } = this.#deps.imports;
    const rows: SheetRow[] = [];
    const hanging = new Map<DeviceId, DeviceId[]>();
    for await (const page of this.#deps.search.pages(caller, change.filter, CHANGED_MAX + 1)) {
      for (const device of page) {
        rows.push(rowOf(device, change, rows.length + 1));
        if (device.parent === null) continue;
        const beside = hanging.get(device.parent);
        if (beside) beside.push(device.id);
        else hanging.set(device.parent, [device.id]);
      }
    }
    if (change.retire) for (const row of rows) row.behind = hanging.get(row.cells.id!) ?? [];
    if (rows.length === 0) throw invalid('filter', 'finds no device that you may see');
    if (rows.length > CHANGED_MAX)
      throw invalid('filter', `finds more than ${CHANGED_MAX} devices: change a part first`);
    const verdicts = await dryRun(database, registry, { caller, rows });
    const ordered = inOrderOfNaming(rows);
    const id = randomUUID();
    const atMs = clock.nowMs();
    await database.transaction(async (tx) => {
      await forget(tx, caller, atMs);
      await insertPlan(tx, { id, caller, change, count: rows.length, atMs });
      await insertRows(tx, seal, id, ordered);
    });
    const counts = { create: 0, change: 0, same: 0, error: 0 };
    for (const { verdict } of verdicts) counts[verdict] += 1;
    const refused = verdicts.filter(({ verdict }) => verdict === 'error');
    const others = verdicts.filter(({ verdict }) => verdict === 'change');
    const items = [...refused, ...others].slice(0, SHOWN_MAX);
    return { id, count: rows.length, counts, untilMs: atMs + PLAN_KEPT_MS, items };
  }

  /**
   * Has a plan carried out after this, by whoever made it. Errors: `not-found`, `auth.forbidden`, `conflict.state`
   * where it was begun before or is too old.
   */
  async start(caller: Caller, id: string): Promise<ImportStatus> {
    const { database, clock, ring } = this.#deps.imports;
    await database.transaction(async (tx) => {
      const batch = await batchOf(tx, caller, id, 'for update');
      if (batch.caller.type !== caller.type || batch.caller.id !== caller.id) {
        throw new CitywatchError('auth.forbidden', { detail: 'A change is carried out by whoever planned it.' });
      }
      if (batch.state !== 'planned') {
        throw new CitywatchError('conflict.state', { detail: `It was begun before, and is ${batch.state}.` });
      }
      const atMs = clock.nowMs();
      if (atMs > batch.created_at_ms + PLAN_KEPT_MS) {
        throw new CitywatchError('conflict.state', { detail: 'It was planned more than an hour ago: plan it again.' });
      }
      await moveBatch(tx, id, { state: 'waiting' });
      await enqueueWork(tx, clock, [{ queue: IMPORT_QUEUE, key: id }]);
      const { jurisdiction, change, row_count: rows } = batch;
      const after = { change, rows };
      await recordAudit(tx, { caller, action: 'change.start', subject: `import/${id}`, jurisdiction, after, atMs });
    });
    ring(IMPORT_QUEUE);
    return await this.#deps.list.get(caller, id);
  }
}

function rowOf(device: Device, change: DeviceChange, line: number): SheetRow {
  const { id, version } = device;
  const cells = { id, ...change.set, ...tagsOf(device, change) };
  const step = rowStep(change);
  return { line, cells, faults: [], version, ...(step && { step }) };
}

function tagsOf({ file: { tags = [] } }: Device, { addTags, removeTags }: DeviceChange): { tags?: string | null } {
  if (addTags.length + removeTags.length === 0) return {};
  const kept = [...new Set([...tags, ...addTags])].filter((tag) => !removeTags.includes(tag));
  return { tags: kept.length === 0 ? null : columnNamed('tags')!.type.write(kept as never) };
}

function rowStep({ state, maintenance, retire }: DeviceChange): RowStep | null {
  if (retire) return { type: 'retire', ...retire };
  if (state) return { type: 'state', ...state };
  if (maintenance === null) return { type: 'end-maintenance' };
  return maintenance ? { type: 'maintenance', ...maintenance } : null;
}

async function insertPlan(
  tx: Tables,
  plan: { id: string; caller: Caller; change: DeviceChange; count: number; atMs: number },
): Promise<void> {
  const { id, caller, change, count, atMs } = plan;
  const batch = {
    id,
    caller: jsonb(caller),
    undo_caller: null,
    jurisdiction: caller.jurisdiction,
    file_name: null,
    file_hash: '',
    change: jsonb(change),
    mode: 'rows' as const,
    state: 'planned' as const,
    row_count: count,
    unknown_columns: [],
    created_at_ms: atMs,
    ended_at_ms: null,
    secrets_taken_at_ms: null,
    secrets_taken_by: null,
  };
  await tx.tables<ImportTables>().insertInto('import_batch').values(batch).execute();
}

/** Removes plans that nobody may carry out any more, and the oldest of a caller who makes many. */
async function forget(tx: Tables, caller: Caller, atMs: number): Promise<void> {
  const db = tx.tables<ImportTables>();
  const old = db.deleteFrom('import_batch').where('state', '=', 'planned');
  await old.where('created_at_ms', '<', atMs - PLAN_KEPT_MS).execute();
  const own = db.selectFrom('import_batch').select(['id', 'caller']).where('state', '=', 'planned');
  const plans = await own.orderBy('created_at_ms', 'desc').execute();
  const mine = plans.filter((plan) => plan.caller.type === caller.type && plan.caller.id === caller.id);
  const ids = mine.slice(PLANS_MAX - 1).map((plan) => plan.id);
  if (ids.length > 0) await db.deleteFrom('import_batch').where('id', 'in', ids).execute();
}
