import fc from 'fast-check';
import t from 'tap';
import { judgeLives, planAdoption, type Verdict } from '../../../../src/ingest/lives/lives.ts';
import { emptyBase, emptyJournal, READERS, start, step, World } from '../../../support/ingest/lives-world.ts';

t.test(
  'whatever is copied, put back or replaced: no place is read as two records, and adopting always helps',
  async (t) => {
    const property = fc.property(fc.array(step, { minLength: 5, maxLength: 60 }), (steps) => {
      const world = new World();
      for (const one of steps) world.play(one);
    });
    t.doesNotThrow(() => fc.assert(property, { numRuns: 3_000 }));
  },
);

/** A journal and a database that were used together, stopped after the readers had read `read` of `written` records. */
function pair({ written = 10, read: done = 10 } = {}): World {
  const world = new World();
  world.play({ do: 'start', cutShort: false });
  world.play({ do: 'append', lane: 'live', reader: '', count: written });
  for (const reader of ['telemetry', 'rules']) world.play({ do: 'read', lane: 'live', reader, count: done });
  return world;
}

const verdictOf = ({ journal, base }: World): Verdict => judgeLives(journal.side, base.side);

t.test('what belongs together goes on by itself', async (t) => {
  t.same(judgeLives(emptyJournal().side, emptyBase().side), { fits: true }, 'both new');
  t.same(verdictOf(pair()), { fits: true }, 'stopped and started again');
  t.same(verdictOf(pair({ read: 3 })), { fits: true }, 'with messages that wait');
  const cut = pair();
  start(cut.journal, cut.base, true);
  t.same(verdictOf(cut), { fits: true }, 'a start that was killed between the two sides');
  start(cut.journal, cut.base, true);
  t.same(verdictOf(cut), { fits: true }, 'and the next one too');
  const upgraded = pair();
  upgraded.journal.side.lives = null;
  Object.assign(upgraded.base.side, { lives: [], openings: [] });
  for (const cursor of upgraded.base.side.cursors) cursor.incarnation = null;
  t.same(verdictOf(upgraded), { fits: true }, 'the first start of a version with lives');
  const moved = pair();
  moved.play({ do: 'copy' });
  moved.play({ do: 'start', cutShort: false });
  moved.play({ do: 'append', lane: 'live', reader: '', count: 4 });
  moved.play({ do: 'put back', what: 'both', which: 0 });
  t.same(verdictOf(moved), { fits: true }, 'both put back from the same moment');
});

t.test('what does not belong together is told by its kind', async (t) => {
  const cases: Record<string, (world: World) => void> = {
    'journal-older': (world) => {
      world.play({ do: 'copy' });
      world.play({ do: 'append', lane: 'live', reader: '', count: 5 });
      world.play({ do: 'start', cutShort: false });
      world.play({ do: 'put back', what: 'journal', which: 0 });
    },
    'database-older': (world) => {
      world.play({ do: 'copy' });
      world.play({ do: 'start', cutShort: false });
      world.play({ do: 'append', lane: 'live', reader: '', count: 5 });
      world.play({ do: 'put back', what: 'base', which: 0 });
    },
    'journal-empty': (world) => world.play({ do: 'replace', what: 'journal' }),
    'database-empty': (world) => world.play({ do: 'replace', what: 'base' }),
    'journal-foreign': (world) => {
      world.journal = pair().journal;
    },
    forked: (world) => {
      const other = structuredClone({ journal: world.journal, base: world.base });
      start(world.journal, world.base);
      start(other.journal, other.base);
      world.base = other.base;
    },
    'cursor-astray': (world) => {
      world.base.side.cursors[0]!.offset += 1;
    },
  };
  for (const [why, spoil] of Object.entries(cases)) {
    const world = pair({ read: why === 'journal-older' ? 2 : 10 });
    spoil(world);
    t.match(verdictOf(world), { fits: false, why });
  }
});

t.test('adopting reads on what the readers have not read, but nothing of another database', async (t) => {
  const waiting = pair({ read: 3 });
  waiting.play({ do: 'copy' });
  waiting.play({ do: 'start', cutShort: false });
  waiting.play({ do: 'put back', what: 'journal', which: 0 });
  const older = planAdoption(waiting.journal.side, waiting.base.side, READERS);
  t.ok(older.readsOn);
  t.same(
    older.cursors.map(({ offset }) => offset),
    [30, 30],
    'they stay where they are',
  );
  const foreign = planAdoption(pair().journal.side, pair().base.side, READERS);
  t.notOk(foreign.readsOn);
  t.same(
    foreign.cursors.map(({ lane, offset }) => offset === foreign.from[lane]),
    [true, true, true, true],
    'also those that had no place',
  );
  const lost = planAdoption(pair().journal.side, emptyBase().side, READERS);
  t.same([lost.readsOn, lost.cursors], [true, []], 'a new database reads everything that is still there');
});
