import type { Clock } from '../../core/clock.ts';
import type { Jurisdiction, Tree } from '../../core/jurisdiction.ts';
import type { PositionFile } from '../../core/registry/position-file.ts';
import type { Caller, DeviceId, DeviceKind } from '../../core/types.ts';
import { type Database, type RawBuilder, sql } from '../../platform/database/database.ts';
import { recordAudit } from '../../platform/records/audit.ts';
import { servingPositions } from './positions.ts';

/** Decree 799 of the State Council (2025): public video is kept for so many days at least. */
const STORAGE_DAYS_MIN = 30;

/** What a filing asks for, and when a position lacks it. */
const ASKED = {
  owner: sql<boolean>`owner is null`,
  purpose: sql<boolean>`purpose is null`,
  placeType: sql<boolean>`place_type is null`,
  address: sql<boolean>`address is null`,
  storageDays: sql<boolean>`storage_days is null or storage_days < ${sql.lit(STORAGE_DAYS_MIN)}`,
  sign: sql<boolean>`accepted_at_ms is null`,
} as const satisfies Record<string, RawBuilder<boolean>>;

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
  lacks: FilingField[];
}

export interface FilingFilter {
  jurisdiction?: Jurisdiction;
  kind?: string;
  owner?: string;
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
    const complete = sql`not (${sql.join(
      Object.values(ASKED).map((lacks) => sql`(${lacks})`),
      sql` or `,
    )})`;
    const { rows } = await sql<FiledSystem>`
      ${this.#filed(caller, filter)}
      select owner, jurisdiction, kind, count(*)::int as positions,
        (count(*) filter (where ${complete}))::int as complete,
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
        accepted_at_ms as "acceptedAtMs", array_remove(array[${sql.join(names)}], null) as lacks
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

  #filed(caller: Caller, { owner, ...area }: FilingFilter): RawBuilder<unknown> {
    const { database, kinds, tree } = this.#deps;
    const filming = kinds.all().flatMap(({ kind, stream }) => (stream ? [kind] : []));
    const serving = servingPositions(database, tree, caller, area).where(sql<boolean>`kind = any(${filming}::text[])`);
    return sql`
      with filed as (
        select p.*, accepted_at_ms, coalesce(accepted_at_ms, p.created_at_ms) as since_ms
        from (${owner === undefined ? serving : serving.where('owner', '=', owner)}) p
          cross join lateral (select min(at_ms) as accepted_at_ms from acceptance where device = p.id) as proof
      )`;
  }
}
