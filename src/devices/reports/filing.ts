import { type Clock, chinaDayAt, DAY_MS, startOfChinaDay } from '../../core/clock.ts';
import type { Jurisdiction, Tree } from '../../core/jurisdiction.ts';
import type { PositionFile } from '../../core/registry/position-file.ts';
import type { Caller, DeviceId, DeviceKind } from '../../core/types.ts';
import { type Database, type RawBuilder, sql } from '../../platform/database/database.ts';
import { recordAudit } from '../../platform/records/audit.ts';
import { servingPositions } from './positions.ts';

/** Decree 799 of the State Council (2025): public video is kept for so many days at least. */
const STORAGE_DAYS_MIN = 30;

/** The same, article 14: who puts a system to use files it within so many days. */
const DUE_DAYS = 30;
/** It came into force then (China); what was in use before had to be filed until the end of the other day. */
const IN_FORCE_MS = startOfChinaDay('2025-04-01');
const DUE_OF_BEFORE_MS = startOfChinaDay('2025-06-30');

/** What a filing asks for, and when a position lacks it. */
const ASKED = {
  owner: sql<boolean>`owner is null`,
  purpose: sql<boolean>`purpose is null`,
  placeType: sql<boolean>`place_type is null`,
  address: sql<boolean>`address is null`,
  storageDays: sql<boolean>`storage_days is null or storage_days < ${sql.lit(STORAGE_DAYS_MIN)}`,
  sign: sql<boolean>`accepted_at_ms is null`,
} as const satisfies Record<string, RawBuilder<boolean>>;

const COMPLETE = sql<boolean>`(not (${sql.join(
  Object.values(ASKED).map((lacks) => sql`(${lacks})`),
  sql` or `,
)}))`;

export type FilingField = keyof typeof ASKED;

export const FILING_FIELDS = Object.keys(ASKED) as [FilingField, ...FilingField[]];

/** What one department has of one kind in one division: a system, as a filing (备案) calls it. */
export interface FiledSystem {
  owner: string | null;
  jurisdiction: Jurisdiction;
  kind: string;
  positions: number;
  /** Of these everything is known that a filing asks for. */
  complete: number;
  /** The least that is known of any; null where nothing is. */
  storageDays: number | null;
  /** Those whose sign was photographed at their acceptance. */
  signs: number;
  /** When the first of them went live, Unix ms. */
  sinceMs: number;
  /** A moment of the day on which the first of them is due. */
  dueMs: number;
  /** Those whose day has passed and that lack something: so they were not filed as they must be. */
  overdue: number;
}

/** A position as a filing lists it. */
export interface FiledPosition {
  device: DeviceId;
  gbId: string | null;
  name: string;
  kind: string;
  jurisdiction: Jurisdiction;
  address: string | null;
  /** WGS-84 degrees. */
  lat: number;
  lon: number;
  placeType: string | null;
  owner: string | null;
  tier: PositionFile['tier'] | null;
  purpose: string | null;
  resolution: string | null;
  storageDays: number | null;
  maintainer: string | null;
  /** From its acceptance, or from its registration where it has no record of one. */
  sinceMs: number;
  /** When its sign was photographed; null where it was not. */
  acceptedAtMs: number | null;
  /** A moment of the last day on which it may be filed. */
  dueMs: number;
  /** Whether that day has passed and it lacks something. Whether it was filed nobody tells the gateway. */
  overdue: boolean;
  lacks: FilingField[];
}

export interface FilingFilter {
  jurisdiction?: Jurisdiction;
  kind?: string;
  owner?: string;
  overdue?: boolean;
}

export interface FilingDeps {
  database: Database;
  clock: Clock;
  kinds: { all(): DeviceKind[] };
  tree: Tree;
}

/**
 * What the police is told of public video (备案): who runs which cameras where, what for, and for how many days it is
 * kept. Positions with video that are accepted or in service.
 */
export class Filing {
  readonly #deps: FilingDeps;

  constructor(deps: FilingDeps) {
    this.#deps = deps;
  }

  /** By department, division and kind, in this order; what nobody answers for comes last. */
  async systems(caller: Caller, filter: FilingFilter): Promise<FiledSystem[]> {
    const { rows } = await sql<FiledSystem>`
      ${this.#filed(caller, filter)}
      select owner, jurisdiction, kind, count(*)::int as positions,
        (count(*) filter (where ${COMPLETE}))::int as complete,
        min(due_ms) as "dueMs", (count(*) filter (where overdue))::int as overdue,
        min(storage_days) as "storageDays", count(accepted_at_ms)::int as signs, min(since_ms) as "sinceMs"
      from filed group by owner, jurisdiction, kind order by owner nulls last, jurisdiction, kind`.execute(
      this.#deps.database.tables(),
    );
    return rows;
  }

  /** The positions, in order of id. */
  async positions(
    caller: Caller,
    filter: FilingFilter,
    { limit, after = '' }: { limit: number; after?: string },
  ): Promise<{ items: FiledPosition[]; next: DeviceId | null }> {
    const names = FILING_FIELDS.map((name) => sql`case when ${ASKED[name]} then ${sql.lit(name)} end`);
    const { rows } = await sql<FiledPosition>`
      ${this.#filed(caller, filter)}
      select id as device, gb_id as "gbId", name, kind, jurisdiction, address, lat, lon, place_type as "placeType",
        owner, tier, purpose, resolution, storage_days as "storageDays", maintainer, since_ms as "sinceMs",
        accepted_at_ms as "acceptedAtMs", due_ms as "dueMs", overdue,
        array_remove(array[${sql.join(names)}], null) as lacks
      from filed where id > ${after} order by id limit ${limit + 1}`.execute(this.#deps.database.tables());
    const items = rows.slice(0, limit);
    return { items, next: rows.length > limit ? items.at(-1)!.device : null };
  }

  /** That somebody takes the list away, before they have it. */
  async taken(caller: Caller, filter: FilingFilter): Promise<void> {
    const { database, clock } = this.#deps;
    const { jurisdiction } = caller;
    await recordAudit(database, {
      caller,
      action: 'filing.export',
      subject: 'devices',
      jurisdiction,
      after: { filter },
      atMs: clock.nowMs(),
    });
  }

  #filed(caller: Caller, { owner, overdue, ...area }: FilingFilter): RawBuilder<unknown> {
    const { database, kinds, tree, clock } = this.#deps;
    const today = startOfChinaDay(chinaDayAt(clock.nowMs()));
    const filming = kinds.all().flatMap(({ kind, stream }) => (stream ? [kind] : []));
    const serving = servingPositions(database, tree, caller, area).where(sql<boolean>`kind = any(${filming}::text[])`);
    return sql`
      with known as (
        select p.*, accepted_at_ms, coalesce(accepted_at_ms, p.created_at_ms) as since_ms
        from (${owner === undefined ? serving : serving.where('owner', '=', owner)}) p
          cross join lateral (select min(at_ms) as accepted_at_ms from acceptance where device = p.id) as proof
      ), judged as (
        select *, due_ms < ${today}::bigint and not ${COMPLETE} as overdue from known cross join lateral (
          select case when since_ms < ${IN_FORCE_MS}::bigint then ${DUE_OF_BEFORE_MS}::bigint
            else since_ms + ${DUE_DAYS * DAY_MS}::bigint end as due_ms) as due
      ), filed as (
        select * from judged where ${overdue === undefined ? sql`true` : sql`overdue = ${overdue}`}
      )`;
  }
}
