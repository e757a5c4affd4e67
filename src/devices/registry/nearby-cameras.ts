import { type AgencyCode, codeAlone, type Jurisdiction } from '../../core/jurisdiction.ts';
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
  /** The police agency it belongs to. */
  police: AgencyCode | null;
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
  const rows = await spotsWithCameras(tables, devices, readers).execute();
  const near = rows.flatMap(({ device, spotLat, spotLon, camera, jurisdiction, police, lat, lon }) => {
    if (camera === null || jurisdiction === null || lat === null || lon === null) return [];
    const metres = Math.hypot(lat - spotLat, (lon - spotLon) * longitudeScale(spotLat)) * METRES_PER_DEGREE;
    return metres <= SIGHT_M ? [{ device, metres, sight: { camera, jurisdiction, police, granted: false } }] : [];
  });
  const seeing = new Map<DeviceId, Sight[]>();
  for (const { device, sight } of near.sort((one, other) => one.metres - other.metres)) {
    const sights = seeing.get(device) ?? [];
    if (sights.length < CAMERAS_MAX) seeing.set(device, [...sights, sight]);
  }
  for (const { device, named } of rows) {
    if (named)
      seeing.set(
        device,
        named.map((sight) => ({ ...sight, granted: true })),
      );
  }
  return seeing;
}

type Named = Pick<Sight, 'camera' | 'jurisdiction' | 'police'>;

/** Each device once for every camera near it, and with those that it names; once without where none is near. */
function spotsWithCameras(tables: Tables, devices: readonly DeviceId[], readers: Jurisdiction) {
  const reach = SIGHT_M / METRES_PER_DEGREE;
  // As `longitudeScale`.
  const reachOfLon = sql<number>`${reach} / greatest(0.01, cos(radians(spot.lat)))`;
  // Looked up one by one: a join would be planned for a registry in which everything names cameras.
  const named = sql<Named[] | null>`(
    select jsonb_agg(
      jsonb_build_object('camera', camera_id, 'jurisdiction', jurisdiction, 'police', police) order by rank)
    from position_camera as link
    cross join lateral (
      select jurisdiction, police from position as other where other.id = link.camera_id and other.state <> 'retired'
      limit 1
    ) as other
    where link.position_id = spot.id)`;
  return tables
    .tables<RegistryTables>()
    .selectFrom('position as spot')
    .leftJoinLateral(
      (from) => {
        const box = from
          .selectFrom('position as other')
          .select(['other.id', 'other.jurisdiction', 'other.police', 'other.lat', 'other.lon'])
          .where('other.state', '=', sql.lit('in-service'))
          .where('other.stream', 'is not', null)
          .whereRef('other.id', '!=', 'spot.id')
          .where(sql<boolean>`other.lat between spot.lat - ${reach} and spot.lat + ${reach}`)
          .where(sql<boolean>`other.lon between spot.lon - ${reachOfLon} and spot.lon + ${reachOfLon}`)
          .limit(CANDIDATES_MAX);
        return withinJurisdiction(box, 'other.jurisdiction', codeAlone(readers)).as('camera');
      },
      (join) => join.onTrue(),
    )
    .select(['spot.id as device', 'spot.lat as spotLat', 'spot.lon as spotLon', named.as('named')])
    .select(['camera.id as camera', 'camera.jurisdiction', 'camera.police', 'camera.lat', 'camera.lon'])
    .where(sql<boolean>`spot.id = any (${devices}::text[])`);
}

/** A degree of longitude shrinks towards the poles. */
export function longitudeScale(lat: number): number {
  return Math.max(0.01, Math.cos((lat * Math.PI) / 180));
}
