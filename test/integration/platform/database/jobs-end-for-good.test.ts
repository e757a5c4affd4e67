import { Redis } from 'ioredis';
import t from 'tap';
import { DATABASE_LIMITS, Database } from '../../../../src/platform/database/database.ts';
import { Doorbell } from '../../../../src/platform/work/jobs.ts';
import { DONE, WorkQueue } from '../../../../src/platform/work/work.ts';
import { firstOwner } from '../../../support/services/ownership.ts';
import { type Owner, quietObserver } from '../../../support/services/services.ts';
import { freshDatabase, sharedRedis } from '../../../support/services/shared-database.ts';
import { ManualClock } from '../../../support/time/clock.ts';
import { until } from '../../../support/time/until.ts';

const QUEUES = ['alerts', 'delivery', 'stages'];

t.test('what BullMQ opens again behind the end of the jobs ends, too', async (t) => {
  const clock = new ManualClock();
  const observer = quietObserver();
  const { url } = await freshDatabase(t);
  const database = await Database.open({ url, observer, clock, limits: DATABASE_LIMITS });
  t.teardown(() => database.close());
  const { url: redisUrl } = await sharedRedis(t);
  const work = new WorkQueue({ database, clock, observer, ownership: firstOwner() });
  for (const queue of QUEUES) work.handle(queue, async () => DONE);
  const copies = copiesOf(t);
  const doorbell = new Doorbell({ redisUrl, databaseId: 'end-for-good', work, clock, observer });
  doorbell.start();
  const listening = () => copies.length >= QUEUES.length && copies.every(({ status }) => status === 'ready');
  await until('every worker listens', listening);
  await doorbell.stop(AbortSignal.timeout(5_000));
  const ended = () => copies.every(({ status }) => status === 'end');
  await until('every copy has ended', ended);
  // As a worker does whose watchdog found its copy stuck just before it was closed.
  await Promise.allSettled(copies.map((copy) => copy.connect()));
  await until('and ends again', ended);
  t.equal(copies.length, QUEUES.length);
});

/** The connections that are made as copies of others from now on. */
function copiesOf(t: Owner): Redis[] {
  const copies: Redis[] = [];
  const { duplicate } = Redis.prototype;
  t.teardown(() => {
    Redis.prototype.duplicate = duplicate;
    for (const copy of copies) copy.disconnect();
  });
  Redis.prototype.duplicate = function copied(this: Redis, options) {
    const copy = duplicate.call(this, options);
    copies.push(copy);
    return copy;
  };
  return copies;
}
