import type { Jurisdiction, Tree } from '../../core/jurisdiction.ts';
import { percentOf } from '../../core/percent.ts';
import type { Caller, DeviceId, DeviceKind } from '../../core/types.ts';
import { type Database, type RawBuilder, sql, withinJurisdiction } from '../../platform/database/database.ts';
import type { RegistryTables } from '../registry/tables.ts';

/** How many construction sites of an area have video. */
export interface SiteCounts {
  sites: number;
  withVideo: number;
  /** See `percentOf`; null where there are no sites. */
  percent: number | null;
  /** Whether those with video reach the gate, by the numbers; null where there are no sites. */
  passed: boolean | null;
}

export interface SiteRow extends SiteCounts {
  jurisdiction: Jurisdiction;
}

/** A construction site, with the cameras below it that are accepted or in service. */
export interface ConstructionSite {
  device: DeviceId;
  name: string;
  jurisdiction: Jurisdiction;
  address: string | null;
  cameras: number;
  /** Those that are not known to be offline. */
  online: number;
}

export interface SiteFilter {
  jurisdiction?: Jurisdiction;
  /** Only sites with cameras, or only those without. */
  video?: boolean;
}

interface PageRequest {
  limit: number;
  after?: string;
}

/**
 * Construction sites (在建工地): positions of the kind `site` and that place type that are neither planned nor retired.
 * A site has video where a camera hangs below it, at whatever depth, that is accepted or in service.
 */
export class ConstructionSites {
  readonly #database: Database;
  readonly #kinds: { all(): DeviceKind[] };
  readonly #tree: Tree;

  constructor({ database, kinds, tree }: { database: Database; kinds: { all(): DeviceKind[] }; tree: Tree }) {
    this.#tree = tree;
    this.#database = database;
    this.#kinds = kinds;
  }

  /** By division, in order of the codes. `gatePercent`: 1-100. */
  async report(
    caller: Caller,
    { jurisdiction, gatePercent }: { jurisdiction?: Jurisdiction; gatePercent: number },
  ): Promise<{ sum: SiteCounts; rows: SiteRow[] }> {
    const filter = jurisdiction === undefined ? {} : { jurisdiction };
    const { rows } = await sql<{ jurisdiction: Jurisdiction; sites: number; withVideo: number }>`
      ${this.#sites(caller, filter)}
      select jurisdiction, count(*)::int as sites, (count(*) filter (where cameras > 0))::int as "withVideo"
      from counted group by jurisdiction order by jurisdiction`.execute(this.#database.tables());
    const total = (name: 'sites' | 'withVideo'): number => rows.reduce((sum, row) => sum + row[name], 0);
    const sum = judged(total('sites'), total('withVideo'), gatePercent);
    return { sum, rows: rows.map((row) => ({ ...row, ...judged(row.sites, row.withVideo, gatePercent) })) };
  }

  /** The sites themselves, in order of id. */
  async list(
    caller: Caller,
    { video, ...filter }: SiteFilter,
    { limit, after = '' }: PageRequest,
  ): Promise<{ items: ConstructionSite[]; next: DeviceId | null }> {
    const asked = video === undefined ? sql`true` : video ? sql`cameras > 0` : sql`cameras = 0`;
    const { rows } = await sql<ConstructionSite>`
      ${this.#sites(caller, filter)}
      select id as device, name, jurisdiction, address, cameras, online from counted
      where id > ${after} and ${asked} order by id limit ${limit + 1}`.execute(this.#database.tables());
    const items = rows.slice(0, limit);
    return { items, next: rows.length > limit ? items.at(-1)!.device : null };
  }

  /** Begins a statement: `counted` has every site, with its cameras as far as the caller may see them. */
  #sites(caller: Caller, { jurisdiction }: { jurisdiction?: Jurisdiction }): RawBuilder<unknown> {
    const positions = this.#database.tables<RegistryTables>().selectFrom('position').selectAll();
    const sites = positions.where('kind', '=', 'site').where('place_type', '=', 'construction-site');
    const inUse = sites.where('state', 'not in', ['planned', 'retired']);
    const standing = withinJurisdiction(inUse, 'jurisdiction', caller, 'police');
    const area =
      jurisdiction === undefined
        ? standing
        : withinJurisdiction(standing, 'jurisdiction', this.#tree.area(jurisdiction));
    const kinds = this.#kinds.all().flatMap(({ kind, stream }) => (stream ? [kind] : []));
    const filming = positions
      .where(sql<boolean>`kind = any(${kinds}::text[])`)
      .where('state', 'in', ['accepted', 'in-service', 'maintenance']);
    return sql`
      with recursive site as (${area}),
      below as (
        select id as site, id from site
        union all
        select b.site, p.id from position p join below b on p.parent = b.id
      ),
      filmed as (
        select b.site, count(*)::int as cameras,
          (count(*) filter (where h.health is distinct from 'offline'))::int as online
        from below b join (${withinJurisdiction(filming, 'jurisdiction', caller, 'police')}) p on p.id = b.id
          left join device_health h on h.position_id = b.id
        group by b.site
      ),
      counted as (
        select s.id, s.name, s.jurisdiction, s.address, coalesce(cameras, 0) as cameras, coalesce(online, 0) as online
        from site s left join filmed on filmed.site = s.id
      )`;
  }
}

function judged(sites: number, withVideo: number, gatePercent: number): SiteCounts {
  const passed = sites === 0 ? null : withVideo * 100 >= sites * gatePercent;
  return { sites, withVideo, percent: percentOf(withVideo, sites), passed };
}
