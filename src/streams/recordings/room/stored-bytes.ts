import { DAY_MS } from '../../../core/clock.ts';
import type { DeviceId } from '../../../core/types.ts';
import { type Database, sql } from '../../../platform/database/database.ts';
import { isPinned } from '../pins.ts';
import { AHEAD_MS, dayNumber } from '../recorded-days.ts';

/** How far back a bit rate is measured. */
export const MEASURED_DAYS = 7;

/** Whether the database counts bytes of days: not before a gateway of this version was started with it. */
export async function knowsBytes(database: Database): Promise<boolean> {
  const { rows } = await sql`
    select from information_schema.columns where table_name = 'recording_day' and column_name = 'kept_bytes'`.execute(
    database.tables(),
  );
  return rows.length > 0;
}

/** How much lies on the disks. */
export async function keptBytes(database: Database): Promise<number> {
  const { rows } = await sql<{ bytes: number }>`
    select coalesce(sum(kept_bytes), 0)::float8 as bytes from recording_day where kept_ms > 0`.execute(
    database.tables(),
  );
  return rows[0]!.bytes;
}

/** Bits per second of what was recorded of each camera since a day, by `device quality`. */
export async function measuredRates(database: Database, sinceMs: number): Promise<Map<string, number>> {
  const { rows } = await sql<{ device: string; quality: string; rate: number }>`
    select device, quality, (sum(recorded_bytes) * 8000.0 / sum(recorded_ms))::float8 as rate from recording_day
    where day >= ${dayNumber(sinceMs)} and recorded_bytes > 0 and recorded_ms > 0
    group by device, quality`.execute(database.tables());
  return new Map(rows.map(({ device, quality, rate }) => [`${device} ${quality}`, rate]));
}

/** From when on files must be kept, Unix ms. */
export interface Kept {
  cameras: readonly { device: DeviceId; sinceMs: number }[];
  /** Those of any other camera. */
  sinceMs: number;
}

/**
 * How many bytes are older than they must be and not pinned at a moment, about: a day that is not wholly older counts
 * by its share.
 */
export async function removableBytes(database: Database, { cameras, sinceMs }: Kept, atMs: number): Promise<number> {
  const devices = cameras.map(({ device }) => device);
  const since = cameras.map((camera) => Math.floor(camera.sinceMs));
  const latest = Math.floor(Math.max(sinceMs, ...since));
  const { rows } = await sql<{ bytes: number }>`
    with asked as (select * from unnest(${devices}::text[], ${since}::bigint[]) as asked (device, since_ms)),
    old as (
      select kept_bytes, coalesce(since_ms, ${Math.floor(sinceMs)}::bigint) - (day::bigint * ${sql.lit(DAY_MS)}
        - ${sql.lit(AHEAD_MS)}) as older_ms
      from recording_day left join asked using (device)
      where kept_ms > 0 and day <= ${dayNumber(latest)}::int
    ),
    pinned as (
      select coalesce(sum(bytes), 0) as bytes from recording left join asked using (device)
      where starts_at_ms < coalesce(since_ms, ${Math.floor(sinceMs)}::bigint) and starts_at_ms < ${latest}::bigint
        and device in (select device from recording_pin where until_ms > ${Math.floor(atMs)}::bigint)
        and ${isPinned(atMs)}
    )
    select (coalesce(sum(kept_bytes * least(1, older_ms / ${sql.lit(DAY_MS)}::float8)), 0)
      - (select bytes from pinned))::float8 as bytes
    from old where older_ms > 0`.execute(database.tables());
  return Math.max(0, rows[0]!.bytes);
}
