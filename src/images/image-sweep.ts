import { DAY_MS, HOUR_MS } from '../core/clock.ts';
import type { Blobs } from '../platform/blobs/blobs.ts';
import type { Database } from '../platform/database/database.ts';
import type { Ownership } from '../platform/database/ownership.ts';
import { blobKey, blobName, type ImagePlace, type ImageTables } from './image-table.ts';

export interface SweepDeps {
  database: Database;
  ownership: Pick<Ownership, 'transaction'>;
  blobs: Blobs;
  /** The time that is believed. */
  nowMs: number;
  /** Ids that are being written at this moment. */
  underWay: ReadonlySet<string>;
}

export interface Swept {
  /** Where to go on; empty at the end, to begin again. */
  upTo: string;
  files: number;
  rows: number;
}

/** Folders looked through in one go. */
const SHARDS_PER_SWEEP = 64;
/** Younger ones may belong to somebody who is not done. */
const LEFT_ALONE_MS = HOUR_MS;
const DAY = /^\d{4}-\d\d-\d\d$/;
const SHARD = /^[0-9a-f]{2}$/;

/**
 * Looks through the next folders after `after` (`2026-11-22/a3`): removes blobs that no row names, what crashes left of
 * others, and rows whose blob is gone. Names that are none of ours are left alone, and everything is while the store is
 * not the one whose keys the rows have.
 */
export async function sweepImages(deps: SweepDeps, after: string): Promise<Swept> {
  const { blobs } = deps;
  const found: Swept = { upTo: after, files: 0, rows: 0 };
  let looked = 0;
  for (const day of (await blobs.list('')).folders.filter((name) => DAY.test(name))) {
    if (day < after.slice(0, day.length)) continue;
    for (const shard of (await blobs.list(`${day}/`)).folders.filter((name) => SHARD.test(name))) {
      const place = `${day}/${shard}`;
      if (place <= after) continue;
      if (looked === SHARDS_PER_SWEEP) return found;
      looked += 1;
      await sweepShard(deps, { day, shard }, found);
      found.upTo = place;
    }
    found.files += await blobs.sweep(`${day}/`);
  }
  return { ...found, upTo: '' };
}

interface Shard {
  day: string;
  shard: string;
}

async function sweepShard(deps: SweepDeps, { day, shard }: Shard, found: Swept): Promise<void> {
  const { blobs, nowMs, database, underWay } = deps;
  const prefix = `${day}/${shard}/`;
  // Blobs first: the row of one seen here is either being written or found below.
  const there = (await blobs.list(prefix)).blobs;
  const beingWritten = new Set(underWay);
  const rows = await rowsOf(database, { day, shard });
  const named = new Set(rows.map(blobName));
  for (const { name, putAtMs } of there) {
    if (named.has(name) || beingWritten.has(name.slice(0, 36))) continue;
    if (nowMs - putAtMs < LEFT_ALONE_MS) continue;
    await blobs.delete(`${prefix}${name}`);
    found.files += 1;
  }
  const names = new Set(there.map(({ name }) => name));
  for (const row of rows.filter((each) => !names.has(blobName(each)))) {
    // Asked again, because the row may be younger than the list of blobs.
    if (nowMs - row.received_at_ms < LEFT_ALONE_MS || (await blobs.has(blobKey(row)))) continue;
    found.rows += await removeRow(deps, row);
  }
  found.files += await blobs.sweep(prefix);
}

type SweepRow = ImagePlace & Pick<ImageTables['image'], 'last_sent_at_ms'>;

async function rowsOf(database: Database, { day, shard }: Shard): Promise<SweepRow[]> {
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

/** Not one that was sent again meanwhile: its blob is being written anew. */
async function removeRow({ database, ownership }: SweepDeps, row: SweepRow): Promise<number> {
  return await ownership.transaction(database, 'that a picture is gone', async (tx) => {
    const { numDeletedRows } = await tx
      .tables<ImageTables>()
      .deleteFrom('image')
      .where('id', '=', row.id)
      .where('last_sent_at_ms', '=', row.last_sent_at_ms)
      .executeTakeFirst();
    return Number(numDeletedRows);
  });
}
