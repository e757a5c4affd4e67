import type { Jurisdiction } from '../../core/jurisdiction.ts';
import type { DeviceId } from '../../core/types.ts';
import type { Database } from '../../platform/database/database.ts';
import type { RegistryTables } from './tables.ts';

export interface DevicePlace {
  name: string;
  lat: number;
  lon: number;
  jurisdiction: Jurisdiction;
  retired: boolean;
}

/** Where devices are and whose, for citywatch's own use: no limits of a caller apply. Unknown ones are left out. */
export async function placesOf(database: Database, ids: DeviceId[]): Promise<Map<DeviceId, DevicePlace>> {
  if (ids.length === 0) return new Map();
  const rows = await database
    .tables<RegistryTables>()
    .selectFrom('position')
    .select(['id', 'name', 'lat', 'lon', 'jurisdiction', 'state'])
    .where('id', 'in', ids)
    .execute();
  return new Map(rows.map(({ id, state, ...place }) => [id, { ...place, retired: state === 'retired' }]));
}
