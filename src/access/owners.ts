import { sql, type Tables } from '../platform/database/database.ts';
import type { AccessTables } from './tables.ts';

/**
 * Ids of those among `ids` who can still act at `nowMs`: people who may log in, and tokens that are neither revoked nor
 * expired.
 */
export async function whoIsStillThere(tables: Tables, ids: readonly string[], nowMs: number): Promise<Set<string>> {
  if (ids.length === 0) return new Set();
  const people = await tables
    .tables<AccessTables>()
    .selectFrom('person')
    .select('id')
    .where(sql<string>`id::text`, 'in', ids)
    .where('disabled_at_ms', 'is', null)
    .execute();
  const tokens = await tables
    .tables<AccessTables>()
    .selectFrom('api_token')
    .select('id')
    .where('id', 'in', ids)
    .where('revoked_at_ms', 'is', null)
    .where((where) => where.or([where('expires_at_ms', 'is', null), where('expires_at_ms', '>', nowMs)]))
    .execute();
  return new Set([...people, ...tokens].map(({ id }) => id));
}
