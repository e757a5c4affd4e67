import t from 'tap';
import { Database } from '../../../src/platform/database/database.ts';
import { watchSteps } from '../../support/faults/killing.ts';

t.test('a transaction that kills are ordered in is tried again for the same reasons as without', async (t) => {
  const heard: unknown[] = [];
  Database.prototype.transaction = async function (run, lostBy) {
    heard.push(lostBy);
    return await run(this);
  };
  watchSteps();
  const database = Object.create(Database.prototype) as Database;
  t.equal(await database.transaction(async () => 'done', ['alert_one_open']), 'done');
  t.same(heard, [['alert_one_open']], 'and knows by which constraints another writer was first');
});
