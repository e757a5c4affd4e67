import { type Database, sql, type Tables } from '../database/database.ts';

/**
 * What a process holds in memory and another may change. The triggers of migration 0174 and on note it by these names;
 * `police` is noted by what writes it.
 */
export type Topic =
  | 'devices'
  | 'kinds'
  | 'jurisdictions'
  | 'departments'
  | 'police'
  | 'tokens'
  | 'people'
  | 'grants'
  | 'watchlists';

/** Notes in the transaction of a change that a topic is to be read anew; other processes are told when it commits. */
export async function noteChange(tx: Tables, topic: Topic): Promise<void> {
  await sql`select note_change(${topic}, '')`.execute(tx.tables());
}

/** Up to where changes have been seen. */
export interface LookPosition {
  /** What was over when they were last looked for (pg_snapshot as text): its changes have all been seen. */
  snapshot: string;
  /** When the server was started: another start, or another server, may have another past. */
  server: string;
}

export interface Change {
  topic: Topic;
  key: string;
}

export interface Look {
  place: LookPosition;
  /** Those since the former place, each once. Null: nobody can tell, so anything may have changed. */
  changes: Change[] | null;
}

/** Looking at everything is cheaper than a longer list. */
const CHANGES_MAX = 10_000;

interface LookRow extends LookPosition {
  isPutBack: boolean | null;
  changes: Change[];
}

/**
 * What was changed since `before`. A number given out before the commit, such as one of a sequence, can become visible
 * after a higher one; so the place is a snapshot, and what it did not see is new, however low its number is. A
 * transaction that goes on for long, in any database of the server, delays and repeats nothing.
 */
export async function lookForChanges(database: Database, before: LookPosition | null): Promise<Look> {
  const since = sql`${before?.snapshot ?? null}::text::pg_snapshot`;
  const { rows } = await sql<LookRow>`
    select s::text as snapshot, pg_postmaster_start_time()::text as server,
      pg_snapshot_xmax(s) < pg_snapshot_xmax(${since}) as "isPutBack",
      coalesce((
        select json_agg(json_build_object('topic', topic, 'key', key)) from (
          select topic, key from followed_change
          where xid >= pg_snapshot_xmin(${since}) and not pg_visible_in_snapshot(xid, ${since})
          limit ${CHANGES_MAX + 1}) c), '[]') as changes
    from pg_current_snapshot() s`.execute(database.tables());
  const { snapshot, server, isPutBack, changes } = rows[0]!;
  const place = { snapshot, server };
  if (before === null) return { place, changes: [] };
  // The transactions of a server that was put back to an earlier state have numbers of before.
  const isAnother = before.server !== server || isPutBack === true;
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
