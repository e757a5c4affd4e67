import { randomUUID } from 'node:crypto';
import { CitywatchError } from '../../core/errors.ts';
import type { Caller, Device, DeviceId } from '../../core/types.ts';
import { withinJurisdiction } from '../../platform/database/database.ts';
import { recordAudit } from '../../platform/records/audit.ts';
import { newSecret, type SecretHasher } from '../../platform/secrets/hasher.ts';
import type { CameraUnits, UnitTables } from '../cameras/units.ts';
import { DirectorySync, type DirectorySyncDeps } from '../registry/directory-sync.ts';
import { findDevice } from '../registry/queries.ts';

export interface UnitSwapDeps extends DirectorySyncDeps {
  hasher: SecretHasher;
  units: Pick<CameraUnits, 'accepted'>;
}

interface SwapTables extends UnitTables {
  camera_setup: { device: string };
}

/** Puts what answers at a camera's address in the place of the unit that stood there. */
export class UnitSwap {
  readonly #deps: UnitSwapDeps;
  readonly #sync: DirectorySync;

  constructor(deps: UnitSwapDeps) {
    this.#deps = deps;
    this.#sync = new DirectorySync(deps);
  }

  /**
   * Ends the assignment of the old unit and begins that of the new one, with a secret of its own: the old unit's
   * stops working. `serial` is the serial number that the caller saw; null where the unit tells none. Fails with
   * `not-found`, `conflict.state` (retired, nothing else answers, or another serial by now). The camera is introduced
   * anew afterwards, because the registry was changed.
   */
  async accept(caller: Caller, id: DeviceId, serial: string | null): Promise<{ device: Device; secret: string }> {
    const { clock, hasher, units } = this.#deps;
    const secret = newSecret();
    const device = await this.#sync.commit(id, async (tx) => {
      const db = tx.tables<SwapTables>();
      const locked = db.selectFrom('position').select(['state', 'version']).where('id', '=', id).forUpdate();
      const current = await withinJurisdiction(locked, 'jurisdiction', caller.jurisdiction).executeTakeFirst();
      if (!current) throw new CitywatchError('not-found');
      if (current.state === 'retired') throw new CitywatchError('conflict.state', { detail: 'The device is retired.' });
      const foreign = await db
        .deleteFrom('foreign_unit')
        .where('device', '=', id)
        .returning('found')
        .executeTakeFirst();
      if (!foreign) throw new CitywatchError('conflict.state', { detail: 'No other unit answers at its address.' });
      if ((foreign.found.serial || null) !== serial) {
        throw new CitywatchError('conflict.state', { detail: 'By now a unit with another serial number answers.' });
      }
      const before = await findDevice(tx, caller.jurisdiction, id);
      const atMs = clock.nowMs();
      await db
        .updateTable('assignment')
        .set({ to_ms: atMs })
        .where('position_id', '=', id)
        .where('to_ms', 'is', null)
        .execute();
      const unit = { id: randomUUID(), ...foreign.found, secret_hash: hasher.hash(secret), created_at_ms: atMs };
      await db.insertInto('unit').values(unit).execute();
      const assignment = { position_id: id, unit_id: unit.id, from_ms: atMs, to_ms: null };
      await db.insertInto('assignment').values(assignment).execute();
      // What was known of the old unit's streams says nothing of the new one's.
      await db.deleteFrom('camera_setup').where('device', '=', id).execute();
      const change = { version: current.version + 1, updated_at_ms: atMs };
      await db.updateTable('position').set(change).where('id', '=', id).execute();
      const after = await findDevice(tx, caller.jurisdiction, id);
      if (!after) throw new CitywatchError('not-found');
      const { jurisdiction } = after;
      const subject = `device/${id}`;
      await recordAudit(tx, { caller, action: 'device.swap', subject, jurisdiction, before, after, atMs });
      return { device: after, secretHash: unit.secret_hash };
    });
    units.accepted(id);
    return { device, secret };
  }
}
