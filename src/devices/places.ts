import type { DeviceId } from '../core/types.ts';
import type { Database } from '../platform/database.ts';
import type { RegistryTables } from './tables.ts';

export interface DevicePlace {
  name: string;
  lat: number;
  lon: number;
}

/** Names and positions of devices, for citywatch's own use: no limits of a caller apply. Unknown ones are left out. */
export async function placesOf(database: Database, ids: DeviceId[]): Promise<Map<DeviceId, DevicePlace>> {
  if (ids.length === 0) return new Map();
  const rows = await database
    .tables<RegistryTables>()
    .selectFrom('position')
    .select(['id', 'name', 'lat', 'lon'])
    .where('id', 'in', ids)
    .execute();
  return new Map(rows.map(({ id, name, lat, lon }) => [id, { name, lat, lon }]));
}
