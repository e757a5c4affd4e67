import t from 'tap';
import { systemClock } from '../../../../src/core/clock.ts';
import { DATABASE_LIMITS, Database, sql } from '../../../../src/platform/database/database.ts';
import { migrate } from '../../../../src/platform/database/migrate.ts';
import { DONE, type NotedRow, noting, WorkQueue, type WorkTicket } from '../../../../src/platform/work/work.ts';
import { nextOwner } from '../../../support/services/ownership.ts';
import { quietObserver } from '../../../support/services/services.ts';
import { freshDatabase } from '../../../support/services/shared-database.ts';
import { until } from '../../../support/time/until.ts';

/** Passes when a test says so. */
let passedMs = 0;
const clock = { ...systemClock, monotonicMs: () => systemClock.monotonicMs() + passedMs };
const { url } = await freshDatabase(t);
const database = await Database.open({ url, observer: quietObserver(), clock, limits: DATABASE_LIMITS });
t.teardown(() => database.close());
await migrate(database);
const ownership = await nextOwner(database);
const { signal } = new AbortController();

function queueOf(handled: string[], atOnce = 8): WorkQueue {
  const queue = new WorkQueue({ database, clock, observer: quietObserver(), ownership });
  const handler = async (key: string) => {
    handled.push(key);
    return DONE;
  };
  queue.handle('desk', handler, { atOnce });
  return queue;
}

/** Notes work with a statement of its own; resolves with the tickets to begin with. */
async function note(queue: WorkQueue, tickets: WorkTicket[]): Promise<WorkTicket[]> {
  const noted = noting(ownership.self.node, clock.nowMs(), { tickets, desk: queue });
  const along = [{ name: 'noted', body: noted.body }];
  const rows = await ownership.write<NotedRow>(database, { what: 'work', along, body: sql`select * from noted` });
  return noted.noted(rows);
}

const waits = async (): Promise<number> => (await queueOf([]).waiting())[0]?.count ?? 0;

t.test('there is no claim and no ring for what has room, and the most urgent has it first', async (t) => {
  const handled: string[] = [];
  const queue = queueOf(handled, 2);
  const tickets = ['c', 'a', 'b'].map((key) => ({ queue: 'desk', key, priority: key === 'b' ? 9 : 1 }));
  const left = queue.begin(await note(queue, tickets), signal);
  t.match(left, [{ key: 'b' }], 'this one is left to a ring');
  await queue.idle();
  t.same(handled, ['a', 'c']);
  t.equal(await queue.pump('desk', signal), 1);
  await queue.idle();
  t.equal(await waits(), 0);
});

t.test('what waits already is in the hands of somebody else', async (t) => {
  const handled: string[] = [];
  const queue = queueOf(handled);
  const ticket = { queue: 'desk', key: 'k' };
  const first = await note(queue, [ticket]);
  t.same(queue.begin(await note(queue, [ticket]), signal), [{ ...ticket, stood: true }]);
  queue.begin(first, signal);
  await until('it was done once more for what was added', () => handled.length === 2);
  await queue.idle();
  t.equal(await waits(), 0);
});

t.test('nobody rings for what is added to a key that is worked on here, and it is done', async (t) => {
  const queue = queueOf([]);
  const runs: (() => void)[] = [];
  const handler = () => new Promise<typeof DONE>((resolve) => runs.push(() => resolve(DONE)));
  queue.handle('desk', handler);
  const ticket = { queue: 'desk', key: 'k' };
  queue.begin(await note(queue, [ticket]), signal);
  t.same(queue.begin(await note(queue, [ticket]), signal), []);
  runs[0]!();
  await until('it is worked on once more', () => runs.length === 2);
  runs[1]!();
  await queue.idle();
  t.equal(await waits(), 0);
});

t.test('work whose commit nobody was told of is begun all the same, and only once its time is over', async (t) => {
  const handled: string[] = [];
  const queue = queueOf(handled);
  await note(queue, [{ queue: 'desk', key: 'lost' }]);
  t.same(await queue.due(), []);
  t.equal(await queue.pump('desk', signal), 0, 'the transaction may still be under way');
  passedMs += 3_000;
  t.same(await queue.due(), ['desk'], 'the sweep is told');
  t.equal(await queue.pump('desk', signal), 1);
  await queue.idle();
  t.same(handled, ['lost']);
  t.equal(await waits(), 0);
});

t.test('a queue that stops begins nothing, and the next start frees what it had claimed', async (t) => {
  const handled: string[] = [];
  const queue = queueOf(handled);
  t.same(queue.begin(await note(queue, [{ queue: 'desk', key: 'late' }]), AbortSignal.abort()), []);
  t.same(handled, []);
  const next = new WorkQueue({ database, clock, observer: quietObserver(), ownership: await nextOwner(database) });
  t.equal(await next.releaseClaims(), 1);
});
