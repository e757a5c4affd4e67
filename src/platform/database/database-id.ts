import { createHash } from 'node:crypto';
import { type Database, sql, type Tables } from './database.ts';

/**
 * 12 hex digits that tell this database from every other, also from a copy of it on the same server or elsewhere under
 * another name.
 */
export async function databaseId(database: Database): Promise<string> {
  const { rows } = await sql<{ id: string; name: string; oid: string }>`
    select i.id::text as id, d.datname as name, d.oid::text as oid
    from database_identity i, pg_database d where d.datname = current_database()`.execute(database.tables());
  const { id = '', name = '', oid = '' } = rows[0] ?? {};
  return createHash('sha256').update(`${id} ${name} ${oid}`).digest('hex').slice(0, 12);
}

/** The identity that a database was given when it was made: it goes where its rows go, into dumps and copies too. */
export async function databaseIdentity(db: Tables): Promise<string> {
  const { rows } = await sql<{ id: string }>`select id::text as id from database_identity`.execute(db.tables());
  return rows[0]?.id ?? '';
}
