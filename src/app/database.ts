import type { Clock } from '../core/clock.ts';
import type { Lifecycle } from '../core/lifecycle.ts';
import type { Observer } from '../core/observe.ts';
import { AuditSealer } from '../platform/audit-sealer.ts';
import { Database, type DatabaseShares } from '../platform/database.ts';
import { migrate } from '../platform/migrate.ts';

/** Opens PostgreSQL at `url`, brings it to this version, and has its audit trail sealed from now on. */
export async function openDatabase(
  url: string,
  { clock, observer, lifecycle }: { clock: Clock; observer: Observer; lifecycle: Lifecycle },
): Promise<DatabaseShares> {
  const shares = await Database.openShares({ url, observer, clock });
  lifecycle.onStop('database', () => shares.close());
  await migrate(shares.general);
  const sealer = new AuditSealer({ database: shares.general, clock, observer });
  sealer.start();
  lifecycle.onStop('audit sealer', () => sealer.stop());
  return shares;
}
