import t from 'tap';
import { RuleBudget } from '../../../../src/alerts/rules/budget.ts';
import { CitywatchError } from '../../../../src/core/errors.ts';
import { quietObserver } from '../../../support/services/services.ts';
import { ManualClock } from '../../../support/time/clock.ts';

function budgetOf() {
  const clock = new ManualClock();
  const said: unknown[] = [];
  const database = { away: false };
  const budget = new RuleBudget(
    {
      clock,
      log: quietObserver().log,
      said: async (isOver, data) => {
        if (database.away) throw new CitywatchError('store.unavailable');
        said.push(isOver ? data : 'none');
      },
    },
    { alerts: 10, minutes: 10 },
  );
  const raise = (rule: string, times: number): void => {
    for (let time = 0; time < times; time += 1) budget.raised(rule);
  };
  return { clock, said, database, budget, raise };
}

t.test('a rule over its budget is named, until what it raised is long ago', async (t) => {
  const { clock, said, budget, raise } = budgetOf();
  raise('full', 10);
  await budget.look();
  raise('full', 1);
  raise('hot', 12);
  await budget.look();
  await clock.advance(11 * 60_000);
  await budget.look();
  t.strictSame(said, ['none', { rule: 'hot', alerts: 12, minutes: 10, rules: 2 }, 'none']);
});

t.test('what comes slowly is no flood', async (t) => {
  const { clock, said, budget, raise } = budgetOf();
  for (let minute = 0; minute < 30; minute += 1) {
    raise('full', 1);
    await clock.advance(60_000);
  }
  await budget.look();
  t.strictSame(said, ['none']);
});

t.test('while PostgreSQL is away it is said later', async (t) => {
  const { said, database, budget, raise } = budgetOf();
  raise('full', 11);
  database.away = true;
  await budget.look();
  database.away = false;
  await budget.look();
  t.match(said, [{ rule: 'full' }]);
});
