import { type Database, sql } from '../../../src/platform/database/database.ts';
import { OWNERS_LOCK, Ownership } from '../../../src/platform/database/ownership.ts';

/** The owner in a database whose lease nobody has taken yet: that of most tests. */
export function firstOwner(node = 'node-test'): Ownership {
  return new Ownership({ self: { node, epoch: 0 }, overtaken: () => {} });
}

/**
 * The owner that has just taken over, as each start of a gateway does: behind the lock, so that what a killed owner
 * still had under way in the database is committed or refused when this returns.
 */
export async function nextOwner(database: Database, node = 'node-test'): Promise<Ownership> {
  const epoch = await database.transaction(async (tx) => {
    await sql`select pg_advisory_xact_lock(${sql.lit(OWNERS_LOCK)})`.execute(tx.tables());
    const { rows } = await sql<{
      epoch: number;
    }>`update gateway_lease set epoch = epoch + 1 returning epoch`.execute(tx.tables());
    return rows[0]!.epoch;
  });
  return new Ownership({ self: { node, epoch }, overtaken: () => {} });
}
