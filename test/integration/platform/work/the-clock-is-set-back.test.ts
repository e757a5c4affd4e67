import t from 'tap';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../../../src/core/clock.ts';
import { DATABASE_LIMITS, Database } from '../../../../src/platform/database/database.ts';
import { migrate } from '../../../../src/platform/database/migrate.ts';
import { DONE, noteOwnWork, WorkQueue, type WorkResult } from '../../../../src/platform/work/work.ts';
import { nextOwner } from '../../../support/services/ownership.ts';
import { quietObserver } from '../../../support/services/services.ts';
import { freshDatabase } from '../../../support/services/shared-database.ts';
import { ShiftedClock } from '../../../support/time/shifted-clock.ts';

const clock = new ShiftedClock();
const { url } = await freshDatabase(t);
const database = await Database.open({ url, observer: quietObserver(), clock, limits: DATABASE_LIMITS });
t.teardown(() => database.close());
await migrate(database);
const ownership = await nextOwner(database);
const { signal } = new AbortController();
/** What becomes of each key; done where nothing stands here. */
const results = new Map<string, () => WorkResult>();
const handled: string[] = [];

function opened(): WorkQueue {
  const queue = new WorkQueue({ database, clock, observer: quietObserver(), ownership, random: () => 0.5 });
  queue.handle('desk', async (key) => {
    handled.push(key);
    return results.get(key)?.() ?? DONE;
  });
  return queue;
}

const queue = opened();
const note = (key: string, dueAtMs?: number) =>
  noteOwnWork({ database, clock, ownership }, [{ queue: 'desk', key, ...(dueAtMs === undefined ? {} : { dueAtMs }) }]);

/** What is handled now, as a sweep finds it. */
async function swept(by = queue): Promise<string[]> {
  handled.length = 0;
  for (const name of await by.due()) await by.pump(name, signal);
  await by.idle();
  return handled.toSorted();
}

t.test('what was noted by a clock that stood a day ahead waits no day when it is set right', async (t) => {
  t.same(await swept(), []);
  await note('before', clock.nowMs() + HOUR_MS);
  const later = clock.nowMs() + 2 * DAY_MS;
  clock.pass(DAY_MS);
  t.same(await swept(), ['before'], 'a day ahead it is due');
  await note('timer', later);
  results.set('fails', () => ({ again: { atMs: clock.nowMs() + 10 * MINUTE_MS } }));
  await note('fails');
  t.same(await swept(), ['fails']);
  await note('comes again');
  clock.pass(-DAY_MS);
  t.same(await swept(), ['comes again']);
  clock.pass(9 * MINUTE_MS);
  t.same(await swept(), []);
  clock.pass(2 * MINUTE_MS);
  t.same(await swept(), ['fails'], 'as long as was said, by the clock of now');
  results.delete('fails');
  clock.pass(11 * MINUTE_MS);
  t.same(await swept(), ['fails']);
  clock.pass(2 * DAY_MS);
  t.same(await swept(), ['timer'], 'a time of its own is what it was');
});

t.test('a clock that was set right while nobody was there is noticed at the start', async (t) => {
  clock.pass(DAY_MS);
  await swept();
  await note('left over');
  clock.pass(-DAY_MS);
  t.same(await swept(opened()), ['left over']);
});

t.test('what has a time of its own is early for no clock', async (t) => {
  await note('later', clock.nowMs() + HOUR_MS);
  t.same(await swept(opened()), []);
  clock.pass(-HOUR_MS);
  t.same(await swept(), []);
  clock.pass(HOUR_MS);
  t.same(await swept(), [], 'when it is set right');
  clock.pass(HOUR_MS);
  t.same(await swept(), ['later']);
});
