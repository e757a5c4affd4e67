import type { AgencyCode, Jurisdiction } from '../../core/jurisdiction.ts';
import type { DeviceId, DeviceState } from '../../core/types.ts';
import { patternWithin, type RawBuilder, sql, type Tables } from '../../platform/database/database.ts';
import { tableOf } from '../../platform/database/prepared.ts';
import type { DevicePlace } from './places.ts';

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

/** A device, and the area whose people are to see the pictures of it. */
export interface Spot {
  device: DeviceId;
  readers: Jurisdiction;
}

/** Where a device is, with the cameras that see it for readers of the district it is in. */
export interface Whereabouts extends DevicePlace {
  /** Absent where they were asked for in the name of another district. */
  cameras?: readonly Sight[];
}

/**
 * Cameras that see each of these devices: those it names, else those within sight, nearest first, at most three.
 * Whoever may see `readers` is shown the picture, so a camera that merely stands near must lie within that area: then
 * each of them may see it too. One that a person named for the device may lie anywhere; the registry took it only from
 * somebody who sees it. A device that no camera sees, or nobody knows, is left out, and so is one that has moved out of
 * `readers`: what is seen of its new place is not theirs.
 */
export async function camerasSeeing(
  tables: Tables,
  devices: readonly DeviceId[],
  readers: Jurisdiction,
): Promise<Map<DeviceId, Sight[]>> {
  const spots = devices.map((device) => ({ device, readers }));
  const { rows } = await spotsWithCameras(spots).execute(tables.tables());
  return sightsAmong(rows.filter(isStillThere));
}

/** Where devices are and which cameras see them, as {@link camerasSeeing}. Unknown devices are left out. */
export async function whereaboutsOf(tables: Tables, spots: readonly Spot[]): Promise<Map<DeviceId, Whereabouts>> {
  const { rows } = await spotsWithCameras(spots).execute(tables.tables());
  return whereaboutsAmong(rows);
}

/** The same as a part of a larger statement: one value, for {@link whereaboutsTold}. */
export function askingWhereabouts(spots: readonly Spot[]): RawBuilder<unknown> {
  return sql`
    (select coalesce(jsonb_agg(to_jsonb(whereabouts)), '[]') from (${spotsWithCameras(spots)}) as whereabouts)`;
}

/** What the statement said. */
export function whereaboutsTold(told: unknown): Map<DeviceId, Whereabouts> {
  return whereaboutsAmong(told as SpotRow[]);
}

function whereaboutsAmong(rows: readonly SpotRow[]): Map<DeviceId, Whereabouts> {
  const sights = sightsAmong(rows);
  const found = new Map<DeviceId, Whereabouts>();
  for (const row of rows) {
    const { device, spot, state } = row;
    const cameras = isStillThere(row) ? { cameras: sights.get(device) ?? [] } : {};
    found.set(device, { ...spot, retired: state === 'retired', ...cameras });
  }
  return found;
}

/** A device that has moved is in another district than it was asked for in. */
function isStillThere({ readers, spot }: SpotRow): boolean {
  return readers === patternWithin(spot.jurisdiction);
}

function sightsAmong(rows: readonly SpotRow[]): Map<DeviceId, Sight[]> {
  const near = rows.flatMap(({ device, spot, camera }) => {
    if (camera === null) return [];
    const { id, jurisdiction, police, lat, lon } = camera;
    const metres = Math.hypot(lat - spot.lat, (lon - spot.lon) * longitudeScale(spot.lat)) * METRES_PER_DEGREE;
    const sight = { camera: id, jurisdiction, police, granted: false };
    return metres <= SIGHT_M ? [{ device, metres, sight }] : [];
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

/** A device with a camera near it; null where none is. */
interface SpotRow {
  device: DeviceId;
  /** The pattern that its cameras were asked for by. */
  readers: string | null;
  spot: Omit<DevicePlace, 'retired'>;
  state: DeviceState;
  named: Named[] | null;
  camera: { id: DeviceId; jurisdiction: Jurisdiction; police: AgencyCode | null; lat: number; lon: number } | null;
}

/**
 * Each device once for every camera near it, and with those that it names; once without where none is near. Each of
 * `spots` is another device. Cameras are looked up one by one: a join would be planned for a registry in which
 * everything names cameras.
 */
function spotsWithCameras(spots: readonly Spot[]): RawBuilder<SpotRow> {
  const given = tableOf('given', spots, {
    device: ['text', ({ device }) => device],
    readers: ['text', ({ readers }) => patternWithin(readers)],
  });
  const reach = sql.lit(SIGHT_M / METRES_PER_DEGREE);
  // As `longitudeScale`.
  const reachOfLon = sql`${reach} / greatest(0.01, cos(radians(spot.lat)))`;
  return sql<SpotRow>`
    select spot.id as device, given.readers, spot.state,
      jsonb_build_object('name', spot.name, 'lat', spot.lat, 'lon', spot.lon, 'jurisdiction', spot.jurisdiction,
        'police', spot.police) as spot, to_jsonb(camera) as camera,
      (select jsonb_agg(
          jsonb_build_object('camera', camera_id, 'jurisdiction', jurisdiction, 'police', police) order by rank)
        from position_camera as link
        cross join lateral (
          select jurisdiction, police from position as other where other.id = link.camera_id
            and other.state <> 'retired' limit 1
        ) as other
        where link.position_id = spot.id) as named
    from ${given}
    join position as spot on spot.id = given.device
    left join lateral (
      select other.id, other.jurisdiction, other.police, other.lat, other.lon from position as other
      where other.state = 'in-service' and other.stream is not null and other.id <> spot.id
        and other.lat between spot.lat - ${reach} and spot.lat + ${reach}
        and other.lon between spot.lon - ${reachOfLon} and spot.lon + ${reachOfLon}
        and other.jurisdiction like given.readers
      limit ${sql.lit(CANDIDATES_MAX)}
    ) as camera on true`;
}

/** A degree of longitude shrinks towards the poles. */
export function longitudeScale(lat: number): number {
  return Math.max(0.01, Math.cos((lat * Math.PI) / 180));
}
