import { randomBytes, randomUUID } from 'node:crypto';
import { toRfc3339 } from '../../core/clock.ts';
import { CitywatchError } from '../../core/errors.ts';
import { covers, type Jurisdiction, ownArea, type Scope } from '../../core/jurisdiction.ts';
import type { Caller, Device, DeviceId } from '../../core/types.ts';
import { sql, type Tables, withinJurisdiction } from '../../platform/database/database.ts';
import { recordAudit } from '../../platform/records/audit.ts';
import { findDevice } from '../registry/queries.ts';
import type { Hanging, RegistryTables } from '../registry/tables.ts';
import { macsOf, serialOf, type UnitIdentity } from './identity.ts';

/** Any number does, as long as nobody else takes the same advisory lock. */
const UNIT_LOCK = 6_104_220_305;
const HASH_BYTES = 32;

export interface UnitLabel extends UnitIdentity {
  firmware: string | null;
}

/** A position, locked, and the unit that hangs there. */
export interface Place {
  id: DeviceId;
  jurisdiction: Jurisdiction;
  version: number;
  unitId: string;
  unit: UnitLabel;
  secretHash: Buffer;
  fromMs: number;
  how: Hanging;
  byName: string | null;
}

/** A row of the table `unit`, and the position where it hangs; null for one that hangs nowhere. */
export interface KnownUnit extends Pick<UnitIdentity, 'serial' | 'mac'> {
  id: string;
  position: DeviceId | null;
  jurisdiction: Jurisdiction | null;
  retired: boolean;
}

/**
 * Lets only one step of any unit go on at a time, until its transaction ends. A unit of which nothing is known yet has
 * no row to lock, so two places could otherwise hang up the same one. Taken before any position is locked.
 */
export async function lockUnits(tx: Tables): Promise<void> {
  await sql`select pg_advisory_xact_lock(${sql.lit(UNIT_LOCK)})`.execute(tx.tables());
}

/** Locks the position. Errors: `not-found` (also beyond `scope`), `conflict.state` for a retired one. */
export async function lockPlace(tx: Tables, scope: Scope, id: DeviceId): Promise<Place> {
  const db = tx.tables<RegistryTables>();
  const locked = db.selectFrom('position').select(['state', 'version', 'jurisdiction']).where('id', '=', id);
  const position = await withinJurisdiction(locked.forUpdate(), 'jurisdiction', scope, 'police').executeTakeFirst();
  if (!position) throw new CitywatchError('not-found');
  if (position.state === 'retired') throw new CitywatchError('conflict.state', { detail: 'The device is retired.' });
  const { version, jurisdiction } = position;
  return { id, version, jurisdiction, ...(await hangingAt(tx, id)) };
}

/** What hangs at a position. Every position has a unit, if only one of which nothing is known. */
export async function hangingAt(tx: Tables, id: DeviceId): Promise<Omit<Place, 'id' | 'version' | 'jurisdiction'>> {
  const row = await tx
    .tables<RegistryTables>()
    .selectFrom('assignment')
    .innerJoin('unit', 'unit.id', 'assignment.unit_id')
    .selectAll()
    .where('position_id', '=', id)
    .where('to_ms', 'is', null)
    .executeTakeFirstOrThrow();
  const { serial, mac, endpoint, maker, model, firmware } = row;
  return {
    unitId: row.unit_id,
    unit: { serial, mac, endpoint, maker, model, firmware },
    secretHash: row.secret_hash,
    fromMs: row.from_ms,
    how: row.how,
    byName: row.by_name,
  };
}

/** Errors: `conflict.state` with what hangs there now and who saw to it, where that is not the one the caller saw. */
export function requireHanging(place: Place, seen: string): void {
  if (place.unitId === seen) return;
  const by = place.byName === null ? '' : ` by ${place.byName}`;
  const since = `since ${toRfc3339(place.fromMs)} (${place.how}${by})`;
  const message = `is no longer what hangs here: ${printed(place.unit)} does ${since}; read the device again`;
  throw new CitywatchError('conflict.state', { issues: [{ path: 'replaces', message }] });
}

/**
 * The rows that stand for the unit of this label: the same serial number, makers that are not known to differ, or a
 * hardware address in common; and the row `id` in any case.
 */
export async function knownUnits(tx: Tables, label: UnitIdentity, id = ''): Promise<KnownUnit[]> {
  const maker = label.maker;
  const rows = await tx
    .tables<RegistryTables>()
    .selectFrom('unit')
    .leftJoin('assignment', (join) => join.onRef('unit_id', '=', 'unit.id').on('to_ms', 'is', null))
    .leftJoin('position', 'position.id', 'assignment.position_id')
    .select(['unit.id', 'unit.serial', 'unit.mac', 'position.id as position'])
    .select(['position.jurisdiction', 'position.state'])
    .where((where) =>
      where.or([
        where('unit.id', '=', id),
        sql<boolean>`btrim(unit.serial) = ${serialOf(label)}::text
          and (unit.maker is null or ${maker}::text is null or lower(unit.maker) = lower(${maker}::text))`,
        sql<boolean>`string_to_array(unit.mac, ',') && ${macsOf(label)}::text[]`,
      ]),
    )
    .orderBy('unit.created_at_ms', 'desc')
    .execute();
  return rows.map(({ state, ...row }) => ({ ...row, retired: state === 'retired' }));
}

/** Where the unit hangs and what to do about it; names the position if the caller may see it. Null: nowhere. */
export function whereHanging(caller: Caller, place: Place, known: readonly KnownUnit[]): string | null {
  const holder = known.find(({ position, retired }) => position !== null && !retired);
  if (!holder) return null;
  const { position, jurisdiction } = holder;
  const where = covers(ownArea(caller), jurisdiction ?? '') ? position : null;
  if (position === place.id) return 'hangs here already';
  if (where !== null)
    return `hangs at ${where}; take it down there first (POST /api/v1/devices/${where}/units/take-down)`;
  return 'hangs at a position outside your jurisdiction; whoever is responsible there must take it down first';
}

/**
 * What is known of a unit once its label says more: a serial number stays, hardware addresses are added, the rest is as
 * it is said today. What is not said stays known. Errors: `conflict.state` for a label that tells another serial number
 * than the unit has told: the history of every place where it hung would show what never hung there.
 */
export function relabelled(known: Pick<UnitIdentity, 'serial' | 'mac'>, label: UnitLabel): Partial<UnitLabel> {
  const [told, said] = [serialOf(known), serialOf(label)];
  if (told !== null && said !== null && told !== said) {
    const message = `is ${said} here, and the unit with this hardware address is ${told}; read the label again`;
    throw new CitywatchError('conflict.state', { issues: [{ path: 'unit.serial', message }] });
  }
  const macs = new Set([...(macsOf(known) ?? []), ...(macsOf(label) ?? [])]);
  const isSaid = Object.fromEntries(Object.entries(label).filter(([, value]) => value !== null));
  const mac = macs.size > 0 ? [...macs].sort().join(',') : null;
  return { ...isSaid, serial: told ?? label.serial ?? known.serial, mac };
}

/** A unit of which nothing is known, with the hash of its secret. Resolves with its id. */
export async function insertUnit(
  tx: Tables,
  { label, secretHash, atMs }: { label: UnitLabel; secretHash: Buffer; atMs: number },
): Promise<string> {
  const unit = { id: randomUUID(), ...label, secret_hash: secretHash, created_at_ms: atMs };
  await tx.tables<RegistryTables>().insertInto('unit').values(unit).execute();
  return unit.id;
}

/** Writes down that something of the position was changed, and reads it as `scope` sees it. */
export async function raiseVersion(
  tx: Tables,
  { id, version }: Pick<Place, 'id' | 'version'>,
  { nowMs, scope }: { nowMs: number; scope: Scope },
): Promise<Device> {
  const change = { version: version + 1, updated_at_ms: nowMs };
  await tx.tables<RegistryTables>().updateTable('position').set(change).where('id', '=', id).execute();
  const device = await findDevice(tx, scope, id);
  if (!device) throw new CitywatchError('not-found');
  return device;
}

/** Raises the version of an edited place and leaves the audit row; resolves with the device as the caller sees it. */
export async function noteEdit(
  tx: Tables,
  place: Pick<Place, 'id' | 'version' | 'jurisdiction'>,
  { caller, action, before, atMs }: { caller: Caller; action: string; before: Device | null; atMs: number },
): Promise<Device> {
  const after = await raiseVersion(tx, place, { nowMs: atMs, scope: ownArea(caller) });
  const subject = `device/${place.id}`;
  await recordAudit(tx, { caller, action, subject, jurisdiction: place.jurisdiction, before, after, atMs });
  return after;
}

/** No secret has this hash. */
export function nobodysHash(): Buffer {
  return randomBytes(HASH_BYTES);
}

/** What a person would call the unit. */
export function printed({ serial, mac, maker, model }: UnitIdentity): string {
  const name = [maker, model].filter(Boolean).join(' ');
  const mark = serial || mac;
  if (mark) return [name, mark].filter(Boolean).join(' ');
  return name || 'a unit without a name';
}

/**
 * Ends what hangs at the place and hangs `unitId` there instead, by a moment that lies after everything else of this
 * place and not before the last of this unit, whatever the clock says meanwhile: the order is the history.
 */
export async function rehang(
  tx: Tables,
  place: Pick<Place, 'id' | 'fromMs'>,
  coming: { unitId: string; how: Hanging; reason: string | null; byName: string; nowMs: number },
): Promise<number> {
  const db = tx.tables<RegistryTables>();
  const { unitId, how, reason, byName, nowMs } = coming;
  const last = await db
    .selectFrom('assignment')
    .select(({ fn }) => fn.max('to_ms').as('to_ms'))
    .where('unit_id', '=', unitId)
    .executeTakeFirst();
  const atMs = Math.max(nowMs, place.fromMs + 1, Number(last?.to_ms ?? 0));
  await db
    .updateTable('assignment')
    .set({ to_ms: atMs })
    .where('position_id', '=', place.id)
    .where('to_ms', 'is', null)
    .execute();
  const row = { position_id: place.id, unit_id: unitId, from_ms: atMs, to_ms: null, how, reason, by_name: byName };
  await db.insertInto('assignment').values(row).execute();
  return atMs;
}
