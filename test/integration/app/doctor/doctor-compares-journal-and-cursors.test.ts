import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import type { DoctorDeps } from '../../../../src/app/doctor/doctor.ts';
import { checkJournal } from '../../../../src/app/doctor/journal.ts';
import { systemClock } from '../../../../src/core/clock.ts';
import { DATABASE_LIMITS, Database, sql } from '../../../../src/platform/database/database.ts';
import { migrate } from '../../../../src/platform/database/migrate.ts';
import { quietObserver, startPostgres, temporaryDirectory } from '../../../support/services/services.ts';

t.test('doctor says whether the journal and the cursors belong together, and what to do', async (t) => {
  const { url } = await startPostgres(t);
  const dataDir = await temporaryDirectory(t);
  const config = { dataDir, database: { url } } as DoctorDeps['config'];
  const deps = { config, clock: systemClock, observer: quietObserver() } as DoctorDeps;
  t.match(await checkJournal(deps), [{ level: 'fine', what: /not been used by this version/ }]);
  const database = await Database.open({ url, observer: quietObserver(), clock: systemClock, limits: DATABASE_LIMITS });
  t.teardown(() => database.close());
  await migrate(database);
  t.match(await checkJournal(deps), [{ level: 'fine', what: 'ends at live-0 and bulk-0' }]);
  const from = { live: 0, bulk: 0 };
  const openings = [{ id: '0123456789abcdef', from }];
  const lives = { version: 1, lives: [{ id: '0a0b0c0d', from, sinceMs: 1 }], openings };
  await mkdir(join(dataDir, 'journal/live'), { recursive: true });
  await writeFile(join(dataDir, 'journal/lives.json'), JSON.stringify(lives));
  await writeFile(join(dataDir, 'journal/live/0000000000000000.seg'), Buffer.alloc(64 + 100));
  const db = database.tables();
  await sql`insert into journal_life values ('0a0b0c0d', 0, 0, 1, 'begun')`.execute(db);
  await sql`insert into journal_opening (id, at_ms) values ('0123456789abcdef', 1)`.execute(db);
  await sql`insert into rule_cursor values ('live', 100, '0a0b0c0d')`.execute(db);
  t.match(await checkJournal(deps), [{ level: 'fine', what: 'ends at live-100 and bulk-0' }]);
  await sql`insert into journal_opening (id, at_ms) values ('fedcba9876543210', 2)`.execute(db);
  await sql`update rule_cursor set journal_offset = 200`.execute(db);
  t.match(await checkJournal(deps), [
    {
      level: 'problem',
      what: /is older than the database \(it ends at live-100 and bulk-0, reader rules stands at live-200/,
      remedy: /citywatch adopt/,
    },
  ]);
});
