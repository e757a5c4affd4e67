import t from 'tap';
import { MINUTE_MS, systemClock } from '../../../../src/core/clock.ts';
import { CitywatchError } from '../../../../src/core/errors.ts';
import { DATABASE_LIMITS, Database } from '../../../../src/platform/database/database.ts';
import { migrate } from '../../../../src/platform/database/migrate.ts';
import { DONE, noteOwnWork, WorkQueue } from '../../../../src/platform/work/work.ts';
import { nextOwner } from '../../../support/services/ownership.ts';
import { quietObserver } from '../../../support/services/services.ts';
import { freshDatabase } from '../../../support/services/shared-database.ts';

/** Passes when a test says so. */
let passedMs = 0;
const clock = { ...systemClock, nowMs: () => systemClock.nowMs() + passedMs };
const { url } = await freshDatabase(t);
const database = await Database.open({ url, observer: quietObserver(), clock, limits: DATABASE_LIMITS });
t.teardown(() => database.close());
await migrate(database);
const ownership = await nextOwner(database);
const { signal } = new AbortController();

interface Handling {
  /** What the handler throws for `poison`; null once it is put right. */
  error: Error | null;
  handled: string[];
}

function queueOf(handling: Handling): WorkQueue {
  const queue = new WorkQueue({ database, clock, observer: quietObserver(), ownership, random: () => 0.5 });
  queue.handle('desk', async (key) => {
    handling.handled.push(key);
    if (key === 'poison' && handling.error) throw handling.error;
    return DONE;
  });
  return queue;
}

const note = (...keys: string[]) =>
  noteOwnWork(
    { database, clock, ownership },
    keys.map((key) => ({ queue: 'desk', key })),
  );

/** One try of all that is due, and half a minute. */
async function turn(queue: WorkQueue): Promise<void> {
  await queue.pump('desk', signal);
  await queue.idle();
  passedMs += MINUTE_MS;
}

t.test('what fails again and again is tried rarely, seen, and never given up', async (t) => {
  const handling: Handling = { error: new TypeError('undefined is not a plate'), handled: [] };
  const queue = queueOf(handling);
  await note('poison');
  for (let failures = 1; failures < 12; failures += 1) await turn(queue);
  t.same(await queue.setApart(), [], 'eleven times may be bad luck');
  await turn(queue);
  t.equal(handling.handled.length, 12);
  t.match(await queue.setApart(), [{ queue: 'desk', key: 'poison', failures: 12, failedBy: 'TypeError' }]);
  t.notMatch(JSON.stringify(await queue.setApart()), 'plate', 'what the error said is in the log alone');

  await note('good');
  for (let minutes = 0; minutes < 5; minutes += 1) await turn(queue);
  t.same(handling.handled.slice(12), ['good'], 'others go on, and it takes no turns from them');
  for (let minutes = 0; minutes < 8; minutes += 1) await turn(queue);
  t.same(handling.handled.slice(13), ['poison'], 'every ten minutes');
  await note('poison');
  await turn(queue);
  t.same(handling.handled.slice(14), ['poison'], 'and when more of it comes');

  handling.error = null;
  await queue.releaseClaims();
  await turn(queue);
  t.same(handling.handled.slice(15), ['poison'], 'and at the next start');
  t.same(await queue.setApart(), []);
  t.same(await queue.waiting(), [], 'it is done');
});

t.test('a store that is away says nothing of the work', async (t) => {
  const handling: Handling = { error: new CitywatchError('store.unavailable'), handled: [] };
  const queue = queueOf(handling);
  await note('poison');
  for (let failures = 0; failures < 20; failures += 1) await turn(queue);
  t.equal(handling.handled.length, 20, 'it is tried as often as before');
  t.same(await queue.setApart(), []);
  handling.error = null;
  await turn(queue);
  t.same(await queue.waiting(), []);
});
