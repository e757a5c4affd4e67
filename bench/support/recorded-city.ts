import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../src/core/clock.ts';
import { type Database, sql } from '../../src/platform/database/database.ts';
import { DayPartitions, dayOf } from '../../src/platform/database/day-partitions.ts';
import { fillRegistry } from '../../test/support/devices/big-registry.ts';
import { firstOwner } from '../../test/support/services/ownership.ts';

/** Of so many devices of the big registry three are cameras. */
const DEVICES_PER_CAMERA = 8 / 3;
/** Files of so many minutes are written with one statement. */
const MINUTES_AT_ONCE = 20;
const FILES_A_DAY = DAY_MS / MINUTE_MS;
const REPORTED_DAYS = 31;
/** Any number but that of another advisory lock. */
const LOCK = 6_104_220_330;

export interface City {
  cameras: string[];
  /** Files that were written. */
  rows: number;
  /** The last whole day of which there are files, Unix ms (UTC). */
  lastDayMs: number;
}

/**
 * Fills a registry with cameras that are all recorded always, their files of a minute each up to `nowMs` until there
 * are `rows`, and the counts and holes of the last 31 days. A camera in a hundred has a hole of two minutes each day,
 * one in twenty an hour that is pinned.
 */
export async function fillRecordings(
  database: Database<never>,
  { cameras: count, rows, nowMs }: { cameras: number; rows: number; nowMs: number },
): Promise<City> {
  await fillRegistry(database, { from: 1, to: Math.ceil(count * DEVICES_PER_CAMERA) + 10 });
  const db = database.tables();
  const found = await sql<{ id: string }>`
    select id from position where kind = 'camera' order by id limit ${count}`.execute(db);
  const cameras = found.rows.map(({ id }) => id);
  const untilMs = dayOf(nowMs);
  await sql`
    insert into recording_plan (device, mode, quality, schedule, version, changed_at_ms, since_ms)
    select id, 'always', 'main', '[]', 1, 1, ${untilMs - 90 * DAY_MS}::bigint
    from unnest(${cameras}::text[]) as id`.execute(db);
  const minutes = Math.ceil(rows / cameras.length);
  const fromMs = untilMs - minutes * MINUTE_MS;
  const days = new DayPartitions({ database, ownership: firstOwner(), table: 'recording', lock: LOCK });
  for (let day = dayOf(fromMs); day < untilMs; day += DAY_MS) await days.ensure([day]);
  for (let done = 0; done < minutes; done += MINUTES_AT_ONCE) {
    const some = { fromMs: fromMs + done * MINUTE_MS, count: Math.min(MINUTES_AT_ONCE, minutes - done) };
    await writeFiles(database, cameras, some);
  }
  await writeDays(database, cameras, untilMs);
  for (const table of ['recording', 'recording_day', 'recording_gap', 'recording_plan', 'recording_pin']) {
    await sql`vacuum analyze ${sql.table(table)}`.execute(db);
  }
  return { cameras, rows: minutes * cameras.length, lastDayMs: untilMs - DAY_MS };
}

async function writeFiles(
  database: Database<never>,
  cameras: readonly string[],
  { fromMs, count }: { fromMs: number; count: number },
): Promise<void> {
  await sql`
    insert into recording (device, quality, starts_at_ms, ends_at_ms, lease_epoch, disk, bytes, lead_bytes, sha256,
      continuity, previous_ends_at_ms, class)
    select id, 'main', at_ms, at_ms + 60000, 1, 'recordings', 30000000, 700, sha256(id::bytea), 'run-' || id, at_ms,
      'public'
    from generate_series(${fromMs}::bigint, ${fromMs + (count - 1) * MINUTE_MS}::bigint, ${MINUTE_MS}::bigint) as at_ms
      cross join unnest(${[...cameras]}::text[]) as id`.execute(database.tables());
}

async function writeDays(database: Database<never>, cameras: readonly string[], untilMs: number): Promise<void> {
  const last = Math.floor(untilMs / DAY_MS);
  const db = database.tables();
  await sql`
    insert into recording_day (device, quality, day, recorded_ms, kept_ms, recorded_bytes, kept_bytes)
    select id, 'main', day, ${DAY_MS}::bigint, ${DAY_MS}::bigint, ${FILES_A_DAY * 30_000_000}::bigint,
      ${FILES_A_DAY * 30_000_000}::bigint
    from generate_series(${last - REPORTED_DAYS}::int, ${last}::int) as day
      cross join unnest(${[...cameras]}::text[]) as id`.execute(db);
  await sql`
    insert into recording_gap (device, quality, from_ms, to_ms, cause)
    select id, 'main', day * ${DAY_MS}::bigint + 1000, day * ${DAY_MS}::bigint + 121000, 'unreachable'
    from generate_series(${last - REPORTED_DAYS}::bigint, ${last - 1}::bigint) as day
      cross join unnest(${cameras.filter((_, n) => n % 100 === 0)}::text[]) as id`.execute(db);
  await sql`
    insert into recording_pin (id, device, from_ms, to_ms, reason, until_ms, by_name, created_at_ms)
    select gen_random_uuid(), id, ${untilMs - 9 * HOUR_MS}::bigint, ${untilMs - 8 * HOUR_MS}::bigint, 'bench',
      ${untilMs + 90 * DAY_MS}::bigint, 'bench', 1
    from unnest(${cameras.filter((_, n) => n % 20 === 0)}::text[]) as id`.execute(db);
}
