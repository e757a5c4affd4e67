import type { Jurisdiction } from '../../core/jurisdiction.ts';
import type { DeviceId } from '../../core/types.ts';
import { type Tables, withinJurisdiction } from '../../platform/database/database.ts';
import type { RegistryTables } from './tables.ts';

/** How far a camera may stand from a device and still be taken to see it. */
const SIGHT_M = 300;
export const METRES_PER_DEGREE = 111_320;
const CANDIDATES_MAX = 200;
const CAMERAS_MAX = 3;

/** A camera that sees a device. */
export interface Sight {
  camera: DeviceId;
  /** Where the camera stands. */
  jurisdiction: Jurisdiction;
  /** A person who sees the camera has named it for the device; else it only stands near. */
  granted: boolean;
}

/**
 * Cameras that see a device: those it names, else those within sight, nearest first, at most three. Whoever may see
 * `readers` is shown the picture, so a camera that merely stands near must lie within that area: then each of them may
 * see it too. One that a person named for the device may lie anywhere; the registry took it only from somebody who sees
 * it. Empty for an unknown device.
 */
export async function camerasSeeing(tables: Tables, device: DeviceId, readers: Jurisdiction): Promise<Sight[]> {
  const db = tables.tables<RegistryTables>();
  const named = await db
    .selectFrom('position_camera as link')
    .innerJoin('position as camera', 'camera.id', 'link.camera_id')
    .select(['camera.id as camera', 'camera.jurisdiction'])
    .where('link.position_id', '=', device)
    .where('camera.state', '!=', 'retired')
    .orderBy('link.rank')
    .execute();
  if (named.length > 0) return named.map((row) => ({ ...row, granted: true }));
  const spot = await db.selectFrom('position').select(['id', 'lat', 'lon']).where('id', '=', device).executeTakeFirst();
  return spot ? await camerasNear(tables, spot, readers) : [];
}

async function camerasNear(
  tables: Tables,
  { id, lat, lon }: { id: DeviceId; lat: number; lon: number },
  readers: Jurisdiction,
): Promise<Sight[]> {
  const reach = SIGHT_M / METRES_PER_DEGREE;
  const lonScale = longitudeScale(lat);
  const box = tables
    .tables<RegistryTables>()
    .selectFrom('position')
    .select(['id as camera', 'jurisdiction', 'lat', 'lon'])
    .where('state', '=', 'active')
    .where('stream', 'is not', null)
    .where('id', '!=', id)
    .where('lat', '>=', lat - reach)
    .where('lat', '<=', lat + reach)
    .where('lon', '>=', lon - reach / lonScale)
    .where('lon', '<=', lon + reach / lonScale)
    .limit(CANDIDATES_MAX);
  const rows = await withinJurisdiction(box, 'jurisdiction', readers).execute();
  const distanceM = (row: { lat: number; lon: number }): number =>
    Math.hypot(row.lat - lat, (row.lon - lon) * lonScale) * METRES_PER_DEGREE;
  return rows
    .filter((row) => distanceM(row) <= SIGHT_M)
    .sort((a, b) => distanceM(a) - distanceM(b))
    .slice(0, CAMERAS_MAX)
    .map(({ camera, jurisdiction }) => ({ camera, jurisdiction, granted: false }));
}

/** A degree of longitude shrinks towards the poles. */
export function longitudeScale(lat: number): number {
  return Math.max(0.01, Math.cos((lat * Math.PI) / 180));
}
