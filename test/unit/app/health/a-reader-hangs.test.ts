import t from 'tap';
import { healthChecks } from '../../../../src/app/health/health-checks.ts';
import { ReaderBoard } from '../../../../src/ingest/readers/board.ts';
import { ManualClock } from '../../../support/clock.ts';

function board() {
  const clock = new ManualClock();
  const heads = { live: 100, bulk: 0 };
  const readers = new ReaderBoard({ clock, head: (lane) => heads[lane] });
  readers.start();
  const fine = async (): Promise<void> => {};
  const checks = healthChecks({
    database: { ping: fine },
    doorbell: { up: () => true },
    store: { ping: fine },
    writer: { status: () => ({ ok: true, reason: null }) },
    uplinks: [],
    streams: { processes: () => ({ spawner: 1 }), gap: null, unrenewed: 0 },
    intake: { full: () => false },
    disks: { check: () => undefined },
    findings: { check: () => {} },
    blobs: [],
    ruleFiles: { problem: () => null },
    lease: { held: () => true },
    board: readers,
  });
  const reasonOf = (part: 'rules' | 'readers'): string | null => {
    try {
      checks[part].check(new AbortController().signal);
      return null;
    } catch (error) {
      return (error as Error).message;
    }
  };
  return { clock, heads, readers, checks, reasonOf };
}

t.test('a reader that has something to read and does not move for 30 s is named, until it moves', async (t) => {
  const { clock, readers, checks, reasonOf } = board();
  const rules = readers.add('rules', 'live', 0);
  const twin = readers.add('twin', 'live', 0);
  rules(40);
  twin(100);
  t.match(readers.list(), [
    { name: 'rules', lane: 'live', position: 40, behind: 60 },
    { name: 'twin', position: 100, behind: 0 },
  ]);
  await clock.advance(29_000);
  t.same([reasonOf('rules'), reasonOf('readers')], [null, null]);
  await clock.advance(2_000);
  t.match(reasonOf('rules'), /rules \(live\) has not moved for 31 s with 60 bytes to read/);
  t.equal(reasonOf('readers'), null, 'one that has nothing to read is well');
  rules(50);
  t.equal(reasonOf('rules'), null);
  t.same([checks.rules.needed, checks.readers.needed], [true, false], 'only what stops judging makes it not ready');
});

t.test('what comes after a quiet hour is new', async (t) => {
  const { clock, heads, readers, reasonOf } = board();
  readers.add('twin', 'live', 0)(100);
  await clock.advance(3_600_000);
  heads.live = 200;
  await clock.advance(20_000);
  t.equal(reasonOf('readers'), null);
  await clock.advance(12_000);
  t.match(reasonOf('readers'), /twin \(live\)/);
});
