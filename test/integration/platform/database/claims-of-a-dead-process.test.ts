import t from 'tap';
import { systemClock } from '../../../../src/core/clock.ts';
import { Database } from '../../../../src/platform/database/database.ts';
import { migrate } from '../../../../src/platform/database/migrate.ts';
import { DONE, enqueueWork, WorkQueue } from '../../../../src/platform/work/work.ts';
import { quietObserver } from '../../../support/services.ts';
import { freshDatabase } from '../../../support/shared-database.ts';

const clock = systemClock;
const { url } = await freshDatabase(t);
const database = await Database.open({ url, observer: quietObserver(), clock });
t.teardown(() => database.close());
await migrate(database);

t.test('work that a killed gateway held is done at once by its next life, and only once settled', async (t) => {
  const { signal } = new AbortController();
  const ticket = { queue: 'desk', key: 'kiosk-fire|k1' };
  const before = new WorkQueue({ database, clock, observer: quietObserver() });
  let comeBack: () => void = () => {};
  before.handle('desk', async () => {
    await new Promise<void>((resolve) => {
      comeBack = resolve;
    });
    return DONE;
  });
  await enqueueWork(database, clock, [ticket]);
  t.equal(await before.pump('desk', signal), 1);

  const done: string[] = [];
  const after = new WorkQueue({ database, clock, observer: quietObserver() });
  after.handle('desk', async (key) => {
    done.push(key);
    return done.length === 1 ? { again: { atMs: clock.nowMs() + 60_000 } } : DONE;
  });
  t.equal(await after.pump('desk', signal), 0, 'the claim holds');
  t.equal(await after.releaseClaims(), 1);
  t.equal(await after.pump('desk', signal), 1);
  await after.idle();
  t.same(done, [ticket.key]);
  comeBack();
  await before.idle();
  t.same(await after.waiting(), [{ queue: 'desk', count: 1 }], 'who lost the claim settles nothing');
});
