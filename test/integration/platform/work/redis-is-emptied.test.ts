import { Redis } from 'ioredis';
import t from 'tap';
import { systemClock } from '../../../../src/core/clock.ts';
import { DATABASE_LIMITS, Database } from '../../../../src/platform/database/database.ts';
import { migrate } from '../../../../src/platform/database/migrate.ts';
import { Doorbell } from '../../../../src/platform/work/jobs.ts';
import { DONE, noteOwnWork, WorkQueue } from '../../../../src/platform/work/work.ts';
import { nextOwner } from '../../../support/services/ownership.ts';
import { quietObserver, startRedis } from '../../../support/services/services.ts';
import { freshDatabase } from '../../../support/services/shared-database.ts';
import { until } from '../../../support/time/until.ts';

const KEYS = 200;
/** Rings that wait, are active, and are known as the same; with what BullMQ keeps of each queue. */
const REDIS_KEYS_MAX = 60;

const observer = quietObserver();
const clock = systemClock;
const { url } = await freshDatabase(t);
const redis = await startRedis(t);
const database = await Database.open({ url, observer, clock, limits: DATABASE_LIMITS });
await migrate(database);
const ownership = await nextOwner(database);
const work = new WorkQueue({ database, clock, observer, ownership });
const done = new Map<string, number>();
work.handle('desk', async (key) => {
  done.set(key, (done.get(key) ?? 0) + 1);
  return DONE;
});
const doorbell = new Doorbell({ redisUrl: redis.url, databaseId: 'emptied', work, clock, observer, sweepMs: 200 });
doorbell.start();
const [, password = '', path = ''] = /^unix:\/\/:([^@]*)@(.*)$/.exec(redis.url) ?? [];
const inside = new Redis({ path: decodeURIComponent(path), password: decodeURIComponent(password) });
t.teardown(async () => {
  inside.disconnect();
  await doorbell.stop(AbortSignal.timeout(2_000));
  await database.close();
});

const note = async (name: string) => {
  const tickets = Array.from({ length: KEYS }, (_, index) => ({ queue: 'desk', key: `${name}-${index}` }));
  await noteOwnWork({ database, clock, ownership }, tickets);
  doorbell.ring('desk');
};
const doneOf = (name: string) => [...done].filter(([key]) => key.startsWith(`${name}-`));
const isDone = (name: string) => until(`all of ${name}`, () => doneOf(name).length === KEYS);

t.test('however often it is rung, Redis holds a few keys', async (t) => {
  await until('the connection', () => doorbell.up());
  for (let ring = 0; ring < 5_000; ring += 1) doorbell.ring('desk');
  await note('many');
  await isDone('many');
  t.ok((await inside.dbsize()) <= REDIS_KEYS_MAX, `${await inside.dbsize()} keys`);
});

t.test('rings that Redis has not answered yet become one more, and none is forgotten', async (t) => {
  const scripts = async () => Number(/cmdstat_evalsha:calls=(\d+)/.exec(await inside.info('commandstats'))?.[1]);
  const before = await scripts();
  for (let ring = 0; ring < 90; ring += 1) doorbell.ring('desk');
  await note('last');
  await isDone('last');
  const asked = (await scripts()) - before;
  t.ok(asked < 40, `${asked} scripts for 91 rings`);
});

t.test('emptied again and again while there is work: all of it is done, each once', async (t) => {
  for (let round = 0; round < 5; round += 1) {
    await note(`round${round}`);
    await inside.flushall();
  }
  for (let round = 0; round < 5; round += 1) await isDone(`round${round}`);
  t.same(
    [...done.values()].filter((times) => times !== 1),
    [],
  );
  await work.idle();
  t.same(await work.waiting(), []);
});

t.test('gone for good: the work stands in PostgreSQL and is looked for there', async (t) => {
  inside.disconnect();
  await redis.stop();
  await until('the loss is seen', () => !doorbell.up());
  await note('without');
  await isDone('without');
  t.same(
    [...done.values()].filter((times) => times !== 1),
    [],
  );
});
