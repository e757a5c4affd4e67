import { START_PATIENCE_MS } from '../../../platform/database/arrival.ts';
import { DATABASE_LIMITS, Database, type DatabaseShares } from '../../../platform/database/database.ts';
import { knowsLeases } from '../../../platform/database/lease.ts';
import { migrate } from '../../../platform/database/migrate.ts';
import { type HeldLease, type LeaseInput, takeLease } from './lease.ts';

/**
 * Opens PostgreSQL at `url`, takes its lease, and brings it to this version.
 * The lease comes first where the database knows leases: nothing is changed under a gateway that runs.
 */
export async function openDatabase(
  url: string,
  input: Omit<LeaseInput, 'database'> & { ended: AbortSignal },
): Promise<{ shares: DatabaseShares } & HeldLease> {
  const { clock, observer, lifecycle, ended } = input;
  const shares = await Database.openShares({
    url,
    observer,
    clock,
    patienceMs: START_PATIENCE_MS,
    // The start of the private server waited for that.
    isLetIn: input.config.database.url === null,
    ended,
    limits: DATABASE_LIMITS,
  });
  lifecycle.onStop('database', () => shares.close());
  const take = () => takeLease({ ...input, database: shares.alerts });
  const early = (await knowsLeases(shares.general)) ? await take() : null;
  await migrate(shares.general);
  const held = early ?? (await take());
  return { shares, ...held };
}
