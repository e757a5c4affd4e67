import type { Jurisdiction } from '../../core/jurisdiction.ts';
import type { DeviceId } from '../../core/types.ts';
import type { Tables } from '../../platform/database/database.ts';
import type { IngestTables } from './tables.ts';

/** Takes the dead letters of a device along to its new district. */
export class DeadLetterFollower {
  readonly #database: Tables;

  constructor(database: Tables) {
    this.#database = database;
  }

  async follow(tx: Tables, devices: ReadonlyMap<DeviceId, { jurisdiction: Jurisdiction }>): Promise<void> {
    const db = tx.tables<IngestTables>();
    for (const [device, { jurisdiction }] of devices) {
      const stay = db.updateTable('dead_letter').set({ jurisdiction }).where('device', '=', device);
      await stay.where('jurisdiction', '!=', jurisdiction).execute();
    }
  }

  async settle(device: DeviceId, now: { jurisdiction: Jurisdiction }): Promise<void> {
    await this.follow(this.#database, new Map([[device, now]]));
  }
}
