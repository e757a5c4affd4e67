/**
 * A gateway reduced to what checks districts, for a test that kills it: works on the jobs of the given database, where
 * each device is found as told by its name. Prints a line once some were checked, and then checks no more.
 */
import { systemClock } from '../../../src/core/clock.ts';
import { DATABASE_LIMITS, Database } from '../../../src/platform/database/database.ts';
import { nextOwner } from '../services/ownership.ts';
import { quietObserver } from '../services/services.ts';
import { districtWorker } from './district.ts';

const [url = '', enough = ''] = process.argv.slice(2);
const database = await Database.open({
  url,
  observer: quietObserver(),
  clock: systemClock,
  limits: DATABASE_LIMITS,
});
let checked = 0;
const { work } = districtWorker(database, await nextOwner(database), async () => {
  checked += 1;
  if (checked < Number(enough)) return;
  process.stdout.write(`${process.pid}\n`);
  await new Promise(() => {});
});
await work.pump('checks', new AbortController().signal);
