import t from 'tap';
import { DiskWatch } from '../../../../src/platform/files/disk-watch.ts';
import { SmallDisk } from '../../../support/faults/small-disk.ts';
import { quietObserver, temporaryDirectory } from '../../../support/services/services.ts';
import { ManualClock } from '../../../support/time/clock.ts';

const MiB = 1024 ** 2;

function watch(path: string, journalFull = false, clock = new ManualClock()): DiskWatch {
  const places = [{ use: 'database', path } as const];
  return new DiskWatch({ places, rooms: [], clock, observer: quietObserver(), journalFull: () => journalFull });
}

t.test('an edit needs room for its message in the journal', async (t) => {
  await watch(t.testdir()).forEdits();
  await t.rejects(watch(t.testdir(), true).forEdits(), {
    code: 'store.full',
    message: /^Nothing was changed: the journal/,
  });
});

if (process.getuid?.() === 0) {
  t.test('an edit needs room in the database, and gets it the moment there is some', async (t) => {
    const path = await temporaryDirectory(t);
    const disk = SmallDisk.mount(t, path, 80);
    const watched = watch(path);
    await watched.forEdits();
    disk.fill(63 * MiB);
    await t.rejects(watched.forEdits(), {
      code: 'store.full',
      retryAfterS: 60,
      message: /the disk of the database is full/,
    });
    await watched.look();
    t.throws(() => watched.check(), { message: /63 MiB free for database .*; no edit is taken; make room/ });
    disk.free();
    await watched.forEdits();
    await watched.look();
    t.match(watched.check(), /80 MiB free for database/, 'still little, and nothing is refused');
  });

  t.test('a disk of much room is asked again after half a second', async (t) => {
    const path = await temporaryDirectory(t);
    SmallDisk.mount(t, path, 8_192);
    const clock = new ManualClock();
    const watched = watch(path, false, clock);
    await watched.forEdits();
    SmallDisk.mount(t, path, 60);
    await clock.advance(499);
    await watched.forEdits();
    await clock.advance(1);
    await t.rejects(watched.forEdits(), { code: 'store.full' });
  });
}
