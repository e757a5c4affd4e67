import { type Database, sql } from '../../../src/platform/database/database.ts';
import { Ownership } from '../../../src/platform/database/ownership.ts';

/** The owner in a database whose lease nobody has taken yet: that of most tests. */
export function firstOwner(node = 'node-test'): Ownership {
  return new Ownership({ self: { node, epoch: 0 }, overtaken: () => {} });
}

/** The owner that has just taken over, as each start of a gateway does. */
export async function nextOwner(database: Database, node = 'node-test'): Promise<Ownership> {
  const { rows } = await sql<{ epoch: number }>`update gateway_lease set epoch = epoch + 1 returning epoch`.execute(
    database.tables(),
  );
  return new Ownership({ self: { node, epoch: rows[0]!.epoch }, overtaken: () => {} });
}
