import t from 'tap';
import { ReaderBoard } from '../../../../src/ingest/readers/board.ts';
import { ManualClock } from '../../../support/time/clock.ts';

function board() {
  const clock = new ManualClock();
  const heads = { live: 100, bulk: 0 };
  const readers = new ReaderBoard({ clock, head: (lane) => heads[lane] });
  readers.start();
  const reasonOf = (part: 'rules' | 'others') => readers.stuck((name) => (name === 'rules') === (part === 'rules'));
  return { clock, heads, readers, reasonOf };
}

t.test('a reader that has something to read and does not move for 30 s is named, until it moves', async (t) => {
  const { clock, readers, reasonOf } = board();
  const rules = readers.add('rules', 'live', 0);
  const twin = readers.add('twin', 'live', 0);
  rules(40);
  twin(100);
  t.match(readers.list(), [
    { name: 'rules', lane: 'live', position: 40, behind: 60 },
    { name: 'twin', position: 100, behind: 0 },
  ]);
  await clock.advance(29_000);
  t.same([reasonOf('rules'), reasonOf('others')], [null, null]);
  await clock.advance(2_000);
  t.match(reasonOf('rules'), /rules \(live\) has not moved for 31 s with 60 bytes to read/);
  t.equal(reasonOf('others'), null, 'one that has nothing to read is well');
  rules(50);
  t.equal(reasonOf('rules'), null);
});

t.test('what comes after a quiet hour is new', async (t) => {
  const { clock, heads, readers, reasonOf } = board();
  readers.add('twin', 'live', 0)(100);
  await clock.advance(3_600_000);
  heads.live = 200;
  await clock.advance(20_000);
  t.equal(reasonOf('others'), null);
  await clock.advance(12_000);
  t.match(reasonOf('others'), /twin \(live\)/);
});
