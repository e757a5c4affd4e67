import fc from 'fast-check';
import t from 'tap';
import { SayOnce } from '../../../../src/core/mechanisms/say-once.ts';
import { ManualClock } from '../../../support/time/clock.ts';

t.test('the same is said once a minute, each sort for itself', async (t) => {
  const clock = new ManualClock();
  const said = new SayOnce(clock);
  t.same(
    ['a', 'a', 'b'].map((key) => said.due(key)),
    [true, false, true],
  );
  await clock.advance(59_999);
  t.same(
    ['a', 'b'].map((key) => said.due(key)),
    [false, false],
  );
  await clock.advance(1);
  t.same(
    ['a', 'b', 'a'].map((key) => said.due(key)),
    [true, true, false],
  );
});

t.test('a machine clock that is set back silences nobody', async (t) => {
  const clock = new ManualClock(1_000_000);
  const said = new SayOnce(clock, { everyMs: 1_000 });
  t.ok(said.due());
  clock.setWall(0);
  await clock.advance(1_000);
  t.ok(said.due());
});

t.test('what is remembered is bounded, and what is forgotten may be said again', async (t) => {
  const said = new SayOnce(new ManualClock(), { keysMax: 2 });
  t.same(
    ['a', 'b', 'c', 'c', 'a'].map((key) => said.due(key)),
    [true, true, true, false, true],
  );
});

t.test('no sort is ever said twice within its time', async () => {
  const steps = fc.array(fc.tuple(fc.constantFrom('a', 'b', 'c'), fc.nat(2_000)), { maxLength: 60 });
  await fc.assert(
    fc.asyncProperty(steps, async (given) => {
      const clock = new ManualClock();
      const said = new SayOnce(clock, { everyMs: 1_000 });
      const last = new Map<string, number>();
      for (const [key, afterMs] of given) {
        await clock.advance(afterMs);
        const sinceMs = clock.monotonicMs() - (last.get(key) ?? Number.NEGATIVE_INFINITY);
        if (said.due(key) !== sinceMs >= 1_000) return false;
        if (sinceMs >= 1_000) last.set(key, clock.monotonicMs());
      }
      return true;
    }),
    { numRuns: 50 },
  );
});
