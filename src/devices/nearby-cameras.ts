import { significantDigits } from '../core/jurisdiction.ts';
import type { DeviceId } from '../core/types.ts';
import { type Database, withinJurisdiction } from '../platform/database.ts';
import type { RegistryTables } from './tables.ts';

/** How far a camera may stand from a device and still be taken to see it. */
const SIGHT_M = 300;
const METRES_PER_DEGREE = 111_320;
const CANDIDATES_MAX = 200;
const CAMERAS_MAX = 3;

export interface Spot {
  id: DeviceId;
  lat: number;
  lon: number;
  jurisdiction: string;
}

/** Cameras with a stream within sight of a device and in the same city, nearest first, at most three. */
export async function camerasNear(database: Database, spot: Spot): Promise<DeviceId[]> {
  const { id, lat, lon } = spot;
  const reach = SIGHT_M / METRES_PER_DEGREE;
  // A degree of longitude shrinks towards the poles.
  const lonScale = Math.max(0.01, Math.cos((lat * Math.PI) / 180));
  const city = significantDigits(spot.jurisdiction).slice(0, 4).padEnd(6, '0');
  const box = database
    .tables<RegistryTables>()
    .selectFrom('position')
    .select(['id', 'lat', 'lon'])
    .where('state', '=', 'active')
    .where('stream', 'is not', null)
    .where('lat', '>=', lat - reach)
    .where('lat', '<=', lat + reach)
    .where('lon', '>=', lon - reach / lonScale)
    .where('lon', '<=', lon + reach / lonScale)
    .limit(CANDIDATES_MAX);
  const rows = await withinJurisdiction(box, 'jurisdiction', city).execute();
  const distanceM = (row: { lat: number; lon: number }): number =>
    Math.hypot(row.lat - lat, (row.lon - lon) * lonScale) * METRES_PER_DEGREE;
  return rows
    .filter((row) => row.id !== id && distanceM(row) <= SIGHT_M)
    .sort((a, b) => distanceM(a) - distanceM(b))
    .slice(0, CAMERAS_MAX)
    .map((row) => row.id);
}
