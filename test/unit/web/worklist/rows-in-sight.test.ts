import fc from 'fast-check';
import t from 'tap';
import { Heights } from '../../../../web/src/alerts/worklist/virtual.ts';

const GAP = 8;
const ROWS_MAX = 100;

t.test('whatever heights rows have, those in sight are drawn, and never many', async () => {
  const rows = fc.array(fc.integer({ min: 40, max: 900 }), { minLength: 1, maxLength: 400 });
  fc.assert(
    fc.property(
      rows,
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.integer({ min: 100, max: 2_000 }),
      (all, part, seen) => {
        const ids = all.map((_, at) => `row-${at}`);
        const heights = new Heights(96, GAP);
        heights.lay(ids);
        for (const [at, height] of all.entries()) heights.measure(ids[at]!, height);
        heights.lay(ids);
        const from = part * Math.max(0, heights.total - seen);
        const span = heights.span(from, from + seen);
        const isThere = (px: number) => heights.top(span.from) <= px && px <= heights.top(span.to);
        const last = Math.min(from + seen, heights.total);
        return isThere(from) && isThere(last) && span.to - span.from <= ROWS_MAX && span.to <= ids.length;
      },
    ),
  );
});

t.test('the row at a place is the one that stands there', async () => {
  const rows = fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1, maxLength: 100 });
  fc.assert(
    fc.property(rows, fc.nat(), (all, pick) => {
      const ids = all.map((_, at) => String(at));
      const heights = new Heights(96, GAP);
      for (const [at, height] of all.entries()) heights.measure(ids[at]!, height);
      heights.lay(ids);
      const index = pick % ids.length;
      return heights.at(heights.top(index)) === index && heights.at(heights.top(index + 1) - 1) === index;
    }),
  );
});

t.test('ten thousand rows that nobody has seen have a height, and those seen keep theirs when they move', async (t) => {
  const ids = Array.from({ length: 10_000 }, (_, at) => String(at));
  const heights = new Heights(96, GAP);
  heights.lay(ids);
  t.equal(heights.total, 10_000 * (96 + GAP) - GAP);
  t.ok(heights.measure('5', 200));
  t.notOk(heights.measure('5', 200), 'known');
  heights.lay(['5', ...ids.filter((id) => id !== '5')]);
  t.equal(heights.top(1), 200 + GAP);
  heights.lay([]);
  t.equal(heights.total, 0);
  t.same(heights.span(0, 500), { from: 0, to: 0 });
});
