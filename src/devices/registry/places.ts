import type { Area, Jurisdiction } from '../../core/jurisdiction.ts';
import type { AccessClass } from '../../core/registry/position-file.ts';
import type { DeviceId, DeviceState } from '../../core/types.ts';
import { type Database, withinJurisdiction } from '../../platform/database/database.ts';
import type { RegistryTables } from './tables.ts';

export interface DevicePlace {
  name: string;
  lat: number;
  lon: number;
  jurisdiction: Jurisdiction;
  police: string | null;
  retired: boolean;
}

/** Where devices are and whose, for citywatch's own use: no limits of a caller apply. Unknown ones are left out. */
export async function placesOf(database: Database, ids: DeviceId[]): Promise<Map<DeviceId, DevicePlace>> {
  if (ids.length === 0) return new Map();
  const rows = await database
    .tables<RegistryTables>()
    .selectFrom('position')
    .select(['id', 'name', 'lat', 'lon', 'jurisdiction', 'police', 'state'])
    .where('id', 'in', ids)
    .execute();
  return new Map(rows.map(({ id, state, ...place }) => [id, { ...place, retired: state === 'retired' }]));
}

export interface StandingDevice {
  id: DeviceId;
  kind: string;
  jurisdiction: Jurisdiction;
  state: DeviceState;
  accessClass: AccessClass;
  createdAtMs: number;
}

/** The devices of an area that are not retired, all or of one kind; for citywatch's own use. */
export async function devicesOf(database: Database, area: Area, kind?: string): Promise<StandingDevice[]> {
  let query = database
    .tables<RegistryTables>()
    .selectFrom('position')
    .select(['id', 'kind', 'jurisdiction', 'state', 'access_class', 'created_at_ms'])
    .where('state', '<>', 'retired');
  if (kind !== undefined) query = query.where('kind', '=', kind);
  const rows = await withinJurisdiction(query, 'jurisdiction', area).execute();
  return rows.map(({ created_at_ms: createdAtMs, access_class: accessClass, ...device }) => ({
    ...device,
    accessClass,
    createdAtMs,
  }));
}
