import { COUNTRY, ownArea, type Scope } from '../../core/jurisdiction.ts';
import type { Caller, DeviceId } from '../../core/types.ts';
import { type Database, sql, type Tables, withinJurisdiction } from '../../platform/database/database.ts';
import type { Hanging, RegistryTables } from '../registry/tables.ts';
import type { Place, UnitLabel } from './places.ts';

/** The time of one unit at one position. */
export interface UnitStay {
  device: DeviceId;
  unit: Omit<UnitLabel, 'endpoint'> & { id: string };
  fromMs: number;
  /** Null for what hangs there today. */
  toMs: number | null;
  how: Hanging;
  reason: string | null;
  /** Name of who saw to it; null for the registration itself, and for what was done before it was written down. */
  by: string | null;
}

export interface StaysRequest {
  /** 1-500. */
  limit: number;
  /** `next` of the page before. */
  after?: string | undefined;
}

export interface StaysPage {
  items: UnitStay[];
  next: string | null;
}

/** Names of units by one of their marks. */
export type UnitMark = { serial: string } | { mac: string } | { id: string };

/** Who hung where and when: of a position, and of a unit by what it is known by. Newest first, nothing left out. */
export class UnitHistory {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** What hung at a position. Empty for one that does not exist or lies beyond the caller's jurisdiction. */
  ofPosition(caller: Caller, id: DeviceId, request: StaysRequest): Promise<StaysPage> {
    return page(stays(this.#database, ownArea(caller)).where('position_id', '=', id), request);
  }

  /** Where units with this mark hung, as far as the caller may see the positions. */
  ofUnit(caller: Caller, mark: UnitMark, request: StaysRequest): Promise<StaysPage> {
    return page(stays(this.#database, ownArea(caller)).where(hasMark(mark)), request);
  }
}

/** As the indices of migration 0178 have it. */
function hasMark(mark: UnitMark) {
  if ('serial' in mark) return sql<boolean>`btrim(unit.serial) = ${mark.serial.trim()}`;
  if ('mac' in mark) return sql<boolean>`string_to_array(unit.mac, ',') @> array[${mark.mac}]::text[]`;
  return sql<boolean>`unit.id = ${mark.id}`;
}

/** What hung at a place before what hangs there now; null where nothing did. */
export async function unitBefore(tx: Tables, place: Place): Promise<{ id: string; label: UnitLabel } | null> {
  const row = await stays(tx, COUNTRY)
    .select('unit.endpoint')
    .where('position_id', '=', place.id)
    .where('from_ms', '<', place.fromMs)
    .orderBy('from_ms', 'desc')
    .limit(1)
    .executeTakeFirst();
  if (!row) return null;
  const { serial, mac, endpoint, maker, model, firmware } = row;
  return { id: row.unit_id, label: { serial, mac, endpoint, maker, model, firmware } };
}

/** Whether a unit has hung at another place after it last hung at this one. */
export async function hungElsewhere(tx: Tables, place: Pick<Place, 'id'>, unit: string): Promise<boolean> {
  const rows = await tx
    .tables<RegistryTables>()
    .selectFrom('assignment')
    .select('position_id')
    .where('unit_id', '=', unit)
    .orderBy('from_ms', 'desc')
    .limit(1)
    .execute();
  return rows.some(({ position_id }) => position_id !== place.id);
}

function stays(tables: Tables, scope: Scope) {
  const query = tables
    .tables<RegistryTables>()
    .selectFrom('assignment')
    .innerJoin('unit', 'unit.id', 'unit_id')
    .innerJoin('position', 'position.id', 'position_id')
    .selectAll('assignment')
    .select(['unit.serial', 'unit.mac', 'unit.maker', 'unit.model', 'unit.firmware']);
  return withinJurisdiction(query, 'position.jurisdiction', scope, 'position.police');
}

async function page(query: ReturnType<typeof stays>, { limit, after }: StaysRequest): Promise<StaysPage> {
  const sorted = query
    .orderBy('from_ms', 'desc')
    .orderBy('position_id', 'desc')
    .limit(limit + 1);
  const [fromMs, position = ''] = after?.split(' ') ?? [];
  const rows = await (fromMs === undefined
    ? sorted
    : sorted.where(sql<boolean>`(from_ms, position_id) < (${fromMs}::bigint, ${position})`)
  ).execute();
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  return {
    items: shown.map(stayOf),
    next: rows.length > limit && last ? `${last.from_ms} ${last.position_id}` : null,
  };
}

type StayRow = Awaited<ReturnType<ReturnType<typeof stays>['executeTakeFirstOrThrow']>>;

function stayOf({ unit_id: id, serial, mac, maker, model, firmware, ...row }: StayRow): UnitStay {
  const { position_id: device, from_ms: fromMs, to_ms: toMs, how, reason, by_name: by } = row;
  return { device, unit: { id, serial, mac, maker, model, firmware }, fromMs, toMs, how, reason, by };
}
