import type { Jurisdiction } from '../../core/jurisdiction.ts';
import type { DeviceId } from '../../core/types.ts';
import type { Tables } from '../../platform/database/database.ts';
import type { IngestTables } from './tables.ts';

/** Takes the dead letters of a device along to its new district. */
export async function moveDeadLetters(tx: Tables, device: DeviceId, to: Jurisdiction): Promise<void> {
  const db = tx.tables<IngestTables>();
  const stay = db.updateTable('dead_letter').set({ jurisdiction: to }).where('device', '=', device);
  await stay.where('jurisdiction', '!=', to).execute();
}
