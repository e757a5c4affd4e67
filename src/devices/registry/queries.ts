import type { Scope } from '../../core/jurisdiction.ts';
import type { DeviceUnit } from '../../core/registry/unit.ts';
import type { Device, DeviceId } from '../../core/types.ts';
import { sql, type Tables, withinJurisdiction } from '../../platform/database/database.ts';
import { fileOf } from '../file/file.ts';
import type { Kinds } from '../kinds/kinds.ts';
import { type DirectoryEntry, labelled } from './directory.ts';
import type { RegistryTables } from './tables.ts';

/** Devices as `scope` may see them: a parent or camera beyond the border is left out. */
function devicesWithin(tables: Tables, scope: Scope) {
  const db = tables.tables<RegistryTables>();
  const parent = withinJurisdiction(
    db
      .selectFrom('position as p')
      .select('p.id')
      .whereRef('p.id', '=', 'position.parent' as never),
    'p.jurisdiction',
    scope,
    'p.police',
  );
  const cameras = withinJurisdiction(
    db
      .selectFrom('position_camera as link')
      .innerJoin('position as camera', 'camera.id', 'link.camera_id')
      .select('camera.id')
      .whereRef('link.position_id', '=', 'position.id' as never)
      .where('camera.state', '!=', 'retired')
      .orderBy('link.rank'),
    'camera.jurisdiction',
    scope,
    'camera.police',
  );
  const query = db
    .selectFrom('position')
    .leftJoinLateral(
      (from) =>
        from
          .selectFrom('assignment')
          .innerJoin('unit', 'unit.id', 'assignment.unit_id')
          .selectAll('unit')
          .whereRef('assignment.position_id', '=', 'position.id')
          .where('assignment.to_ms', 'is', null)
          // Looked up one by one: a join would read all assignments for a page of positions.
          .limit(1)
          .as('unit'),
      (join) => join.onTrue(),
    )
    .selectAll('position')
    .select(['unit.id as unit_id', 'unit.maker', 'unit.model', 'unit.serial', 'unit.firmware'])
    .select(['unit.mac', 'unit.endpoint', 'unit.cert_fingerprint', 'unit.cert_subject', 'unit.cert_not_after_ms'])
    .select([
      sql<string | null>`(${parent})`.as('visible_parent'),
      sql<string[]>`array(${cameras})`.as('visible_cameras'),
    ]);
  return withinJurisdiction(query, 'position.jurisdiction', scope, 'position.police');
}

type DeviceRow = Awaited<ReturnType<ReturnType<typeof devicesWithin>['executeTakeFirstOrThrow']>>;

export async function findDevice(tables: Tables, scope: Scope, id: DeviceId): Promise<Device | null> {
  const row = await devicesWithin(tables, scope).where('position.id', '=', id).executeTakeFirst();
  return row ? toDevice(row) : null;
}

/** Those of `ids` that `scope` may see, in the order of `ids`. */
export async function findDevices(tables: Tables, scope: Scope, ids: readonly DeviceId[]): Promise<Device[]> {
  if (ids.length === 0) return [];
  const rows = await devicesWithin(tables, scope).where(sql<boolean>`position.id = any (${ids}::text[])`).execute();
  const byId = new Map(rows.map((row) => [row.id, row]));
  return ids.flatMap((id) => {
    const row = byId.get(id);
    return row ? [toDevice(row)] : [];
  });
}

function toDevice(row: DeviceRow): Device {
  return {
    id: row.id,
    kind: row.kind,
    name: row.name,
    jurisdiction: row.jurisdiction,
    location: { lat: row.lat, lon: row.lon, datum: row.datum },
    parent: row.visible_parent,
    cameras: row.visible_cameras,
    purpose: row.purpose,
    accessClass: row.access_class,
    police: row.police,
    file: fileOf(row),
    state: row.state,
    unit: unitOf(row),
    version: row.version,
    createdAtMs: row.created_at_ms,
    updatedAtMs: row.updated_at_ms,
  };
}

function unitOf(row: DeviceRow): DeviceUnit | null {
  const { unit_id: id, maker, model, serial, mac, endpoint, firmware } = row;
  if (id === null) return null;
  const { cert_fingerprint: fingerprint, cert_subject: subject, cert_not_after_ms: notAfterMs } = row;
  const isShown = fingerprint !== null && subject !== null && notAfterMs !== null;
  const certificate = isShown ? { fingerprint, subject, notAfterMs } : null;
  return { id, maker, model, serial, mac, endpoint, firmware, certificate };
}

/** A page of the directory, in order of id; all devices when `after` is '' and `limit` is large. */
export async function directoryEntries(
  tables: Tables,
  kinds: Kinds,
  filter: { ids?: DeviceId[]; after?: string; limit: number },
): Promise<DirectoryEntry[]> {
  let query = tables
    .tables<RegistryTables>()
    .selectFrom('position')
    .innerJoin('assignment', (join) =>
      join.onRef('assignment.position_id', '=', 'position.id').on('assignment.to_ms', 'is', null),
    )
    .innerJoin('unit', 'unit.id', 'assignment.unit_id')
    .select(['position.id', 'position.name', 'position.kind', 'position.jurisdiction', 'position.state'])
    .select(['position.version', 'position.parent', 'position.access_class', 'position.police', 'unit.secret_hash'])
    .select(['position.lat', 'position.lon', 'position.owner', 'position.tags'])
    .select(['unit.old_secret_hash', 'unit.old_until_ms'])
    .orderBy('position.id')
    .limit(filter.limit);
  if (filter.ids) query = query.where('position.id', 'in', filter.ids);
  if (filter.after !== undefined) query = query.where('position.id', '>', filter.after);
  return (await query.execute()).map(({ id, name, kind, jurisdiction, state, parent, version, ...row }) => ({
    identity: { id, kind, kindVersion: kinds.currentVersion(kind), jurisdiction, police: row.police },
    name,
    state,
    parent,
    place: [row.lon, row.lat],
    accessClass: row.access_class,
    ...labelled(row.owner, row.tags),
    secretHash: row.secret_hash,
    ...(row.old_secret_hash && { oldSecret: { hash: row.old_secret_hash, untilMs: row.old_until_ms ?? 0 } }),
    version,
  }));
}
