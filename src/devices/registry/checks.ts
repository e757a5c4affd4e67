import { CitywatchError, invalid } from '../../core/errors.ts';
import { codeAlone, covers, type Jurisdiction, type Scope } from '../../core/jurisdiction.ts';
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
export function checkJurisdiction(jurisdictions: KnownJurisdictions, code: Jurisdiction, scope: Scope): void {
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

/** A device that is to hang on a parent. */
export interface ToHang {
  /** What the caller may see. */
  scope: Scope;
  id: DeviceId;
  parent: DeviceId;
  /** Kinds of which the parent must be; any where it is undefined. */
  hangsOn: readonly string[] | undefined;
}

/** As {@link checkParents} for one device. */
export function checkParent(tx: Tables, scope: Scope, one: Omit<ToHang, 'scope'>): Promise<void> {
  return checkParents(tx, [{ scope, ...one }]);
}

/** Keeps everybody else from hanging a device on a parent until the transaction ends. */
export async function lockTree(tx: Tables): Promise<void> {
  await sql`select pg_advisory_xact_lock(${sql.lit(PARENT_LOCK)})`.execute(tx.tables());
}

/**
 * A parent must be there, be visible to the caller, not be retired, be of a kind that the device hangs on, and not lie
 * below the device itself. They are taken one after the other; the first that is wrong is the error. However many
 * there are, they cost the same few questions.
 */
export async function checkParents(tx: Tables, all: readonly ToHang[]): Promise<void> {
  if (all.length === 0) return;
  const db = tx.tables<RegistryTables>();
  // Two edits that each look harmless could close a circle together.
  await lockTree(tx);
  const parents = [...new Set(all.map(({ parent }) => parent))];
  const { rows } = await sql<Pick<RegistryTables['position'], 'id' | 'parent' | 'kind' | 'jurisdiction' | 'state'>>`
    with recursive above (id, parent) as (
      select id, parent from position where id = any(${parents}::text[])
      union
      select p.id, p.parent from position p join above on p.id = above.parent
    )
    select position.id, position.parent, kind, jurisdiction, state from above join position using (id)`.execute(db);
  const known = new Map(rows.map((row) => [row.id, row]));
  const parentOf = new Map(rows.map(({ id, parent }) => [id, parent]));
  for (const { scope, id, parent, hangsOn } of all) {
    const found = known.get(parent);
    const isThere = found && found.state !== 'retired' && covers(scope, found.jurisdiction);
    if (!isThere || parent === id) throw invalid('parent', 'is no device you can see, or is retired');
    if (hangsOn && !hangsOn.includes(found.kind)) {
      throw invalid('parent', `is a ${found.kind}; this hangs on ${hangsOn.join(', ')} or on nothing`);
    }
    checkDepth(parentOf, id, parent);
    parentOf.set(id, parent);
  }
}

function checkDepth(parentOf: ReadonlyMap<DeviceId, DeviceId | null>, id: DeviceId, parent: DeviceId): void {
  let levels = 0;
  for (let at: DeviceId | null = parent; at !== null; at = parentOf.get(at) ?? null) {
    if (at === id) throw invalid('parent', 'lies below this device itself');
    levels += 1;
    if (levels >= DEPTH_MAX) throw invalid('parent', `more than ${DEPTH_MAX} levels of parents`);
  }
}

/** Each camera must be there, be visible to the caller, not be retired, and be of a kind with a stream. */
export async function checkCameras(
  tx: Tables,
  scope: Scope,
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
    'police',
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
  scope: Scope,
  { id, cameras }: { id: DeviceId; cameras: readonly DeviceId[] },
): Promise<void> {
  const db = tx.tables<RegistryTables>();
  const visible = withinJurisdiction(db.selectFrom('position').select('id'), 'jurisdiction', scope, 'police');
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
  scope: Scope,
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
    if (covers(scope, other) || covers(codeAlone(device), camera)) continue;
    const link = db.deleteFrom('position_camera').where('position_id', '=', position_id);
    await link.where('camera_id', '=', camera_id).execute();
  }
}

const HIDDEN_RANK = 1_000;
