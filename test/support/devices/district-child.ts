/**
 * A gateway reduced to what checks districts, for a test that kills it: works on the jobs of the given database, where
 * each device takes a moment and is found as told by its name. Prints a line once some were checked.
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
const { work } = districtWorker(database, await nextOwner(database), () => {
  checked += 1;
  if (checked === Number(enough)) process.stdout.write(`${process.pid}\n`);
});
await work.pump('checks', new AbortController().signal);
