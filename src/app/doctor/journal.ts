import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ruleCursors } from '../../alerts/rules/cursors.ts';
import { Registry } from '../../core/observe.ts';
import { fine, problem, type Remark } from '../../core/setup/remarks.ts';
import { glanceAtJournal } from '../../ingest/lives/glance.ts';
import { judgeLives } from '../../ingest/lives/lives.ts';
import { knowsLives, readDatabaseSide } from '../../ingest/lives/lives-store.ts';
import { misfitWords } from '../../ingest/lives/open-lives.ts';
import { DATABASE_LIMITS, Database } from '../../platform/database/database.ts';
import { dataDirectoryIsHeld } from '../local-services/data-directory.ts';
import type { DoctorDeps } from './deps.ts';

const PART = 'journal';

/** Whether the journal and the cursors in the database belong together; a start refuses what does not. */
export async function checkJournal({ config, clock, observer }: DoctorDeps): Promise<Remark[]> {
  const { dataDir } = config;
  const { url } = config.database;
  const isThere = await stat(dataDir).then(
    () => true,
    () => false,
  );
  if (!isThere) return [fine(PART, 'begins with the first start')];
  if (await dataDirectoryIsHeld(dataDir)) return [fine(PART, 'in use; /readyz says where its readers stand')];
  if (url === null) return [fine(PART, 'the start compares it with the private database')];
  // This pool is not the gateway's: it must not stand for it in the metrics.
  const database = await Database.open({
    url,
    observer: { log: observer.log, metrics: new Registry() },
    clock,
    limits: DATABASE_LIMITS,
  });
  try {
    if (!(await knowsLives(database))) return [fine(PART, 'this database has not been used by this version yet')];
    const directory = join(dataDir, 'journal');
    const journal = await glanceAtJournal(directory);
    const verdict = judgeLives(journal, await readDatabaseSide(database, [ruleCursors]));
    if (verdict.fits) return [fine(PART, `ends at live-${journal.head.live} and bulk-${journal.head.bulk}`)];
    const { what, remedy } = misfitWords(verdict, { directory, head: journal.head });
    return [problem(PART, what, remedy)];
  } finally {
    await database.close();
  }
}
