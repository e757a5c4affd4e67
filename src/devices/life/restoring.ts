import { CitywatchError } from '../../core/errors.ts';
import { ownArea } from '../../core/jurisdiction.ts';
import type { Caller, Device, DeviceId, DeviceState } from '../../core/types.ts';
import { type Tables, withinJurisdiction } from '../../platform/database/database.ts';
import { recordAudit } from '../../platform/records/audit.ts';
import { gbIdIsTaken } from '../file/file-change.ts';
import { checkJurisdiction, checkParent, type KnownJurisdictions, lockTree } from '../registry/checks.ts';
import { DirectorySync, type DirectorySyncDeps } from '../registry/directory-sync.ts';
import { findDevice } from '../registry/queries.ts';
import type { LifeTables } from './tables.ts';

export interface RestoringDeps extends DirectorySyncDeps {
  jurisdictions: KnownJurisdictions;
}

/**
 * Takes back that a device was retired, as long as nothing was built upon it since: what it hung on must be in use, and
 * its GB/T 28181 id free. Its alerts and what was worked on it ended with it, and stay so.
 */
export class Restoring {
  readonly #deps: RestoringDeps;
  readonly #sync: DirectorySync;

  constructor(deps: RestoringDeps) {
    this.#deps = deps;
    this.#sync = new DirectorySync(deps);
  }

  /**
   * Errors: `not-found`, `conflict.state` for one that is in use, `precondition.stale`, `request.invalid` for a parent
   * that is gone or an area that is no more, `conflict.exists` for a GB/T 28181 id that another one has by now.
   */
  restore(
    caller: Caller,
    id: DeviceId,
    expectedVersion: number,
    { to, reason }: { to: DeviceState; reason: string },
  ): Promise<Device> {
    return this.#sync.commit(id, async (tx) => {
      const db = tx.tables<LifeTables>();
      // Before any row, as whoever hangs a device on another one.
      await lockTree(tx);
      const row = db.selectFrom('position').selectAll().where('id', '=', id).forNoKeyUpdate();
      const found = await withinJurisdiction(row, 'jurisdiction', ownArea(caller), 'police').executeTakeFirst();
      if (!found) throw new CitywatchError('not-found');
      if (found.state !== 'retired') throw new CitywatchError('conflict.state', { detail: 'The device is in use.' });
      if (found.version !== expectedVersion) throw new CitywatchError('precondition.stale');
      await this.#check(tx, caller, found);
      const before = await findDevice(tx, ownArea(caller), id);
      const atMs = this.#deps.clock.nowMs();
      const { jurisdiction, version } = found;
      const change = { state: to, version: version + 1, updated_at_ms: atMs };
      await db.updateTable('position').set(change).where('id', '=', id).execute();
      const after = (await findDevice(tx, ownArea(caller), id))!;
      const subject = `device/${id}`;
      const told = { ...after, reason };
      await recordAudit(tx, { caller, action: 'device.restore', subject, jurisdiction, before, after: told, atMs });
      return { device: after };
    });
  }

  async #check(tx: Tables, caller: Caller, position: LifeTables['position']): Promise<void> {
    const { id, parent, jurisdiction, gb_id: gbId } = position;
    checkJurisdiction(this.#deps.jurisdictions, jurisdiction, ownArea(caller));
    if (parent !== null) await checkParent(tx, ownArea(caller), { id, parent, hangsOn: undefined });
    if (gbId === null) return;
    const holder = tx.tables<LifeTables>().selectFrom('position').select('id').where('gb_id', '=', gbId);
    if (await holder.where('state', '!=', 'retired').executeTakeFirst()) throw gbIdIsTaken();
  }
}
