import t from 'tap';
import { systemClock } from '../../../../src/core/clock.ts';
import { DATABASE_LIMITS, Database, sql } from '../../../../src/platform/database/database.ts';
import { migrate } from '../../../../src/platform/database/migrate.ts';
import type { Ownership } from '../../../../src/platform/database/ownership.ts';
import { DONE, enqueueWork, WorkQueue } from '../../../../src/platform/work/work.ts';
import { nextOwner } from '../../../support/services/ownership.ts';
import { quietObserver } from '../../../support/services/services.ts';
import { freshDatabase } from '../../../support/services/shared-database.ts';

const clock = systemClock;
const { url } = await freshDatabase(t);
const database = await Database.open({ url, observer: quietObserver(), clock, limits: DATABASE_LIMITS });
t.teardown(() => database.close());
await migrate(database);
const { signal } = new AbortController();
const queueOf = (ownership: Ownership) => new WorkQueue({ database, clock, observer: quietObserver(), ownership });

/** A queue whose handler has claimed `key` and waits for `comeBack`. */
async function claims(ownership: Ownership, key: string) {
  const queue = queueOf(ownership);
  let comeBack: () => void = () => {};
  const back = new Promise<void>((resolve) => {
    comeBack = resolve;
  });
  queue.handle('desk', async () => {
    await back;
    return DONE;
  });
  await enqueueWork(database, clock, [{ queue: 'desk', key }]);
  await queue.pump('desk', signal);
  return { queue, comeBack };
}

t.test('work that a killed gateway held is done at once by its next life, and only once settled', async (t) => {
  const before = await claims(await nextOwner(database), 'kiosk-fire|k1');
  const done: string[] = [];
  const after = queueOf(await nextOwner(database));
  after.handle('desk', async (key) => {
    done.push(key);
    return done.length === 1 ? { again: { atMs: clock.nowMs() + 60_000 } } : DONE;
  });
  t.equal(await after.pump('desk', signal), 0, 'the claim holds');
  t.equal(await after.releaseClaims(), 1);
  t.equal(await after.pump('desk', signal), 1);
  await after.idle();
  t.same(done, ['kiosk-fire|k1']);
  before.comeBack();
  await before.queue.idle();
  t.same(await after.waiting(), [{ queue: 'desk', count: 1 }], 'who lost the claim settles nothing');
});

t.test('the start of another node frees nobody’s claims but its own, and what earlier versions claimed', async (t) => {
  await sql`delete from work_item`.execute(database.tables());
  const first = await claims(await nextOwner(database, 'node-a'), 'fire|k2');
  const claimed = await sql<{ node: string; epoch: number }>`select node, epoch from work_item`.execute(
    database.tables(),
  );
  t.match(claimed.rows, [{ node: 'node-a' }]);
  const second = queueOf(await nextOwner(database, 'node-b'));
  t.equal(await second.releaseClaims(), 0);
  await sql`update work_item set node = '', epoch = 0`.execute(database.tables());
  t.equal(await second.releaseClaims(), 1, 'a claim of no node is of a version before');
  first.comeBack();
  await first.queue.idle();
});
