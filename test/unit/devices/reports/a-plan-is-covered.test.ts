import fc from 'fast-check';
import t from 'tap';
import { percentOf } from '../../../../src/core/percent.ts';
import { coverageOf } from '../../../../src/devices/reports/coverage.ts';
import type { PlanEntry } from '../../../../src/devices/reports/plans.ts';
import type { PositionCount } from '../../../../src/devices/reports/position-counts.ts';

const entry = (jurisdiction: string, kind: string | null, positions: number): PlanEntry => ({
  jurisdiction,
  kind,
  positions,
});
const stand = (jurisdiction: string, count: number, state: PositionCount['state'] = 'accepted', kind = 'camera') => ({
  jurisdiction,
  kind,
  state,
  count,
});

t.test('the share is rounded to one decimal, half up', async (t) => {
  t.equal(percentOf(3_529, 11_765), 30);
  t.equal(percentOf(5_529, 11_765), 47);
  t.equal(percentOf(1, 2_000), 0.1, 'exactly half goes up');
  t.equal(percentOf(1, 2_001), 0);
  t.equal(percentOf(3, 2), 150);
  t.equal(percentOf(0, 0), null);
});

t.test('a position counts once: for its kind before any kind, and for the smallest area', async (t) => {
  const plan = [entry('130300', 'camera', 10), entry('130302', null, 5), entry('130302001', 'camera', 2)];
  const { rows, outside } = coverageOf(plan, [
    stand('130302001', 1),
    stand('130302002', 2, 'in-service'),
    stand('130303', 3, 'maintenance'),
    stand('130302002', 4, 'accepted', 'recycling-kiosk'),
    stand('130303', 5, 'accepted', 'recycling-kiosk'),
    stand('130302', 6, 'installed'),
    stand('130302', 7, 'planned'),
  ]);
  t.match(rows, [
    { jurisdiction: '130300', kind: 'camera', accepted: 0, inService: 5, covered: 5, percent: 50 },
    { jurisdiction: '130302', kind: null, accepted: 4, covered: 4, percent: 80 },
    { jurisdiction: '130302001', kind: 'camera', accepted: 1, covered: 1, percent: 50 },
  ]);
  t.equal(outside, 5);
});

t.test('the rows and what lies outside are all that stands, however a plan is cut', async () => {
  const code = fc.constantFrom('000000', '130000', '130300', '130302', '130302001', '130303', '130302001002', '330200');
  const kind = fc.constantFrom('camera', 'recycling-kiosk');
  const entries = fc.uniqueArray(fc.tuple(code, fc.option(kind)), { selector: (one) => one.join() });
  const counts = fc.array(fc.tuple(code, kind, fc.constantFrom('accepted', 'in-service', 'planned'), fc.nat(9)));
  fc.assert(
    fc.property(entries, counts, (some, found) => {
      const plan = some.map(([where, what]) => entry(where, what, 1));
      const all = found.map(([where, what, state, count]) => stand(where, count, state as 'accepted', what));
      const { rows, outside } = coverageOf(plan, all);
      const there = all.filter(({ state }) => state !== 'planned').reduce((sum, { count }) => sum + count, 0);
      return rows.reduce((sum, { covered }) => sum + covered, outside) === there;
    }),
  );
});
