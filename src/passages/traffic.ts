import { type Clock, chinaDayAt, DAY_MS, HOUR_MS, startOfChinaDay } from '../core/clock.ts';
import { invalid } from '../core/errors.ts';
import type { Jurisdiction, Scope, Tree } from '../core/jurisdiction.ts';
import { covers } from '../core/jurisdiction.ts';
import { percentOf } from '../core/percent.ts';
import type { Caller, DeviceId } from '../core/types.ts';
import { type Database, sql } from '../platform/database/database.ts';
import type { PassageTables } from './rows.ts';

export interface TrafficDeps {
  database: Database;
  clock: Clock;
  tree: Tree;
  /** Devices within an area that are not retired. */
  within(scope: Scope): Iterable<{ id: DeviceId; jurisdiction: Jurisdiction }>;
  /** How devices are called; the caller's right to see them is checked before. */
  namesOf(ids: DeviceId[]): Promise<ReadonlyMap<DeviceId, { name: string }>>;
}

/** Passages of a week, and of the same time of another. */
export interface TrafficCounts {
  passages: number;
  against: number;
  /** 100 where both are the same, to one decimal, half up; null where nothing passed in the other week. */
  index: number | null;
}

export interface TrafficRow extends TrafficCounts {
  device: DeviceId;
  name: string;
  jurisdiction: Jurisdiction;
}

export interface TrafficReport {
  /** Mondays of the two weeks, days of China. */
  week: string;
  against: string;
  /** Hours of each week that are compared: fewer than 168 while the week is not over. */
  hours: number;
  sum: TrafficCounts;
  /** In order of id. */
  rows: TrafficRow[];
}

export interface TrafficFilter {
  /** Any day of the week; that of seven days ago, the last one that is over, where it is left out. */
  week?: string;
  /** Any day of the other; that of seven days before where it is left out. */
  against?: string;
  jurisdiction?: Jurisdiction;
}

const WEEK_MS = 7 * DAY_MS;
/** 1970-01-01 was a Thursday. */
const MONDAY_MS = 4 * DAY_MS;

/** How much traffic there is at checkpoints, by the counts of their passages. */
export class Traffic {
  readonly #deps: TrafficDeps;

  constructor(deps: TrafficDeps) {
    this.#deps = deps;
  }

  /**
   * Compares a week with another, checkpoint by checkpoint. Of a week that is not over, the hours that are over are
   * compared with the same hours of the other. Errors: `request.invalid` for a week that has not begun, or the same.
   */
  async compare(caller: Caller, { week, against, jurisdiction }: TrafficFilter): Promise<TrafficReport> {
    const { database, clock, namesOf, tree } = this.#deps;
    const area = jurisdiction === undefined ? null : tree.area(jurisdiction);
    const nowMs = clock.nowMs();
    const fromMs = mondayOf(week === undefined ? nowMs - WEEK_MS : startOfChinaDay(week));
    const otherMs = mondayOf(against === undefined ? fromMs - WEEK_MS : startOfChinaDay(against));
    const hours = Math.floor(Math.min(nowMs - fromMs, nowMs - otherMs, WEEK_MS) / HOUR_MS);
    if (fromMs > nowMs || hours <= 0) throw invalid('week', 'no hour of it is over yet');
    if (fromMs === otherMs) throw invalid('against', 'is the same week: name a day of another');
    const places = new Map<DeviceId, Jurisdiction>();
    for (const { id, jurisdiction: place } of this.#deps.within(caller))
      if (area === null || covers(area, place)) places.set(id, place);
    const counted = (startMs: number) => {
      const from = startMs / HOUR_MS;
      return sql`coalesce(sum(passages) filter (where hour >= ${from} and hour < ${from + hours}), 0)::int`;
    };
    const devices = await this.#counted(places);
    const { rows } = await sql<{ device: DeviceId; passages: number; against: number }>`
      select device, ${counted(fromMs)} as passages, ${counted(otherMs)} as against from passage_count
      where device = any(${devices}::text[])
        and hour >= ${Math.min(fromMs, otherMs) / HOUR_MS} and hour < ${Math.max(fromMs, otherMs) / HOUR_MS + hours}
      group by device order by device`.execute(database.tables());
    const seen = rows.filter((row) => row.passages + row.against > 0);
    const names = await namesOf(seen.map(({ device }) => device));
    const total = (name: 'passages' | 'against'): number => seen.reduce((sum, row) => sum + row[name], 0);
    return {
      week: chinaDayAt(fromMs),
      against: chinaDayAt(otherMs),
      hours,
      sum: indexed({ passages: total('passages'), against: total('against') }),
      rows: seen.map(({ device, ...counts }) => {
        return {
          device,
          name: names.get(device)?.name ?? device,
          jurisdiction: places.get(device)!,
          ...indexed(counts),
        };
      }),
    };
  }

  /** Those of them that ever reported a passage. */
  async #counted(places: ReadonlyMap<DeviceId, Jurisdiction>): Promise<DeviceId[]> {
    const db = this.#deps.database.tables<PassageTables>();
    const rows = await db.selectFrom('passage_device').select('device').execute();
    return rows.flatMap(({ device }) => (places.has(device) ? [device] : []));
  }
}

/** When the week begins in which a moment lies. */
function mondayOf(atMs: number): number {
  const dayMs = startOfChinaDay(chinaDayAt(atMs));
  const sinceMonday = (((dayMs - startOfChinaDay('1970-01-01') - MONDAY_MS) % WEEK_MS) + WEEK_MS) % WEEK_MS;
  return dayMs - sinceMonday;
}

function indexed({ passages, against }: { passages: number; against: number }): TrafficCounts {
  return { passages, against, index: percentOf(passages, against) };
}
