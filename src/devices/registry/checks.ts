import { CitywatchError, invalid } from '../../core/errors.ts';
import { covers, type Jurisdiction } from '../../core/jurisdiction.ts';
import type { DeviceId, Location } from '../../core/types.ts';
import { sql, type Tables, withinJurisdiction } from '../../platform/database/database.ts';
import type { Kinds } from '../kinds/kinds.ts';
import { fromGcj02 } from './datum.ts';
import type { RegistryTables } from './tables.ts';

const PARENT_LOCK = 6_104_220_303;
/** Deeper trees are mistakes: city, county, site, cabinet, recorder, channel make six. */
const DEPTH_MAX = 16;

/** The administrative divisions there are, abolished ones included. */
export interface KnownJurisdictions {
  exists(code: Jurisdiction): boolean;
  /** `validTo` is the day it was abolished, `successor` the code that took its area over. */
  get(code: Jurisdiction): { validTo: string | null; successor: Jurisdiction | null } | undefined;
}

/** The code must exist today and lie within `scope`; both failures read alike, so nothing beyond is revealed. */
export function checkJurisdiction(jurisdictions: KnownJurisdictions, code: Jurisdiction, scope: Jurisdiction): void {
  if (!covers(scope, code) || !jurisdictions.exists(code)) {
    throw invalid('jurisdiction', 'is no code of GB/T 2260 within your jurisdiction: see GET /jurisdictions');
  }
  const { validTo, successor } = jurisdictions.get(code)!;
  if (validTo !== null) {
    throw invalid('jurisdiction', `was abolished on ${validTo}${successor ? `: use ${successor}` : ''}`);
  }
}

/** WGS-84 for storage, with the datum it was given in. */
export function storedLocation({ lat, lon, datum }: Location): Location {
  return datum === 'gcj02' ? { ...fromGcj02({ lat, lon }), datum } : { lat, lon, datum };
}

/**
 * A parent must be there, be visible to the caller, not be retired, be of a kind that the device's kind hangs on, and
 * not lie below the device itself.
 */
export async function checkParent(
  tx: Tables,
  scope: Jurisdiction,
  { id, parent, hangsOn }: { id: DeviceId; parent: DeviceId; hangsOn: readonly string[] | undefined },
): Promise<void> {
  const db = tx.tables<RegistryTables>();
  // Two edits that each look harmless could close a circle together.
  await sql`select pg_advisory_xact_lock(${sql.lit(PARENT_LOCK)})`.execute(db);
  const found = await withinJurisdiction(
    db.selectFrom('position').select('kind').where('id', '=', parent).where('state', '!=', 'retired'),
    'jurisdiction',
    scope,
  ).executeTakeFirst();
  if (!found || parent === id) throw invalid('parent', 'is no device you can see, or is retired');
  if (hangsOn && !hangsOn.includes(found.kind)) {
    throw invalid('parent', `is a ${found.kind}; this hangs on ${hangsOn.join(', ')} or on nothing`);
  }
  const { rows } = await sql<{ id: string }>`
    with recursive above (id, parent, depth) as (
      select id, parent, 1 from position where id = ${parent}
      union all
      select p.id, p.parent, above.depth + 1 from position p join above on p.id = above.parent
      where above.depth <= ${DEPTH_MAX}
    )
    select id from above`.execute(db);
  if (rows.some((row) => row.id === id)) throw invalid('parent', 'lies below this device itself');
  if (rows.length >= DEPTH_MAX) throw invalid('parent', `more than ${DEPTH_MAX} levels of parents`);
}

/** Each camera must be there, be visible to the caller, not be retired, and be of a kind with a stream. */
export async function checkCameras(
  tx: Tables,
  scope: Jurisdiction,
  { id, cameras, kinds }: { id: DeviceId; cameras: readonly DeviceId[]; kinds: Kinds },
): Promise<void> {
  if (cameras.length === 0) return;
  const found = await withinJurisdiction(
    tx
      .tables<RegistryTables>()
      .selectFrom('position')
      .select(['id', 'kind'])
      .where('id', 'in', cameras)
      .where('state', '!=', 'retired'),
    'jurisdiction',
    scope,
  ).execute();
  const kindOf = new Map(found.map((row) => [row.id, row.kind]));
  const issues = cameras.flatMap((camera, index) => {
    const path = `cameras.${index}`;
    const kind = kindOf.get(camera);
    if (kind === undefined || camera === id) return [{ path, message: 'is no device you can see, or is retired' }];
    return kinds.latest(kind)?.stream ? [] : [{ path, message: `is a ${kind}, which has no stream` }];
  });
  if (issues.length > 0) throw new CitywatchError('request.invalid', { issues });
}

/** Replaces the cameras the caller can see; those beyond the caller's border stay, behind the new ones. */
export async function replaceCameras(
  tx: Tables,
  scope: Jurisdiction,
  { id, cameras }: { id: DeviceId; cameras: readonly DeviceId[] },
): Promise<void> {
  const db = tx.tables<RegistryTables>();
  const visible = withinJurisdiction(db.selectFrom('position').select('id'), 'jurisdiction', scope);
  await db.deleteFrom('position_camera').where('position_id', '=', id).where('camera_id', 'in', visible).execute();
  await db
    .updateTable('position_camera')
    .set((set) => ({ rank: set('rank', '+', HIDDEN_RANK) }))
    .where('position_id', '=', id)
    .where('rank', '<', HIDDEN_RANK)
    .execute();
  if (cameras.length === 0) return;
  await db
    .insertInto('position_camera')
    .values(cameras.map((camera_id, rank) => ({ position_id: id, camera_id, rank })))
    .execute();
}

/**
 * Ends what a move makes foreign. A camera named for a device shows its pictures to all who see the device, by the word
 * of somebody who saw both; once one of them stands in `jurisdiction` instead, that word is the mover's, so a link to
 * something beyond the mover's border ends, unless the device's area holds the camera anyway.
 */
export async function endForeignLinks(
  tx: Tables,
  scope: Jurisdiction,
  { id, jurisdiction }: { id: DeviceId; jurisdiction: Jurisdiction },
): Promise<void> {
  const db = tx.tables<RegistryTables>();
  const links = await db
    .selectFrom('position_camera as link')
    .innerJoin('position as device', 'device.id', 'link.position_id')
    .innerJoin('position as camera', 'camera.id', 'link.camera_id')
    .select(['device.id as position_id', 'camera.id as camera_id'])
    .select(['device.jurisdiction as place', 'camera.jurisdiction as camera_place'])
    .where((where) => where.or([where('device.id', '=', id), where('camera.id', '=', id)]))
    .execute();
  for (const { position_id, camera_id, place, camera_place } of links) {
    const [device, camera, other] =
      position_id === id ? [jurisdiction, camera_place, camera_place] : [place, jurisdiction, place];
    if (covers(scope, other) || covers(device, camera)) continue;
    const link = db.deleteFrom('position_camera').where('position_id', '=', position_id);
    await link.where('camera_id', '=', camera_id).execute();
  }
}

const HIDDEN_RANK = 1_000;
