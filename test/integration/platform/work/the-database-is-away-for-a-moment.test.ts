import t from 'tap';
import { systemClock as clock } from '../../../../src/core/clock.ts';
import { CitywatchError } from '../../../../src/core/errors.ts';
import type { Ownership } from '../../../../src/platform/database/ownership.ts';
import { DONE, enqueueWork, WorkQueue } from '../../../../src/platform/work/work.ts';
import { openDatabase } from '../../../support/devices/registry.ts';
import { firstOwner } from '../../../support/services/ownership.ts';
import { quietObserver } from '../../../support/services/services.ts';
import { until } from '../../../support/time/until.ts';

const REFUSED = 3;

const database = await openDatabase(t);
const owner = firstOwner();
/** So many writes more find no database. */
let refusing = 0;
const ownership: Pick<Ownership, 'self' | 'write'> = {
  self: owner.self,
  write: ((...args: Parameters<Ownership['write']>) => {
    if (refusing === 0) return owner.write(...args);
    refusing -= 1;
    return Promise.reject(new CitywatchError('store.unavailable'));
  }) as Ownership['write'],
};
const work = new WorkQueue({ database, clock, observer: quietObserver(), ownership });
const runs: string[] = [];
work.handle('alarm', async (key) => {
  runs.push(key);
  const isFirst = runs.length === 1;
  if (isFirst) refusing = REFUSED;
  if (isFirst && key === 'fails') throw new CitywatchError('store.unavailable');
  return DONE;
});
const left = async () => (await work.waiting()).reduce((sum, { count }) => sum + count, 0);

t.test('what could not be given back while the database was away is due again once it is there', async (t) => {
  await enqueueWork(database, clock, [{ queue: 'alarm', key: 'fails' }]);
  await work.pump('alarm', new AbortController().signal);
  await until('it is done, well before its claim runs out', async () => (await left()) === 0, 20_000);
  t.strictSame(runs, ['fails', 'fails']);
});

t.test('what was done while the database was away is not done once more', async (t) => {
  runs.length = 0;
  await enqueueWork(database, clock, [{ queue: 'alarm', key: 'done' }]);
  await work.pump('alarm', new AbortController().signal);
  await until('it is gone', async () => (await left()) === 0, 20_000);
  t.strictSame(runs, ['done']);
});
