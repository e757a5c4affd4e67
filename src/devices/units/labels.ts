import { CitywatchError } from '../../core/errors.ts';
import { ownArea } from '../../core/jurisdiction.ts';
import type { Caller, Device, DeviceId } from '../../core/types.ts';
import { DirectorySync } from '../registry/directory-sync.ts';
import { findDevice } from '../registry/queries.ts';
import type { RegistryTables } from '../registry/tables.ts';
import {
  knownUnits,
  lockPlace,
  lockUnits,
  noteEdit,
  relabelled,
  requireHanging,
  type UnitLabel,
  whereHanging,
} from './places.ts';
import type { UnitsDeps } from './units.ts';

/** What is written of a unit: corrected and completed while it stays where it hangs. */
export class UnitLabels {
  readonly #deps: UnitsDeps;
  readonly #sync: DirectorySync;

  constructor(deps: UnitsDeps) {
    this.#deps = deps;
    this.#sync = new DirectorySync(deps);
  }

  /**
   * Writes `label` down of the unit that hangs there, which is the one that the caller saw (`replaces`); keys that are
   * missing stay. Raises the version of the position. Errors: `not-found`; `conflict.state` for a retired device,
   * where another unit hangs there by now, for another serial number than the unit has told, and where a unit with
   * this serial number or hardware address hangs elsewhere.
   */
  async correct(
    caller: Caller,
    id: DeviceId,
    { label, replaces }: { label: Partial<UnitLabel>; replaces: string },
  ): Promise<Device> {
    const device = await this.#sync.commit(id, async (tx) => {
      await lockUnits(tx);
      const place = await lockPlace(tx, ownArea(caller), id);
      requireHanging(place, replaces);
      const before = await findDevice(tx, ownArea(caller), id);
      const whole = { ...place.unit, ...label };
      relabelled(place.unit, whole);
      const others = (await knownUnits(tx, whole)).filter((known) => known.id !== place.unitId);
      const message = whereHanging(caller, place, others);
      if (message !== null) throw new CitywatchError('conflict.state', { issues: [{ path: 'unit', message }] });
      await tx.tables<RegistryTables>().updateTable('unit').set(label).where('id', '=', place.unitId).execute();
      const atMs = this.#deps.clock.nowMs();
      return { device: await noteEdit(tx, place, { caller, action: 'device.correct-unit', before, atMs }) };
    });
    this.#deps.cameras.restated(id);
    return device;
  }
}
