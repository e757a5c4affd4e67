import { DAY_MS, HOUR_MS } from '../../core/clock.ts';
import type { DeviceId } from '../../core/types.ts';
import { type Database, type RawBuilder, sql } from '../../platform/database/database.ts';
import { FILE_MAX_MS } from './recording.ts';

/** China has one time (UTC+8) and no summer time. */
export const AHEAD_MS = 8 * HOUR_MS;

/** The day of China of a moment, as days since 1970-01-01. */
export function dayNumber(atMs: number): number {
  return Math.floor((atMs + AHEAD_MS) / DAY_MS);
}

/** When that day begins, Unix ms. */
export function startOfDay(day: number): number {
  return day * DAY_MS - AHEAD_MS;
}

/** The part of a time that lies on each day that it touches. */
function daysOf(fromMs: RawBuilder<unknown>, toMs: RawBuilder<unknown>) {
  const ahead = sql.lit(AHEAD_MS);
  const length = sql.lit(DAY_MS);
  const begins = sql`day * ${length} - ${ahead}`;
  return sql`
    (select day, least(${toMs}, ${begins} + ${length}) - greatest(${fromMs}, ${begins}) as ms
    from generate_series((${fromMs} + ${ahead}) / ${length}, (${toMs} + ${ahead}) / ${length}) as day)`;
}

/**
 * A statement that adds the files of a named one to their days, or takes them away. It takes rows in one order, so that
 * two of them do not wait for each other. Bytes of a file go to its days by their share of its time.
 */
export function countDays(files: 'added' | 'forgotten'): RawBuilder<unknown> {
  const isAdded = files === 'added';
  const share = sql`sum(case when ends_at_ms = starts_at_ms then bytes
    else bytes * part.ms / (ends_at_ms - starts_at_ms) end)`;
  const recorded = isAdded ? sql`sum(part.ms)` : sql`0`;
  const kept = isAdded ? sql`sum(part.ms)` : sql`-sum(part.ms)`;
  const edge = isAdded ? sql`coalesce(sum(part.ms) filter (where source = 'edge'), 0)` : sql`0`;
  const recordedBytes = isAdded ? share : sql`0`;
  const keptBytes = isAdded ? share : sql`-${share}`;
  return sql`
    insert into recording_day as stood (device, quality, day, recorded_ms, kept_ms, recorded_bytes, kept_bytes,
      edge_ms)
    select device, quality, part.day, ${recorded}, ${kept}, ${recordedBytes}, ${keptBytes},
      ${edge}
    from ${sql.ref(files)} cross join lateral ${daysOf(sql`starts_at_ms`, sql`ends_at_ms`)} as part
    group by device, quality, part.day order by device, quality, part.day
    on conflict (device, quality, day) do update set
      recorded_ms = stood.recorded_ms + excluded.recorded_ms, kept_ms = greatest(0, stood.kept_ms + excluded.kept_ms),
      edge_ms = stood.edge_ms + excluded.edge_ms,
      recorded_bytes = stood.recorded_bytes + excluded.recorded_bytes,
      kept_bytes = greatest(0, stood.kept_bytes + excluded.kept_bytes)
    returning device`;
}

/** A time of cameras, Unix ms. */
export interface DaysAsked {
  devices: readonly DeviceId[];
  fromMs: number;
  toMs: number;
}

export interface DayHoles {
  device: DeviceId;
  day: number;
  holes: number;
  longestMs: number;
  cause: string;
}

/** How much was recorded on a day, and how much of it came from the camera's own storage. */
export type RecordedDay = [day: number, recordedMs: number, edgeMs: number];

/**
 * How much was recorded of cameras on each day; days without anything are left out. All days of a camera are one row:
 * an answer is read in one go as fast as it comes, and a row for each day would hold up everybody else.
 */
export async function recordedDays(
  database: Database,
  { devices, fromMs, toMs }: DaysAsked,
): Promise<Map<DeviceId, RecordedDay[]>> {
  const { rows } = await sql<{ device: DeviceId; days: RecordedDay[] }>`
    select device, json_agg(json_build_array(day, recorded_ms, edge_ms)) as days
    from (
      select device, day, sum(recorded_ms)::bigint as recorded_ms, sum(edge_ms)::bigint as edge_ms from recording_day
      where device = any (${[...devices]}::text[]) and day between ${dayNumber(fromMs)} and ${dayNumber(toMs - 1)}
      group by device, day
    ) as summed group by device`.execute(database.tables());
  return new Map(rows.map(({ device, days }) => [device, days]));
}

/** How many holes touched each day, and the cause of the one that took most of it. */
export async function holesOfDays(database: Database, { devices, fromMs, toMs }: DaysAsked): Promise<DayHoles[]> {
  const begin = sql`greatest(from_ms, ${fromMs}::bigint)`;
  const end = sql`least(coalesce(to_ms, ${toMs}::bigint), ${toMs}::bigint)`;
  const { rows } = await sql<DayHoles>`
    select device, part.day::int as day, count(*)::int as holes, max(part.ms)::float8 as "longestMs",
      (array_agg(cause order by part.ms desc, from_ms))[1] as cause
    from recording_gap cross join lateral ${daysOf(begin, end)} as part
    where coalesce(to_ms, 9007199254740991) > ${fromMs}::bigint and from_ms < ${toMs}::bigint
      and device = any (${[...devices]}::text[]) and part.ms > 0 and cause <> 'not-planned'
    group by device, part.day`.execute(database.tables());
  return rows;
}

/** The oldest day of which something is still there. */
export async function oldestDays(database: Database, devices: readonly DeviceId[]): Promise<Map<DeviceId, number>> {
  const { rows } = await sql<{ device: DeviceId; day: number }>`
    select asked.device, kept.day from unnest(${[...devices]}::text[]) as asked (device)
      cross join lateral (select day from recording_day where recording_day.device = asked.device and kept_ms > 0
        order by day limit 1) as kept`.execute(database.tables());
  return new Map(rows.map(({ device, day }) => [device, day]));
}

/** A day of a camera of which something is pinned. */
export interface PinnedDay {
  device: DeviceId;
  day: number;
  pinnedMs: number;
}

/** How much of cameras is pinned at a moment (Unix ms), day by day. */
export async function pinnedDays(database: Database, devices: readonly DeviceId[], atMs: number): Promise<PinnedDay[]> {
  const { rows } = await sql<PinnedDay>`
    select device, day::int, sum(ms)::float8 as "pinnedMs" from (${pinned(devices, atMs)}) as pinned
    group by device, day`.execute(database.tables());
  return rows;
}

/** As {@link oldestDays}, of what is not pinned. */
export async function oldestUnpinnedDays(
  database: Database,
  devices: readonly DeviceId[],
  atMs: number,
): Promise<Map<DeviceId, number>> {
  // Materialized: for few devices PostgreSQL would look for the pinned files anew for each of their days.
  const { rows } = await sql<{ device: DeviceId; day: number }>`
    with pinned as materialized (${pinned(devices, atMs)})
    select device, min(day)::int as day from recording_day
      left join pinned using (device, quality, day)
    where device = any (${[...devices]}::text[]) and kept_ms > 0 and kept_ms > coalesce(pinned.ms, 0)
    group by device`.execute(database.tables());
  return new Map(rows.map(({ device, day }) => [device, day]));
}

/** Which cameras had something recorded from a day on that is gone. */
export async function removedSince(
  database: Database,
  asked: readonly { device: DeviceId; day: number }[],
): Promise<Set<DeviceId>> {
  const { rows } = await sql<{ device: DeviceId }>`
    select distinct device
    from unnest(${asked.map(({ device }) => device)}::text[], ${asked.map(({ day }) => day)}::int[])
      as asked (device, since) join recording_day using (device)
    where day >= since and recorded_ms > kept_ms`.execute(database.tables());
  return new Set(rows.map(({ device }) => device));
}

/** How much of each day is pinned, by quality: found by the pins, which are few, in the index of files. */
function pinned(devices: readonly DeviceId[], atMs: number): RawBuilder<unknown> {
  return sql`
    select device, quality, part.day::int as day, sum(part.ms) as ms
    from (
      select distinct file.* from recording_pin as pin cross join lateral (
        select device, quality, starts_at_ms, lease_epoch, ends_at_ms from recording
        where recording.device = pin.device and quality in ('main', 'sub')
          and starts_at_ms > pin.from_ms - ${sql.lit(FILE_MAX_MS)} and starts_at_ms < pin.to_ms
          and ends_at_ms > pin.from_ms
        offset 0
      ) as file
      where pin.until_ms > ${Math.floor(atMs)}::bigint and pin.device = any (${[...devices]}::text[])
    ) as file cross join lateral ${daysOf(sql`starts_at_ms`, sql`ends_at_ms`)} as part
    group by device, quality, part.day`;
}
