import type { Jurisdiction, Tree } from '../../core/jurisdiction.ts';
import { percentOf } from '../../core/percent.ts';
import type { Caller, DeviceId } from '../../core/types.ts';
import { type Database, sql } from '../../platform/database/database.ts';
import { type AreaFilter, servedPositions } from './positions.ts';

/** A period, Unix ms; the end is left out. */
export interface Period {
  fromMs: number;
  toMs: number;
}

/** By code and kind; the sum of all has neither. */
type ByPlace<Counts> = Counts & { jurisdiction: Jurisdiction; kind: string };

/** For which share of a period devices were there. */
export interface OnlineCounts {
  devices: number;
  /** Of which nothing was ever heard: nothing can be said of them, and they count in nothing else. */
  unheard: number;
  /** How long all together should have been there: without maintenances. */
  expectedS: number;
  /** How long of it they were not. */
  offlineS: number;
  /** See `percentOf`; null where nothing was expected. */
  percent: number | null;
}

/** How long faults lasted that ended in a period, from the fault until the device was back. */
export interface RepairCounts {
  outages: number;
  medianS: number | null;
  p90S: number | null;
  worstS: number | null;
  worstDevice: DeviceId | null;
  /** Devices that are offline now. */
  stillOffline: number;
}

export type OnlineRow = ByPlace<OnlineCounts>;
export type RepairRow = ByPlace<RepairCounts>;

/** A report: the sum of all, and rows in order of code and kind. */
export interface SummedReport<Counts> {
  sum: Counts;
  rows: ByPlace<Counts>[];
}

type Found<Counts> = Counts & { jurisdiction: Jurisdiction | null; kind: string | null };

/** When devices were offline (see `HealthStore`), summed up by division and kind. */
export class Outages {
  readonly #database: Database;
  readonly #tree: Tree;

  constructor(database: Database, tree: Tree) {
    this.#database = database;
    this.#tree = tree;
  }

  /**
   * How devices that serve, or served in the period, were there. One counts until it was retired, and from its
   * acceptance, or from its registration where it has no record of one. What lay in a maintenance of the device, or of
   * what it hangs on, counts in neither way.
   */
  async online(caller: Caller, { fromMs, toMs, ...area }: Period & AreaFilter): Promise<SummedReport<OnlineCounts>> {
    const range = sql`int8range(${fromMs}::bigint, ${toMs}::bigint)`;
    const total = (times: ReturnType<typeof sql>) =>
      sql`(select coalesce(sum(upper(one) - lower(one)), 0) from unnest(${times}) as one)`;
    const { rows } = await sql<Found<Omit<OnlineCounts, 'percent'>>>`
      with recursive position_asked as (${this.#served(caller, area, fromMs)}),
      ${workedSince(fromMs)},
      worked as (
        select id, range_agg(int8range(from_ms, ended_ms)) as times from worked_on
        where from_ms < ${toMs}::bigint group by id
      ), offline as (
        select position_id as id, range_agg(int8range(from_ms, to_ms)) as times from device_downtime
        where from_ms < ${toMs}::bigint and (to_ms is null or to_ms > ${fromMs}::bigint) group by position_id
      ), timed as (
        select p.jurisdiction, p.kind, coalesce(p.heard, h.position_id is not null) as heard, offline.times as offline,
          int8multirange(${range} * int8range(since, greatest(since, coalesce(p.retired_at_ms, ${toMs}::bigint))))
            - coalesce(worked.times, '{}') as expected
        from position_asked p left join worked using (id) left join offline using (id)
          left join device_health h on h.position_id = p.id
          cross join lateral (select coalesce(
            (select min(at_ms) from acceptance where device = p.id), p.created_at_ms) as since) as began
      )
      select jurisdiction, kind, count(*)::int as devices, (count(*) filter (where not heard))::int as unheard,
        (coalesce(sum(${total(sql`expected`)}) filter (where heard), 0) / 1000)::bigint as "expectedS",
        (coalesce(sum(${total(sql`expected * offline`)}) filter (where heard and offline is not null), 0)
          / 1000)::bigint as "offlineS"
      from timed group by grouping sets ((jurisdiction, kind), ()) order by jurisdiction, kind`.execute(
      this.#database.tables(),
    );
    return summed(rows.map((row) => ({ ...row, percent: percentOf(row.expectedS - row.offlineS, row.expectedS) })));
  }

  /**
   * How long faults of devices that serve, or served in the period, lasted. One that ended only because the device
   * was retired is none that was repaired. What began in a maintenance of the device, or of what it hangs
   * on, is work and no fault; what lasted less than `leastMs` is left out.
   */
  async repairs(
    caller: Caller,
    { fromMs, toMs, leastMs, ...area }: Period & AreaFilter & { leastMs: number },
  ): Promise<SummedReport<RepairCounts>> {
    const lasted = sql`(to_ms - from_ms)`;
    const part = (share: number) =>
      sql`(percentile_disc(${sql.lit(share)}) within group (order by ${lasted}) filter (where ended) / 1000)::int`;
    const { rows } = await sql<Found<RepairCounts>>`
      with recursive position_asked as (${this.#served(caller, area, fromMs)}),
      ${workedSince(0)},
      fault as (
        select p.id, p.jurisdiction, p.kind, d.from_ms, d.to_ms, d.to_ms is not null as ended
        from device_downtime d join position_asked p on p.id = d.position_id
        where (to_ms is null or (to_ms >= ${fromMs}::bigint and to_ms < ${toMs}::bigint
            and ${lasted} >= ${leastMs}::bigint))
          and not exists (select from worked_on w where w.id = d.position_id
            and d.from_ms >= w.from_ms and (w.ended_ms is null or d.from_ms < w.ended_ms))
          and (p.retired_at_ms is null or to_ms < p.retired_at_ms)
      )
      select jurisdiction, kind, (count(*) filter (where ended))::int as outages,
        ${part(0.5)} as "medianS", ${part(0.9)} as "p90S", ${part(1)} as "worstS",
        (array_agg(id order by ${lasted} desc, id) filter (where ended))[1] as "worstDevice",
        (count(*) filter (where not ended))::int as "stillOffline"
      from fault group by grouping sets ((jurisdiction, kind), ()) order by jurisdiction, kind`.execute(
      this.#database.tables(),
    );
    return summed(rows);
  }

  #served(caller: Caller, area: AreaFilter, sinceMs: number) {
    return servedPositions(this.#database, this.#tree, caller, { ...area, sinceMs });
  }
}

/** Maintenances that ended after a moment, each also of what hangs below the device that is worked on. */
function workedSince(sinceMs: number) {
  return sql`
    worked_on as (
      select position_id as id, from_ms, ended_ms from maintenance
      where ended_ms is null or ended_ms > ${sinceMs}::bigint
      union all
      select p.id, w.from_ms, w.ended_ms from position p join worked_on w on p.parent = w.id
    )`;
}

/** Without a division it is the sum, of which there is always one. */
function summed<Counts>(found: readonly Found<Counts>[]): SummedReport<Counts> {
  const isRow = (row: Found<Counts>): row is ByPlace<Counts> & Found<Counts> => row.jurisdiction !== null;
  const { jurisdiction: _, kind: __, ...sum } = found.find((row) => !isRow(row))!;
  return { sum: sum as Counts, rows: found.filter(isRow) };
}
