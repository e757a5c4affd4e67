import { invalid } from '../../core/errors.ts';
import { ownArea } from '../../core/jurisdiction.ts';
import type { Caller, Device, DeviceId } from '../../core/types.ts';
import { DirectorySync, type DirectorySyncDeps } from '../registry/directory-sync.ts';
import { findDevice } from '../registry/queries.ts';
import type { RegistryTables } from '../registry/tables.ts';
import { lockPlace, noteEdit } from '../units/places.ts';
import type { Agencies } from './police-tree.ts';

export interface PoliceOfDeviceDeps extends DirectorySyncDeps {
  agencies: Pick<Agencies, 'isSeen'>;
}

/** Says by hand which agency a device belongs to, where that is not the station around it. */
export class PoliceOfDevice {
  readonly #deps: PoliceOfDeviceDeps;
  readonly #sync: DirectorySync;

  constructor(deps: PoliceOfDeviceDeps) {
    this.#deps = deps;
    this.#sync = new DirectorySync(deps);
  }

  /** Null leaves it to the bounds of stations. Errors: `not-found`, `conflict.state`, `request.invalid`. */
  set(caller: Caller, id: DeviceId, agency: string | null): Promise<Device> {
    const { clock, agencies } = this.#deps;
    return this.#sync.commit(id, async (tx) => {
      const place = await lockPlace(tx, ownArea(caller), id);
      if (agency !== null && !agencies.isSeen(caller, agency))
        throw invalid('agency', 'is no agency that you may see: see GET /police/agencies');
      const before = await findDevice(tx, ownArea(caller), id);
      const all = tx.tables<RegistryTables>().updateTable('position').set({ police_set: agency });
      await all.where('id', '=', id).execute();
      const atMs = clock.nowMs();
      return { device: await noteEdit(tx, place, { caller, action: 'device.police', before, atMs }) };
    });
  }
}
