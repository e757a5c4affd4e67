import fc from 'fast-check';
import t from 'tap';
import { backoffMs, jittered } from '../../../../src/core/mechanisms/backoff.ts';
import { wholeBetween } from '../../../../src/core/random.ts';

const limits = fc
  .tuple(fc.integer({ min: 1, max: 60_000 }), fc.integer({ min: 1, max: 100 }))
  .map(([minMs, times]) => ({ minMs, maxMs: minMs * times }));
const drawn = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

t.test('each failure doubles the pause until it is the longest, however many there are', async (t) => {
  const limit = { minMs: 200, maxMs: 5_000 };
  t.same(
    [0, 1, 2, 3, 4, 5, 6, 5_000].map((failures) => backoffMs(limit, failures)),
    [200, 400, 800, 1_600, 3_200, 5_000, 5_000, 5_000],
  );
  fc.assert(
    fc.property(limits, fc.nat(10_000), (some, failures) => {
      const [pauseMs, nextMs] = [backoffMs(some, failures), backoffMs(some, failures + 1)];
      return pauseMs >= some.minMs && nextMs >= pauseMs && nextMs <= Math.min(some.maxMs, 2 * pauseMs);
    }),
  );
});

t.test('jitter takes away up to half, or what it is told, and gives whole milliseconds', async (t) => {
  t.equal(
    jittered(1_000, () => 0),
    500,
  );
  t.equal(
    jittered(1_000, () => 0.5),
    750,
  );
  t.equal(
    jittered(1_000, () => 1, [0.9, 1.1]),
    1_100,
  );
  fc.assert(
    fc.property(fc.nat(3_600_000), drawn, (ms, random) => {
      const pauseMs = jittered(ms, () => random);
      return Number.isInteger(pauseMs) && pauseMs >= Math.floor(ms / 2) && pauseMs <= ms;
    }),
  );
});

t.test('a whole number is drawn from the first up to, not including, the last', async () => {
  fc.assert(
    fc.property(fc.nat(60_000), fc.integer({ min: 1, max: 9_000 }), drawn, (from, span, random) => {
      const got = wholeBetween(() => random, from, from + span);
      return Number.isInteger(got) && got >= from && got < from + span;
    }),
  );
});
