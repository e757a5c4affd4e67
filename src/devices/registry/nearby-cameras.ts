import type { Jurisdiction } from '../../core/jurisdiction.ts';
import type { DeviceId } from '../../core/types.ts';
import { sql, type Tables, withinJurisdiction } from '../../platform/database/database.ts';
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
 * Cameras that see each of these devices: those it names, else those within sight, nearest first, at most three.
 * Whoever may see `readers` is shown the picture, so a camera that merely stands near must lie within that area: then
 * each of them may see it too. One that a person named for the device may lie anywhere; the registry took it only from
 * somebody who sees it. A device that no camera sees, or nobody knows, is left out.
 */
export async function camerasSeeing(
  tables: Tables,
  devices: readonly DeviceId[],
  readers: Jurisdiction,
): Promise<Map<DeviceId, Sight[]>> {
  const named = await tables
    .tables<RegistryTables>()
    .selectFrom('position_camera as link')
    .innerJoin('position as camera', 'camera.id', 'link.camera_id')
    .select(['link.position_id as device', 'camera.id as camera', 'camera.jurisdiction'])
    .where(sql<boolean>`link.position_id = any (${devices}::text[])`)
    .where('camera.state', '!=', 'retired')
    .orderBy('link.rank')
    .execute();
  const seeing = new Map<DeviceId, Sight[]>();
  for (const { device, ...sight } of named) addTo(seeing, device, { ...sight, granted: true });
  const rest = devices.filter((device) => !seeing.has(device));
  if (rest.length > 0)
    for (const { device, ...sight } of await camerasNear(tables, rest, readers)) addTo(seeing, device, sight);
  return seeing;
}

function addTo(seeing: Map<DeviceId, Sight[]>, device: DeviceId, sight: Sight): void {
  const sights = seeing.get(device);
  if (sights) sights.push(sight);
  else seeing.set(device, [sight]);
}

async function camerasNear(
  tables: Tables,
  devices: readonly DeviceId[],
  readers: Jurisdiction,
): Promise<(Sight & { device: DeviceId })[]> {
  const reach = SIGHT_M / METRES_PER_DEGREE;
  // As `longitudeScale`.
  const reachOfLon = sql<number>`${reach} / greatest(0.01, cos(radians(spot.lat)))`;
  const rows = await tables
    .tables<RegistryTables>()
    .selectFrom('position as spot')
    .innerJoinLateral(
      (from) => {
        const box = from
          .selectFrom('position as other')
          .select(['other.id', 'other.jurisdiction', 'other.lat', 'other.lon'])
          .where('other.state', '=', sql.lit('active'))
          .where('other.stream', 'is not', null)
          .whereRef('other.id', '!=', 'spot.id')
          .where(sql<boolean>`other.lat between spot.lat - ${reach} and spot.lat + ${reach}`)
          .where(sql<boolean>`other.lon between spot.lon - ${reachOfLon} and spot.lon + ${reachOfLon}`)
          .limit(CANDIDATES_MAX);
        return withinJurisdiction(box, 'other.jurisdiction', readers).as('camera');
      },
      (join) => join.onTrue(),
    )
    .select(['spot.id as device', 'spot.lat as spotLat', 'spot.lon as spotLon'])
    .select(['camera.id as camera', 'camera.jurisdiction', 'camera.lat', 'camera.lon'])
    .where(sql<boolean>`spot.id = any (${devices}::text[])`)
    .execute();
  const near = rows.map(({ spotLat, spotLon, lat, lon, ...sight }) => {
    const metres = Math.hypot(lat - spotLat, (lon - spotLon) * longitudeScale(spotLat)) * METRES_PER_DEGREE;
    return { sight: { ...sight, granted: false }, metres };
  });
  const nearest = near.filter(({ metres }) => metres <= SIGHT_M).sort((one, other) => one.metres - other.metres);
  const counts = new Map<DeviceId, number>();
  return nearest.flatMap(({ sight }) => {
    const count = (counts.get(sight.device) ?? 0) + 1;
    counts.set(sight.device, count);
    return count <= CAMERAS_MAX ? [sight] : [];
  });
}

/** A degree of longitude shrinks towards the poles. */
export function longitudeScale(lat: number): number {
  return Math.max(0.01, Math.cos((lat * Math.PI) / 180));
}
