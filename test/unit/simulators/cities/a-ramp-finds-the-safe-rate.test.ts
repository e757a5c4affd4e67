import fc from 'fast-check';
import t from 'tap';
import { type RampStep, rampText, searchRate } from '../../../../simulators/cities/ramp-search.ts';

const LIMITS = { stepsMax: 20, halvings: 3 };
/** Of a city at its ordinary rate. */
const PER_S = 100;

/** A gateway that keeps up with so many messages a second, and a generator that makes so many. */
function target(carries: number, makes = Number.POSITIVE_INFINITY) {
  const asked: number[] = [];
  const run = async (factor: number): Promise<RampStep> => {
    const perS = factor * PER_S;
    asked.push(perS);
    if (perS > makes) return { factor, perS, found: 'self', why: [] };
    return perS > carries
      ? { factor, perS, found: 'broken', why: ['acknowledged within, p99 ms: 9000 (at most 2000)'] }
      : { factor, perS, found: 'kept', why: [] };
  };
  return { asked, run };
}

t.test(
  'the rate that is found is safe, near the largest that is, and nothing above a broken one is tried',
  async (t) => {
    await fc.assert(
      fc.asyncProperty(fc.double({ min: PER_S, max: 1_000_000, noNaN: true }), async (carries) => {
        const { asked, run } = target(carries);
        const { safe, above, steps } = await searchRate(run, LIMITS);
        t.ok(safe && above && safe.perS <= carries && carries < above.perS);
        t.ok(carries / (safe?.perS ?? 0) <= 2 ** (1 / 8) * 1.001, 'three halvings of a doubling');
        const broken = steps.findIndex(({ found }) => found === 'broken');
        t.ok(asked.slice(broken + 1).every((perS) => perS < (asked[broken] ?? 0)));
      }),
      { numRuns: 50 },
    );
  },
);

t.test('what was found is one sentence', async (t) => {
  t.match(rampText(await searchRate(target(350).run, LIMITS)), /^The largest safe rate: 3\d\d messages .*p99 ms: 9000/);
  const broken = await searchRate(target(50).run, LIMITS);
  t.match([broken.safe, broken.steps.length], [null, 1]);
  t.match(rampText(broken), /^No rate is safe: at 100 messages a second this was broken/);
  t.match(rampText(await searchRate(target(1e9).run, { ...LIMITS, stepsMax: 3 })), /400 messages .*not tried$/);
});

t.test('a generator that is the bottleneck says so, and blames nobody', async (t) => {
  const found = await searchRate(target(1e9, 1_000).run, LIMITS);
  t.ok((found.safe?.perS ?? 0) <= 1_000 && (found.safe?.perS ?? 0) > 900);
  t.match(rampText(found), /^The gateway keeps up with 9\d\d messages a second at least: .* itself was the bottleneck/);
  t.match(rampText(await searchRate(target(1e9, 1).run, LIMITS)), /^Nothing is known of the gateway/);
});
