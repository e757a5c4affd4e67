import { randomBytes, randomUUID } from 'node:crypto';
import type { Caller } from '../../../src/core/types.ts';
import { type Database, sql } from '../../../src/platform/database/database.ts';

/** Somebody who bears a token that `maker` made: with the same rights, and another name. */
export async function bearerOfTokenBy(database: Database<never>, maker: Caller): Promise<Caller> {
  const id = randomUUID();
  await sql`
    with area as (insert into jurisdiction (code, name_zh, name_en) values ('000000', '全国', 'nation')
      on conflict do nothing)
    insert into api_token (id, name, role, jurisdiction, token_hash, created_by, created_at_ms)
    values (${id}, ${`of ${maker.name}`}, 'viewer', '000000', ${randomBytes(32)}, ${maker.id}, 0)`.execute(
    database.tables(),
  );
  return { ...maker, type: 'token', id, name: `of ${maker.name}` };
}
