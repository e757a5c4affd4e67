import { type Clock, DAY_MS, toRfc3339 } from '../core/clock.ts';
import { CitywatchError } from '../core/errors.ts';
import { covers, type Jurisdiction, type Place, type Tree } from '../core/jurisdiction.ts';
import { maskPlate, normalizePlate } from '../core/plates.ts';
import { receiptId } from '../core/receipt.ts';
import type { Caller, DeviceId, FieldValue, Lane } from '../core/types.ts';
import { type Database, type RawBuilder, sql } from '../platform/database/database.ts';
import type { Look } from '../platform/records/access-register.ts';
import { ownerOf, type PassageRow, type PassageTables, type PlateKeys, plateHash } from './rows.ts';
import { isPlateQuestion, placesUnread, platesMeant, UNREAD_MAX } from './unread.ts';

export interface PassageSearchDeps {
  database: Database;
  keys: PlateKeys;
  keepDays: number;
  clock: Clock;
  /** Where a device stands today, also a retired one; undefined for one that never was. */
  placeOf(device: DeviceId): Place | undefined;
  tree: Tree;
  /** Resolves once the look is in the access register. */
  register: { add(look: Look): Promise<void> };
}

export interface PassageQuery {
  /** Compared whole, as {@link normalizePlate} has it; `?` for each of {@link UNREAD_MAX} places that nobody read. */
  plate?: string;
  /** Unix ms, inclusive. */
  fromMs: number;
  /** Unix ms, exclusive; at most {@link SPAN_DAYS_MAX} days later. */
  toMs: number;
  devices?: DeviceId[];
  /** Only what stands in this area. */
  jurisdiction?: Jurisdiction;
  purpose: string;
  case: string | null;
  /** Tell plates as they were read; a search for a plate always does. */
  full: boolean;
  /** 1-500. */
  limit: number;
  /** `next` of the page before. */
  after?: string;
}

export interface Passage {
  device: DeviceId;
  event: string;
  atMs: number;
  receivedAtMs: number;
  clock: string;
  id: string | null;
  receipt: string;
  /** Masked unless the query asked for it whole; several of one vehicle with `|` between; null where none was read. */
  plate: string | null;
  data: Record<string, FieldValue | string[]>;
}

export const SPAN_DAYS_MAX = 31;

/** Who passed where. Nothing is looked up before the look itself is registered. */
export class PassageSearch {
  readonly #deps: PassageSearchDeps;

  constructor(deps: PassageSearchDeps) {
    this.#deps = deps;
  }

  /**
   * Newest first. Errors: `request.invalid`; `not-found` for a device that is not there or not the caller's to see;
   * `request.cursor`; `store.unavailable`; `service.failed` when the vault key is not the one that sealed the plates.
   */
  async search(caller: Caller, query: PassageQuery): Promise<{ items: Passage[]; next: string | null }> {
    const { register, keys, keepDays, clock } = this.#deps;
    check(query);
    const hash = query.plate === undefined ? null : plateHash(keys.hash, query.plate);
    const after = query.after === undefined ? null : placeOf(query.after);
    for (const [index, id] of (query.devices ?? []).entries()) {
      if (this.#sees(caller, id)) continue;
      const issue = { path: `devices.${index}`, message: 'is not there, or is not yours to see' };
      throw new CitywatchError('not-found', { issues: [issue] });
    }
    await register.add(lookOf(caller, query, hash));
    const fromMs = Math.max(query.fromMs, clock.nowMs() - keepDays * DAY_MS);
    const devices = await this.#asked(caller, query);
    if (devices.length === 0 || fromMs >= query.toMs) return { items: [], next: null };
    const range = { fromMs, toMs: query.toMs, after, limit: query.limit + 1 };
    const statement =
      query.plate === undefined ? byDevice(devices, range) : byPlate(this.#meant(query.plate), devices, range);
    const { rows } = await statement.execute(this.#deps.database.tables());
    const page = rows.slice(0, query.limit);
    const last = rows.length > query.limit ? page.at(-1) : undefined;
    const whole = hash !== null || query.full;
    return { items: page.map((row) => this.#passage(row, whole)), next: last ? textOf(last) : null };
  }

  #meant(plate: string): Buffer[] {
    return platesMeant(plate).map((one) => plateHash(this.#deps.keys.hash, one));
  }

  /** The devices that are looked at: those that are named, else all that the caller sees; of both those of the area. */
  async #asked(caller: Caller, { devices, jurisdiction }: PassageQuery): Promise<DeviceId[]> {
    const all = devices ?? (await this.#reporting()).filter((id) => this.#sees(caller, id));
    if (jurisdiction === undefined) return all;
    const { placeOf, tree } = this.#deps;
    const area = tree.area(jurisdiction);
    return all.filter((id) => {
      const place = placeOf(id);
      return place !== undefined && covers(area, place);
    });
  }

  #sees(caller: Caller, device: DeviceId): boolean {
    const place = this.#deps.placeOf(device);
    return place !== undefined && covers(caller, place);
  }

  async #reporting(): Promise<DeviceId[]> {
    const db = this.#deps.database.tables<PassageTables>();
    const rows = await db.selectFrom('passage_device').select('device').orderBy('device').execute();
    return rows.map(({ device }) => device);
  }

  #passage(row: PassageRow, whole: boolean): Passage {
    const sealed = whole ? row.plate_sealed : null;
    return {
      device: row.device,
      event: row.event,
      atMs: row.at_ms,
      receivedAtMs: row.received_at_ms,
      clock: row.clock,
      id: row.event_id,
      receipt: receiptOfRow(row),
      plate: sealed ? this.#deps.keys.seal.open(sealed, ownerOf(row)) : row.plate_masked,
      data: row.data as Passage['data'],
    };
  }
}

function receiptOfRow({ lane, journal_offset: offset, incarnation }: PassageRow): string {
  return receiptId({ lane: lane as Lane, offset, incarnation });
}

function check({ plate, fromMs, toMs, full, case: caseNumber }: PassageQuery): void {
  if (plate !== undefined && !isPlateQuestion(normalizePlate(plate))) {
    const message =
      `must be a whole plate of 2 to 16 letters and digits, of which ${UNREAD_MAX} places at most may be \`?\` where ` +
      'nobody read them: beginnings find nothing';
    throw invalid('plate', message);
  }
  if (toMs <= fromMs) throw invalid('to', 'must be later than from');
  if (toMs - fromMs > SPAN_DAYS_MAX * DAY_MS) throw invalid('to', `must be at most ${SPAN_DAYS_MAX} days after from`);
  if (caseNumber === null && (plate !== undefined || full)) {
    throw invalid('case', 'is missing: whoever looks for a plate, or wants plates whole, names the case');
  }
}

function invalid(path: string, message: string): CitywatchError {
  return new CitywatchError('request.invalid', { issues: [{ path, message }] });
}

function lookOf(caller: Caller, query: PassageQuery, hash: Buffer | null): Look {
  const { plate, fromMs, toMs, devices, jurisdiction, full, limit, after } = query;
  return {
    viewer: { type: caller.type, id: caller.id, name: caller.name },
    act: 'plates',
    device: devices?.length === 1 ? (devices[0] ?? null) : null,
    jurisdiction: caller.jurisdiction,
    purpose: query.purpose,
    case: query.case,
    asked: {
      ...(plate === undefined ? {} : askedPlate(plate, hash)),
      from: toRfc3339(fromMs),
      to: toRfc3339(toMs),
      full,
      limit,
      ...(devices ? { devices } : {}),
      ...(jurisdiction === undefined ? {} : { jurisdiction }),
      ...(after === undefined ? {} : { after }),
    },
  };
}

function askedPlate(text: string, hash: Buffer | null) {
  const plate = normalizePlate(text);
  const unread = placesUnread(plate);
  return { plate: maskPlate(plate), plateHash: hash?.toString('hex'), ...(unread > 0 && { unread }) };
}

/** Where a page ended: time, device and identity of its last row. */
interface SearchPosition {
  atMs: number;
  device: string;
  identity: string;
}

function textOf({ at_ms: atMs, device, identity }: PassageRow): string {
  return `${atMs}/${device}/${identity}`;
}

function placeOf(text: string): SearchPosition {
  const [, atMs, device, identity] = /^(\d{1,16})\/([\w.-]{1,64})\/([0-9a-f-]{36})$/.exec(text) ?? [];
  if (atMs === undefined || device === undefined || identity === undefined) throw new CitywatchError('request.cursor');
  return { atMs: Number(atMs), device, identity };
}

interface Range {
  fromMs: number;
  toMs: number;
  after: SearchPosition | null;
  limit: number;
}

/** The bounds of the time stand beside the place as well, because only by them whole days are left out. */
function within({ fromMs, toMs, after }: Range): RawBuilder<boolean> {
  if (!after) return sql`at_ms >= ${fromMs}::bigint and at_ms < ${toMs}::bigint`;
  const place = sql`(${after.atMs}::bigint, ${after.device}::text collate "C", ${after.identity}::uuid)`;
  return sql`at_ms >= ${fromMs}::bigint and at_ms <= ${after.atMs}::bigint and (at_ms, device, identity) < ${place}`;
}

const NEWEST_FIRST = sql`order by at_ms desc, device desc, identity desc`;

/** What a search for a plate runs; its plan is tested. */
export function byPlate(hashes: Buffer[], devices: DeviceId[], range: Range): RawBuilder<PassageRow> {
  // Of one hash the index has the rows in order of time.
  const isMeant = hashes.length === 1 ? sql`= ${hashes[0]}` : sql`= any(${hashes}::bytea[])`;
  return sql<PassageRow>`
    select * from passage where plate_hash ${isMeant} and ${within(range)} and device = any(${devices}::text[])
    ${NEWEST_FIRST} limit ${range.limit}`;
}

/** What any other runs: the newest of each device, and of those the newest; heavy traffic costs no more than light. */
export function byDevice(devices: DeviceId[], range: Range): RawBuilder<PassageRow> {
  return sql<PassageRow>`
    select p.* from unnest(${devices}::text[]) as wanted (id) cross join lateral (
      select * from passage where device = wanted.id and ordinal = 0 and ${within(range)}
      order by at_ms desc, identity desc limit ${range.limit}) as p
    ${NEWEST_FIRST} limit ${range.limit}`;
}
