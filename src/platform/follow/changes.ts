import { type Database, sql } from '../database/database.ts';

/** What a process holds in memory and another may change. The triggers of migration 0174 note it by these names. */
export type Topic = 'devices' | 'kinds' | 'jurisdictions' | 'tokens' | 'people' | 'watchlists';

/** Up to where changes have been seen. */
export interface Place {
  /** Changes of transactions below this number have all been seen (xid8). */
  xid: bigint;
  /** When the server was started: another start, or another server, may have another past. */
  server: string;
}

export interface Change {
  id: number;
  topic: Topic;
  key: string;
}

export interface Look {
  place: Place;
  /** Those from the former place on, some of them once more. Null: nobody can tell, so anything may have changed. */
  changes: Change[] | null;
}

/** Looking at everything is cheaper than a longer list. */
const CHANGES_MAX = 10_000;

interface LookRow {
  first: string;
  next: string;
  server: string;
  changes: Change[];
}

/**
 * What was changed since `before`. A number given out before the commit, such as one of a sequence, can become visible
 * after a higher one; so the place is the oldest transaction that still ran, and what is at or above it is seen again.
 */
export async function lookForChanges(database: Database, before: Place | null): Promise<Look> {
  const since = before?.xid ?? null;
  const { rows } = await sql<LookRow>`
    select pg_snapshot_xmin(s)::text as first, pg_snapshot_xmax(s)::text as next,
      pg_postmaster_start_time()::text as server,
      coalesce((
        select json_agg(json_build_object('id', id, 'topic', topic, 'key', key)) from (
          select id, topic, key from followed_change
          where xid >= ${since === null ? null : String(since)}::text::xid8
          limit ${CHANGES_MAX + 1}) c), '[]') as changes
    from pg_current_snapshot() s`.execute(database.tables());
  const { first, next, server, changes } = rows[0]!;
  const place = { xid: BigInt(first), server };
  if (before === null) return { place, changes: [] };
  // The transactions of a server that was put back to an earlier state have numbers of before.
  const isAnother = before.server !== server || BigInt(next) < before.xid;
  return { place, changes: isAnother || changes.length > CHANGES_MAX ? null : changes };
}

/** Rows are kept this long; who has not looked for half of it looks at everything. */
const KEPT_MINUTES = 60;
export const UNSEEN_MAX_MINUTES = KEPT_MINUTES / 2;

/** Removes what everybody has seen. */
export async function pruneChanges(database: Database): Promise<void> {
  const old = sql`noted_at < clock_timestamp() - ${KEPT_MINUTES} * interval '1 minute'`;
  await sql`delete from followed_change where ${old}`.execute(database.tables());
}
