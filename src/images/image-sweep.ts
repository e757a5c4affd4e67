import { access, readdir, rm, rmdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type Clock, DAY_MS, HOUR_MS } from '../core/clock.ts';
import type { Database } from '../platform/database/database.ts';
import { dayOf, fileName, type ImagePlace, type ImageTables, pathOf } from './image-table.ts';

export interface SweepDeps {
  database: Database;
  directory: string;
  /** Why the directory is not the disk whose files the rows name; null when it is. */
  volume: { problem(): Promise<string | null> };
  clock: Clock;
  /** Ids that are being written at this moment. */
  underWay: ReadonlySet<string>;
}

export interface Swept {
  /** Where to go on; empty at the end, to begin again. */
  upTo: string;
  files: number;
  rows: number;
}

/** Directories looked through in one go. */
const SHARDS_PER_SWEEP = 64;
/** Younger ones may belong to somebody who is not done. */
const LEFT_ALONE_MS = HOUR_MS;
const DAY = /^\d{4}-\d\d-\d\d$/;
const SHARD = /^[0-9a-f]{2}$/;

/**
 * Looks through the next directories after `after` (`2026-11-22/a3`): removes files that no row names, rows whose file
 * is gone, and directories of past days that are empty. Names that are none of ours are left alone, and everything is
 * while the disk is not the one whose files the rows name.
 */
export async function sweepImages(deps: SweepDeps, after: string): Promise<Swept> {
  const found: Swept = { upTo: after, files: 0, rows: 0 };
  if ((await deps.volume.problem()) !== null) return found;
  let looked = 0;
  for (const day of await directoriesIn(deps.directory, DAY)) {
    if (day < after.slice(0, day.length)) continue;
    for (const shard of await directoriesIn(join(deps.directory, day), SHARD)) {
      const place = `${day}/${shard}`;
      if (place <= after) continue;
      if (looked === SHARDS_PER_SWEEP) return found;
      looked += 1;
      await sweepShard(deps, { day, shard }, found);
      found.upTo = place;
    }
    if (isPast(deps, day)) await removeEmpty(join(deps.directory, day));
  }
  return { ...found, upTo: '' };
}

interface Shard {
  day: string;
  shard: string;
}

async function sweepShard(deps: SweepDeps, { day, shard }: Shard, found: Swept): Promise<void> {
  const path = join(deps.directory, day, shard);
  // Files first: the row of a file seen here is either being written or found below.
  const names = (await readdir(path, { withFileTypes: true })).filter((entry) => entry.isFile());
  const underWay = new Set(deps.underWay);
  const rows = await rowsOf(deps.database, { day, shard });
  const named = new Set(rows.map(fileName));
  for (const { name } of names) {
    if (named.has(name) || underWay.has(name.slice(0, 36))) continue;
    const { mtimeMs } = await stat(join(path, name));
    if (deps.clock.nowMs() - mtimeMs < LEFT_ALONE_MS) continue;
    await rm(join(path, name), { force: true });
    found.files += 1;
  }
  const there = new Set(names.map(({ name }) => name));
  const lost = rows.filter((row) => !there.has(fileName(row)));
  for (const row of lost) {
    if (!(await isLost(deps, row))) continue;
    found.rows += await removeRow(deps.database, row);
  }
  if (isPast(deps, day)) await removeEmpty(path);
}

type Row = ImagePlace & Pick<ImageTables['image'], 'last_sent_at_ms'>;

async function rowsOf(database: Database, { day, shard }: Shard): Promise<Row[]> {
  const fromMs = Date.parse(`${day}T00:00:00Z`);
  return await database
    .tables<ImageTables>()
    .selectFrom('image')
    .select(['id', 'media_type', 'received_at_ms', 'last_sent_at_ms'])
    .where('id', '>=', `${shard}000000-0000-0000-0000-000000000000`)
    .where('id', '<=', `${shard}ffffff-ffff-ffff-ffff-ffffffffffff`)
    .where('received_at_ms', '>=', fromMs)
    .where('received_at_ms', '<', fromMs + DAY_MS)
    .execute();
}

/** Asked again, because the row may be younger than the list of files. */
async function isLost({ directory, volume, clock }: SweepDeps, row: ImagePlace): Promise<boolean> {
  if (clock.nowMs() - row.received_at_ms < LEFT_ALONE_MS) return false;
  const isAbsent = await access(pathOf(directory, row)).then(
    () => false,
    (error: NodeJS.ErrnoException) => error.code === 'ENOENT',
  );
  // A disk may be unmounted at any moment; what it took along is not lost.
  return isAbsent && (await volume.problem()) === null;
}

/** Not one that was sent again meanwhile: its file is being written anew. */
async function removeRow(database: Database, row: Row): Promise<number> {
  const { numDeletedRows } = await database
    .tables<ImageTables>()
    .deleteFrom('image')
    .where('id', '=', row.id)
    .where('last_sent_at_ms', '=', row.last_sent_at_ms)
    .executeTakeFirst();
  return Number(numDeletedRows);
}

/** Nobody writes a new picture there any more. */
function isPast({ clock }: SweepDeps, day: string): boolean {
  return day < dayOf(clock.nowMs() - 2 * DAY_MS);
}

async function removeEmpty(path: string): Promise<void> {
  await rmdir(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOTEMPTY' && error.code !== 'ENOENT') throw error;
  });
}

async function directoriesIn(path: string, names: RegExp): Promise<string[]> {
  const entries = await readdir(path, { withFileTypes: true });
  return entries.flatMap((entry) => (entry.isDirectory() && names.test(entry.name) ? [entry.name] : [])).sort();
}
