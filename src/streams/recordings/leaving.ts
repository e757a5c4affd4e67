import { type Database, sql } from '../../platform/database/database.ts';
import type { Ownership } from '../../platform/database/ownership.ts';
import { isPinned, PINS_LOCK } from './pins.ts';
import type { Recording } from './recording.ts';
import { type RecordingTables, recordingOf } from './recordings.ts';

export interface LeavingDeps {
  database: Database;
  ownership: Pick<Ownership, 'transaction'>;
}

/** Which files retention removes now. */
export class Leaving {
  readonly #deps: LeavingDeps;

  constructor(deps: LeavingDeps) {
    this.#deps = deps;
  }

  /**
   * Those of these files that are not pinned, at Unix ms `atMs`, are leaving from now on, instead of those before:
   * every pin that is made later knows of them. Returns them, the oldest first. Errors: `store.unavailable`,
   * `lease.lost`.
   */
  async choose(files: readonly Recording[], atMs: number): Promise<Recording[]> {
    const { database, ownership } = this.#deps;
    return await ownership.transaction(database, 'recordings that leave', async (tx) => {
      await sql`select pg_advisory_xact_lock(${sql.lit(PINS_LOCK)})`.execute(tx.tables());
      await sql`delete from recording_leaving`.execute(tx.tables());
      // A statement after that of the lock: it sees every pin that had the lock before.
      const { rows } = await sql<RecordingTables['recording']>`
        with chosen as (
          select recording.* from recording join unnest(${files.map(({ device }) => device)}::text[],
            ${files.map(({ quality }) => quality)}::text[], ${files.map(({ startsAtMs }) => startsAtMs)}::bigint[],
            ${files.map(({ leaseEpoch }) => leaseEpoch)}::bigint[])
            as asked (device, quality, starts_at_ms, lease_epoch) using (device, quality, starts_at_ms, lease_epoch)
          where not ${isPinned(atMs)}),
        marked as (
          insert into recording_leaving (device, quality, starts_at_ms, ends_at_ms, lease_epoch)
          select device, quality, starts_at_ms, ends_at_ms, lease_epoch from chosen)
        select * from chosen order by starts_at_ms`.execute(tx.tables());
      return rows.map(recordingOf);
    });
  }
}
