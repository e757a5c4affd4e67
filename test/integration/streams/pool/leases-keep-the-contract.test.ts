import t, { type Test } from 'tap';
import { systemClock } from '../../../../src/core/clock.ts';
import { DATABASE_LIMITS, Database, sql } from '../../../../src/platform/database/database.ts';
import { migrate } from '../../../../src/platform/database/migrate.ts';
import { LeaseTable } from '../../../../src/streams/pool/lease-table.ts';
import { quietObserver } from '../../../support/services/services.ts';
import { freshDatabase } from '../../../support/services/shared-database.ts';
import { type LeaseWorld, leasesConform } from '../../../support/streams/pool/lease-conformance.ts';
import { MemoryLeaseStore } from '../../../support/streams/pool/memory-leases.ts';
import { ManualClock } from '../../../support/time/clock.ts';

async function inMemory(): Promise<LeaseWorld> {
  const clock = new ManualClock();
  const store = new MemoryLeaseStore(clock);
  return { of: (node) => store.of(node), pass: (ms) => clock.advance(ms) };
}

async function inPostgres(t: Test): Promise<LeaseWorld> {
  const { url } = await freshDatabase(t);
  const database = await Database.open({ url, observer: quietObserver(), clock: systemClock, limits: DATABASE_LIMITS });
  t.teardown(() => database.close());
  await migrate(database);
  const pass = async (ms: number): Promise<void> => {
    await sql`update camera_lease set until = until - ${ms} * interval '1 millisecond'`.execute(database.tables());
  };
  return { of: (node) => new LeaseTable({ database, node }), pass };
}

t.test('in memory, as other tests use them', (t) => leasesConform(t, inMemory));
t.test('in PostgreSQL', (t) => leasesConform(t, inPostgres));
