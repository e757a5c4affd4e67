import { type SelectQueryBuilder, type SqlBool, sql } from 'kysely';

/** What a page that begins with the newest is ordered by. */
interface Dated {
  id: string;
  created_at_ms: number;
}

/**
 * One page of `query`, newest first, after `last`; `next` is the id that the following page begins behind. Rows of the
 * same millisecond are in order of id, so that none is shown twice or left out.
 */
export async function newestFirst<Tables, Name extends keyof Tables, Row extends Dated>(
  query: SelectQueryBuilder<Tables, Name, Row>,
  { limit, last }: { limit: number; last: Dated | null },
): Promise<{ rows: Row[]; next: string | null }> {
  const older = last ? query.where(sql<SqlBool>`(created_at_ms, id) < (${last.created_at_ms}, ${last.id})`) : query;
  const ordered = older.orderBy(sql`created_at_ms`, 'desc').orderBy(sql`id`, 'desc');
  const found = (await ordered.limit(limit + 1).execute()) as Row[];
  const rows = found.slice(0, limit);
  return { rows, next: found.length > limit ? rows.at(-1)!.id : null };
}
