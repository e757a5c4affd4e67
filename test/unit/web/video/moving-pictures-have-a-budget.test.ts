import fc from 'fast-check';
import t from 'tap';
import { MINUTE_MS } from '../../../../src/core/clock.ts';
import { DecoderBudget, granted, limitsOf } from '../../../../web/src/video/stage/budget.ts';

const LOST = { due: 100, lost: 50 };
const CALM = { due: 100, lost: 0 };

t.test('a small computer shows sixteen small pictures', async (t) => {
  t.equal(limitsOf(2).most, 16);
  const sixteen = Array.from({ length: 16 }, (_, n) => ({ key: String(n), cost: 1 }));
  t.equal(granted(sixteen, limitsOf(2).most).keys.size, 16);
});

t.test('who loses pictures shows fewer, never less than a few, and tries again after a calm time', async (t) => {
  const budget = new DecoderBudget({ least: 4, most: 16 });
  budget.judge({ used: 16, ...LOST }, 0);
  t.equal(budget.units, 12);
  for (let at = 1; at < 20; at += 1) budget.judge({ used: budget.units, ...LOST }, at * 5_000);
  t.equal(budget.units, 4);
  budget.judge({ used: 4, ...CALM }, 100_000);
  budget.judge({ used: 4, ...CALM }, 100_000 + MINUTE_MS - 1);
  t.equal(budget.units, 4);
  budget.judge({ used: 4, ...CALM }, 100_000 + MINUTE_MS);
  t.equal(budget.units, 5);
  budget.judge({ used: 5, ...LOST }, 105_000 + MINUTE_MS);
  budget.judge({ used: 4, ...CALM }, 110_000 + MINUTE_MS);
  budget.judge({ used: 4, ...CALM }, 110_000 + 2 * MINUTE_MS);
  t.equal(budget.units, 4, 'after a try that failed the next comes later');
  budget.judge({ used: 4, ...CALM }, 110_000 + 3 * MINUTE_MS);
  t.equal(budget.units, 5);
});

t.test('what few pictures say is nothing', async (t) => {
  const budget = new DecoderBudget({ least: 4, most: 16 });
  budget.judge({ used: 16, due: 19, lost: 19 }, 0);
  t.equal(budget.units, 16);
});

t.test('units are never exceeded but by the first, and nobody waits where there is room', async (t) => {
  const applicants = fc.uniqueArray(fc.record({ key: fc.string(), cost: fc.constantFrom(1, 4) }), {
    selector: ({ key }) => key,
  });
  fc.assert(
    fc.property(applicants, fc.integer({ min: 1, max: 40 }), (all, units) => {
      const { keys, used } = granted(all, units);
      if (keys.size > 1) t.ok(used <= units);
      for (const { key, cost } of all) if (!keys.has(key)) t.ok(used + cost > units);
    }),
  );
});
