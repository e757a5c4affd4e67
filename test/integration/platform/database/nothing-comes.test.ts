import t from 'tap';
import { DATABASE_LIMITS, Database } from '../../../../src/platform/database/database.ts';
import { Sealer } from '../../../../src/platform/records/sealer.ts';
import { Doorbell } from '../../../../src/platform/work/jobs.ts';
import { DONE, noteOwnWork, WorkQueue } from '../../../../src/platform/work/work.ts';
import { countStatements } from '../../../support/services/count-statements.ts';
import { firstOwner } from '../../../support/services/ownership.ts';
import { type Owner, quietObserver } from '../../../support/services/services.ts';
import { freshDatabase, sharedRedis } from '../../../support/services/shared-database.ts';
import { ManualClock } from '../../../support/time/clock.ts';
import { until } from '../../../support/time/until.ts';

const QUEUES = ['alerts', 'delivery', 'stages', 'evidence', 'introductions', 'events'];
const SECONDS = 20;

async function open(t: Owner) {
  const clock = new ManualClock();
  const observer = quietObserver();
  const { url } = await freshDatabase(t);
  const database = await Database.open({ url, observer, clock, limits: DATABASE_LIMITS });
  t.teardown(() => database.close());
  return { clock, observer, database, url };
}

t.test('a second in which nothing is due costs one statement, however many queues there are', async (t) => {
  const { clock, observer, database, url } = await open(t);
  const ownership = firstOwner();
  const work = new WorkQueue({ database, clock, observer, ownership });
  const done: string[] = [];
  for (const queue of QUEUES) {
    work.handle(queue, async (key) => {
      done.push(`${queue} ${key}`);
      return DONE;
    });
  }
  const { url: redisUrl } = await sharedRedis(t);
  const doorbell = new Doorbell({ redisUrl, databaseId: 'nothing-comes', work, clock, observer });
  await noteOwnWork({ database, clock, ownership }, [
    { queue: 'delivery', key: 'later', dueAtMs: clock.nowMs() + 60_000 },
  ]);
  doorbell.start();
  t.teardown(() => doorbell.stop(AbortSignal.timeout(2_000)));
  const said = countStatements(t, url);
  for (let second = 1; second <= SECONDS; second += 1) {
    await clock.advance(1_000);
    await until('the second was looked at', () => said.answered >= second);
  }
  t.equal(said.count, SECONDS);
  await noteOwnWork({ database, clock, ownership }, [{ queue: 'stages', key: 'by hand' }]);
  await clock.advance(1_000);
  await until('what nobody rang for is found in the next second', () => done.includes('stages by hand'));
  t.same(done, ['stages by hand'], 'and what is not due is left alone');
});

t.test('a round of the sealer that finds nothing costs one statement', async (t) => {
  const { clock, observer, database, url } = await open(t);
  const sealer = new Sealer({ database, clock, observer });
  sealer.start();
  t.teardown(() => sealer.stop());
  const said = countStatements(t, url);
  for (let round = 1; round <= SECONDS; round += 1) {
    await clock.advance(500);
    await until('the round is over', () => said.answered >= round);
  }
  t.equal(said.count, SECONDS);
});
