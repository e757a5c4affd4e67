import { toRfc3339 } from '../../core/clock.ts';
import { CitywatchError } from '../../core/errors.ts';
import { ownArea, type Scope } from '../../core/jurisdiction.ts';
import type { Caller, Device, DeviceId, DeviceState } from '../../core/types.ts';
import { type Tables, withinJurisdiction } from '../../platform/database/database.ts';
import { recordAudit } from '../../platform/records/audit.ts';
import { DirectorySync, type DirectorySyncDeps } from '../registry/directory-sync.ts';
import { findDevice } from '../registry/queries.ts';
import type { StepInput } from './input.ts';
import { mayStep, type StepBy, stepsFrom } from './life.ts';
import type { LifeTables } from './tables.ts';

/** One step that was made, as it is shown. */
export interface LifeStep {
  state: DeviceState;
  atMs: number;
  by: string;
  reason: string | null;
}

/** A step on its way into the database. */
interface Stepping {
  caller: Caller;
  id: DeviceId;
  to: DeviceState;
  how: StepBy;
  reason: string | null;
  /** Of the audit row. */
  action: string;
  /** What else of the position it changes. */
  also?: { purpose: string };
  /** What else the audit row says. */
  told?: Record<string, unknown>;
}

/** How each state is reached where it is not by saying so. */
const WAYS: Partial<Record<DeviceState, (id: DeviceId) => string>> = {
  accepted: (id) => `what is installed is accepted with POST /api/v1/devices/${id}/acceptance`,
  maintenance: (id) => `a maintenance is begun with POST /api/v1/devices/${id}/maintenance`,
  retired: (id) => `a device is retired with DELETE /api/v1/devices/${id}`,
};

/**
 * Where devices are in their lives, as people say it: each step is one transaction with its audit row, and raises the
 * version of the position.
 */
export class LifeSteps {
  readonly #deps: DirectorySyncDeps;
  readonly #sync: DirectorySync;

  constructor(deps: DirectorySyncDeps) {
    this.#deps = deps;
    this.#sync = new DirectorySync(deps);
  }

  /**
   * Fails with `not-found`, and with `conflict.state` where the device is by now in another state than the caller saw,
   * or where `to` may not follow.
   */
  step(caller: Caller, id: DeviceId, { from, to, reason }: StepInput): Promise<Device> {
    return this.#sync.commit(id, async (tx) => {
      const now = await lockState(tx, ownArea(caller), id);
      if (now !== from) throw await elsewhere(tx, id, now);
      if (!mayStep(from, to, 'said')) throw mayNot(id, from, to);
      return { device: await makeStep(tx, this.#deps.clock.nowMs(), stepping({ caller, id, to, reason })) };
    });
  }

  /** The steps of a device since its registration, newest first. The caller's right to see it is checked before. */
  async history(
    id: DeviceId,
    { limit, after }: { limit: number; after?: string },
  ): Promise<{ items: LifeStep[]; next: string | null }> {
    let query = this.#deps.database.tables<LifeTables>().selectFrom('life_step').selectAll();
    query = query.where('position_id', '=', id);
    if (after !== undefined) query = query.where('id', '<', Number(after));
    const rows = await query
      .orderBy('id', 'desc')
      .limit(limit + 1)
      .execute();
    const page = rows.slice(0, limit);
    const items = page.map(({ state, at_ms: atMs, by_name: by, reason }) => ({ state, atMs, by, reason }));
    return { items, next: rows.length > limit ? String(page.at(-1)!.id) : null };
  }
}

function stepping({ caller, id, to, reason }: Pick<Stepping, 'caller' | 'id' | 'to' | 'reason'>): Stepping {
  return { caller, id, to, reason, how: 'said', action: 'device.life' };
}

/** Locks the position. Errors: `not-found`, also beyond `scope`. */
export async function lockState(tx: Tables, scope: Scope, id: DeviceId): Promise<DeviceState> {
  const row = tx.tables<LifeTables>().selectFrom('position').select('state').where('id', '=', id).forUpdate();
  const found = await withinJurisdiction(row, 'jurisdiction', scope, 'police').executeTakeFirst();
  if (!found) throw new CitywatchError('not-found');
  return found.state;
}

/**
 * Writes a step that is allowed, of a device that is locked, with its audit row. Errors: `conflict.state` where it may
 * not follow.
 */
export async function makeStep(tx: Tables, atMs: number, stepping: Stepping) {
  const { caller, id, to, how, reason, action, also = {}, told = {} } = stepping;
  const before = await findDevice(tx, ownArea(caller), id);
  if (!before) throw new CitywatchError('not-found');
  if (!mayStep(before.state, to, how)) throw mayNot(id, before.state, to);
  const db = tx.tables<LifeTables>();
  const change = { ...also, state: to, version: before.version + 1, updated_at_ms: atMs };
  await db.updateTable('position').set(change).where('id', '=', id).execute();
  const step = { position_id: id, state: to, at_ms: atMs, by_name: caller.name, reason };
  await db.insertInto('life_step').values(step).execute();
  const after = { ...before, ...also, state: to, version: before.version + 1, updatedAtMs: atMs };
  const { jurisdiction } = before;
  const subject = `device/${id}`;
  await recordAudit(tx, { caller, action, subject, jurisdiction, before, after: { ...after, ...told, reason }, atMs });
  return after;
}

function mayNot(id: DeviceId, from: DeviceState, to: DeviceState): CitywatchError {
  const way = from === 'retired' ? undefined : WAYS[to]?.(id);
  const next = stepsFrom(from, 'said');
  const said = next.length > 0 ? `${next.join(' or ')} may be said of it` : 'nothing may be said of it';
  const detail = `The device is ${from}, and ${to} does not follow by saying so: ${way ?? said}.`;
  return new CitywatchError('conflict.state', { detail });
}

/** That the device is in another state than the caller saw; says who made the last step, and when. */
async function elsewhere(tx: Tables, id: DeviceId, now: DeviceState): Promise<CitywatchError> {
  const last = await tx
    .tables<LifeTables>()
    .selectFrom('life_step')
    .select(['at_ms', 'by_name'])
    .where('position_id', '=', id)
    .orderBy('id', 'desc')
    .limit(1)
    .executeTakeFirst();
  const by = last ? `, since ${toRfc3339(last.at_ms)} by ${last.by_name}` : '';
  return new CitywatchError('conflict.state', { detail: `The device is ${now} by now${by}; read it again.` });
}
