import { sql, type Tables } from '../platform/database/database.ts';
import type { AccessTables } from './tables.ts';
import { BOOTSTRAP } from './tokens.ts';

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

/**
 * Those of `ids` behind whom stands the same person as behind `id`: who made a token could be who bears it, and so
 * could whoever made the token that it was made with. So nobody is their own second person by tokens of their making.
 * What tokens the settings' own one made are no one person's; that one itself is the same as each of them.
 */
export async function samePersonAmong(tables: Tables, id: string, ids: readonly string[]): Promise<Set<string>> {
  const { rows } = await sql<{ same: string }>`
    with recursive behind (whose, id) as (
      select id, id from unnest(${[id, ...ids]}::text[]) as given (id)
      union
      select behind.whose, token.created_by from behind join api_token token on token.id = behind.id
      where token.id <> ${BOOTSTRAP}
    )
    select distinct other.whose as same from behind mine join behind other on other.id = mine.id
    where mine.whose = ${id} and other.whose = any (${[...ids]}::text[])
      and (mine.id <> ${BOOTSTRAP} or mine.whose = ${BOOTSTRAP} or other.whose = ${BOOTSTRAP})`.execute(
    tables.tables<AccessTables>(),
  );
  return new Set(rows.map(({ same }) => same));
}
