import t from 'tap';
import { CitywatchError } from '../../../../src/core/errors.ts';
import { Questions } from '../../../../src/platform/follow/questions.ts';
import { ManualClock } from '../../../support/time/clock.ts';

/** Questions to a database that knows `rows`; `asked` is what it was asked, query by query. */
function world() {
  const clock = new ManualClock();
  const rows = new Map<string, string>();
  const asked: string[][] = [];
  const state = { isAway: false, busy: 0, busiest: 0 };
  const questions = new Questions<string>({
    clock,
    ask: async (keys) => {
      asked.push(keys);
      state.busy += 1;
      state.busiest = Math.max(state.busiest, state.busy);
      await new Promise((resolve) => setImmediate(resolve));
      state.busy -= 1;
      if (state.isAway) throw new CitywatchError('store.unavailable');
      return new Map(keys.flatMap((key) => (rows.has(key) ? [[key, rows.get(key)!]] : [])));
    },
  });
  return { clock, rows, asked, state, questions };
}

const outcomeOf = (asking: Promise<string | null>): Promise<string | null> =>
  asking.catch((error: CitywatchError) => error.code);

t.test('however often one key is asked about, it is one question in five seconds', async (t) => {
  const { clock, rows, asked, questions } = world();
  t.same(await Promise.all(Array.from({ length: 500 }, () => questions.ask('new'))), new Array(500).fill(null));
  t.equal(await questions.ask('new'), null);
  t.same(asked, [['new']]);
  rows.set('new', 'made meanwhile');
  await clock.advance(5_000);
  t.equal(await questions.ask('new'), 'made meanwhile');
  t.equal(asked.length, 2);
});

t.test('a flood of guesses is asked about at a bounded pace, and is not told that it is wrong', async (t) => {
  const { clock, asked, state, questions } = world();
  const flood = (name: string) =>
    Promise.all(Array.from({ length: 20_000 }, (_, index) => outcomeOf(questions.ask(`${name}-${index}`))));
  const first = await flood('guess');
  t.equal(first.filter((outcome) => outcome === null).length, 1_000);
  t.equal(first.filter((outcome) => outcome === 'request.rate').length, 19_000);
  t.equal(asked.flat().length, 1_000);
  t.ok(asked.length <= 10, `${asked.length} queries`);
  await clock.advance(2_000);
  await flood('other');
  t.equal(asked.flat().length, 1_200, 'a hundred more for each second');
  t.equal(state.busiest, 1, 'one query at a time');
});

t.test('what was known before is asked about in spite of a flood', async (t) => {
  const { rows, questions } = world();
  rows.set('token', 'caller');
  await Promise.all(Array.from({ length: 2_000 }, (_, index) => outcomeOf(questions.ask(`guess-${index}`))));
  t.equal(await outcomeOf(questions.ask('token')), 'request.rate');
  t.equal(await questions.ask('token', { known: true }), 'caller');
});

t.test('while the database is away, what is unknown is to come again, what is known not to be stays so', async (t) => {
  const { clock, state, questions } = world();
  t.equal(await questions.ask('never'), null);
  await clock.advance(60_000);
  state.isAway = true;
  t.equal(await outcomeOf(questions.ask('new')), 'store.unavailable');
  t.equal(await questions.ask('never'), null);
  state.isAway = false;
  t.equal(await questions.ask('new'), null, 'a failure is not remembered');
});

t.test('nothing that was answered counts after something has changed', async (t) => {
  const { rows, asked, questions } = world();
  t.equal(await questions.ask('token'), null);
  const before = questions.ask('late');
  rows.set('token', 'caller');
  questions.forget();
  await before;
  t.equal(await questions.ask('token'), 'caller');
  await questions.ask('late');
  t.equal(asked.flat().filter((key) => key === 'late').length, 2, 'an answer from before is not remembered');
});
