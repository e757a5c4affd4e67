import { DAY_MS, HOUR_MS } from '../../core/clock.ts';
import type { Blobs } from '../../platform/blobs/blobs.ts';
import type { Database } from '../../platform/database/database.ts';
import { blobName, type PhotoTables } from './photo.ts';

/** Days looked through in one go. */
const DAYS_PER_SWEEP = 8;
/** Younger ones may belong to somebody who is not done. */
const LEFT_ALONE_MS = HOUR_MS;
const DAY = /^\d{4}-\d\d-\d\d$/;

/**
 * Looks through the next days after `after` and removes blobs that no row names, and what crashes left of others.
 * Resolves with where to go on; empty at the end, to begin again.
 */
export async function sweepPhotos(
  { database, blobs, nowMs }: { database: Database; blobs: Blobs; nowMs: number },
  after: string,
): Promise<string> {
  const days = (await blobs.list('')).folders.filter((name) => DAY.test(name) && name > after);
  for (const day of days.slice(0, DAYS_PER_SWEEP)) {
    // Blobs first: the row of one that is seen here is either being written or found below.
    const there = (await blobs.list(`${day}/`)).blobs;
    const fromMs = Date.parse(`${day}T00:00:00Z`);
    const rows = await database
      .tables<PhotoTables>()
      .selectFrom('site_photo')
      .select(['id', 'sha256', 'media_type'])
      .where('kept_ms', '>=', fromMs)
      .where('kept_ms', '<', fromMs + DAY_MS)
      .execute();
    const named = new Set(rows.map(blobName));
    for (const { name, putAtMs } of there) {
      if (!named.has(name) && nowMs - putAtMs >= LEFT_ALONE_MS) await blobs.delete(`${day}/${name}`);
    }
    await blobs.sweep(`${day}/`);
  }
  return days.length > DAYS_PER_SWEEP ? days[DAYS_PER_SWEEP - 1]! : '';
}
