import fc from 'fast-check';
import t from 'tap';
import { Admission, type Capacity } from '../../../../src/streams/pool/admission.ts';
import { SHARES, USES, type Use, type WallState, wallStep } from '../../../../src/streams/pool/uses.ts';
import { ManualClock } from '../../../support/time/clock.ts';

interface Pulled {
  key: string;
  quality: 'main' | 'sub';
  bitsPerS: number | null;
}

function bed(capacity: Capacity) {
  const clock = new ManualClock();
  const pulls: Pulled[] = [];
  const processor = { s: 0 };
  const admission = new Admission({ clock, capacity, pulls: () => pulls, processorS: () => processor.s });
  let count = 0;
  /** Opens pulls of 4 Mbit/s for `use` until one is refused; how many there were. */
  const fill = (use: Use): number => {
    const before = pulls.length;
    for (;;) {
      count += 1;
      const key = `cam-${count} main`;
      if (!admission.take({ key, quality: 'main' }, use)) return pulls.length - before;
      pulls.push({ key, quality: 'main', bitsPerS: null });
    }
  };
  const pass = async (seconds: number, busy: number) => {
    for (let n = 0; n < seconds; n += 1) {
      await clock.advance(1_000);
      processor.s += busy;
      admission.tick();
    }
  };
  return { clock, pulls, admission, fill, pass };
}

t.test('what is more urgent always finds room that the less urgent could not take', async (t) => {
  const { fill } = bed({ pullsMax: 400, megabitsMax: 400 });
  t.equal(fill('wall'), 70);
  t.equal(fill('snapshot'), 10);
  t.equal(fill('live'), 10);
  t.equal(fill('record'), 5);
  t.equal(fill('alert'), 5);
  t.equal(fill('alert'), 0, 'the capacity is one for all');
});

t.test('cameras are counted too, however little they send', async (t) => {
  const { fill } = bed({ pullsMax: 10, megabitsMax: 10_000 });
  t.equal(fill('wall'), 7);
  t.equal(fill('alert'), 3);
});

t.test('what a pull was measured to take counts, also when it is opened once more', async (t) => {
  const { clock, pulls, admission } = bed({ pullsMax: 400, megabitsMax: 10 });
  t.ok(admission.take({ key: 'a main', quality: 'main' }, 'live'), 'taken to need 4 Mbit/s');
  pulls.push({ key: 'a main', quality: 'main', bitsPerS: 8_500_000 });
  t.ok(admission.take({ key: 'b main', quality: 'main' }, 'live'), 'nobody has measured it yet');
  await clock.advance(1_000);
  t.equal(admission.megabits.taken, 8.5);
  t.notOk(admission.take({ key: 'c sub', quality: 'sub' }, 'live'));
  pulls.length = 0;
  await clock.advance(1_000);
  t.ok(admission.take({ key: 'c main', quality: 'main' }, 'live'));
  t.notOk(admission.take({ key: 'a main', quality: 'main' }, 'live'), 'its 8.5 Mbit/s are remembered');
});

t.test('nothing is ever opened beyond the share of its use', async () => {
  const ask = fc.record({ use: fc.constantFrom(...USES), quality: fc.constantFrom('main' as const, 'sub' as const) });
  const cost = { main: 4_000_000, sub: 512_000 };
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 60 }),
      fc.integer({ min: 1, max: 100 }),
      fc.array(ask),
      (pulls, mega, asks) => {
        const { admission } = bed({ pullsMax: pulls, megabitsMax: mega });
        const opened = { pulls: 0, bits: 0 };
        return asks.every(({ use, quality }, n) => {
          const fits =
            opened.pulls + 1 <= pulls * SHARES[use] && opened.bits + cost[quality] <= mega * 1_000_000 * SHARES[use];
          if (fits) {
            opened.pulls += 1;
            opened.bits += cost[quality];
          }
          return admission.take({ key: `${n}`, quality }, use) === fits;
        });
      },
    ),
  );
});

t.test('walls get smaller while the processor is busy, step by step, and grow again later', async (t) => {
  const { admission, pass } = bed({ pullsMax: 400, megabitsMax: 400 });
  await pass(60, 0.5);
  t.equal(admission.wall, 'as-asked');
  await pass(15, 1);
  t.equal(admission.wall, 'small');
  await pass(11, 1);
  t.equal(admission.wall, 'stills');
  await pass(300, 0.8);
  t.equal(admission.wall, 'stills', 'not too much, and too much to give more');
  await pass(15, 0.1);
  t.equal(admission.wall, 'small');
  await pass(61, 0.1);
  t.equal(admission.wall, 'as-asked');
});

t.test('walls move one step at a time, and never more often than once in ten seconds', async () => {
  const load = fc.record({
    pulled: fc.double({ min: 0, max: 2, noNaN: true }),
    processor: fc.double({ min: 0, max: 1, noNaN: true }),
  });
  const levels = ['as-asked', 'small', 'stills'];
  fc.assert(
    fc.property(fc.array(load, { maxLength: 200 }), (loads) => {
      let state: WallState = { level: 'as-asked', changedAtMs: Number.NEGATIVE_INFINITY };
      return loads.every((one, second) => {
        const next = wallStep(state, one, second * 1_000);
        const by = levels.indexOf(next.level) - levels.indexOf(state.level);
        const sinceMs = second * 1_000 - state.changedAtMs;
        const isFirstFall = state.level === 'as-asked';
        const isRight = by === 0 || (Math.abs(by) === 1 && (isFirstFall || sinceMs >= 10_000));
        state = next;
        return isRight;
      });
    }),
  );
});
