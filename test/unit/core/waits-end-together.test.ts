import fc from 'fast-check';
import t from 'tap';
import { waitEndsAtMs } from '../../../src/core/clock.ts';

/** As `src/core/clock.ts` has it. */
const SLACK_MS = 250;
const SLACK_FROM_MS = 500;

const momentMs = fc.double({ min: 0, max: 1e9, noNaN: true });

t.test('a long wait ends never too early, late by less than the slack, and together with others', async () => {
  const long = fc.integer({ min: SLACK_FROM_MS, max: 86_400_000 });
  fc.assert(
    fc.property(momentMs, long, momentMs, long, (fromMs, ms, otherFromMs, otherMs) => {
      const endsMs = waitEndsAtMs(fromMs, ms);
      if (endsMs < fromMs + ms || endsMs >= fromMs + ms + SLACK_MS) return false;
      const areNear = Math.ceil((fromMs + ms) / SLACK_MS) === Math.ceil((otherFromMs + otherMs) / SLACK_MS);
      return !areNear || waitEndsAtMs(otherFromMs, otherMs) === endsMs;
    }),
  );
});

t.test('a short one ends when it was asked to', async () => {
  fc.assert(
    fc.property(momentMs, fc.integer({ min: 0, max: SLACK_FROM_MS - 1 }), (fromMs, ms) => {
      return waitEndsAtMs(fromMs, ms) === fromMs + ms;
    }),
  );
});

t.test('what comes again and again keeps its pace', async (t) => {
  let endsMs = 17.3;
  const ends = Array.from({ length: 10 }, () => {
    endsMs = waitEndsAtMs(endsMs, 1_000);
    return endsMs;
  });
  t.strictSame(
    ends,
    Array.from({ length: 10 }, (_, index) => 1_250 + index * 1_000),
  );
});
