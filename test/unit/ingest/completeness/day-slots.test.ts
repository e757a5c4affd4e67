import fc from 'fast-check';
import t from 'tap';
import { DAY_MS } from '../../../../src/core/clock.ts';
import {
  countSeen,
  emptyDay,
  expectedIn,
  gapsOf,
  see,
  slotMsOf,
} from '../../../../src/ingest/completeness/day-slots.ts';

const DAY = 20_000 * DAY_MS;
const MINUTE = 60_000;

function dayWith(times: number[], periodS = 60) {
  const day = emptyDay(slotMsOf(periodS));
  for (const atMs of times) see(day, atMs);
  return day;
}

t.test('a device that reports every period is complete and without a gap, however it jitters', async () => {
  const jitter = fc.array(fc.integer({ min: -14_000, max: 14_000 }), { minLength: 1440, maxLength: 1440 });
  fc.assert(
    fc.property(jitter, fc.integer({ min: 15_000, max: 44_000 }), (late, phaseMs) => {
      const day = dayWith(late.map((ms, minute) => DAY + minute * MINUTE + phaseMs + ms));
      return countSeen(day) === expectedIn(day.slotMs, DAY_MS) && gapsOf(day, DAY, DAY + DAY_MS).length === 0;
    }),
    { numRuns: 50 },
  );
});

t.test('order and repetition do not matter', async () => {
  const times = fc.array(fc.integer({ min: DAY, max: DAY + DAY_MS - 1 }), { maxLength: 200 });
  fc.assert(
    fc.property(times, (given) => dayWith(given).seen.equals(dayWith([...given, ...given].reverse()).seen)),
    { numRuns: 200 },
  );
});

t.test('gaps are what is longer than two and a half periods, to the half period', async (t) => {
  const minutes = Array.from({ length: 1440 }, (_, minute) => minute);
  const without = (from: number, to: number) =>
    gapsOf(dayWith(minutes.filter((at) => at < from || at >= to).map((at) => DAY + at * MINUTE)), DAY, DAY + DAY_MS);
  t.strictSame(without(600, 602), [], 'two readings lost are three minutes apart less one slot');
  t.strictSame(without(600, 660), [{ fromMs: DAY + 599.5 * MINUTE, toMs: DAY + 660 * MINUTE }]);
  t.strictSame(without(0, 30), [{ fromMs: DAY, toMs: DAY + 30 * MINUTE }], 'from the start of the day');
  t.strictSame(without(1400, 1440), [{ fromMs: DAY + 1399.5 * MINUTE, toMs: DAY + DAY_MS }], 'to its end');
  t.strictSame(without(0, 1440), [{ fromMs: DAY, toMs: DAY + DAY_MS }]);
  const noon = gapsOf(dayWith([DAY + 700 * MINUTE]), DAY + 690 * MINUTE, DAY + 720 * MINUTE);
  t.strictSame(
    noon.map(({ fromMs, toMs }) => [(fromMs - DAY) / MINUTE, (toMs - DAY) / MINUTE]),
    [
      [690, 700],
      [700.5, 720],
    ],
  );
});

t.test('periods from a second to a day fit', async (t) => {
  for (const periodS of [0.1, 1, 10, 60, 900, 86_400]) {
    const day = emptyDay(slotMsOf(periodS));
    t.ok(day.seen.length <= 2_160, `${periodS} s`);
    t.ok(see(day, DAY + DAY_MS - 1), 'its last moment');
    t.notOk(see(day, DAY + DAY_MS - 1), 'is no news twice');
  }
  t.equal(expectedIn(slotMsOf(86_400), DAY_MS), 1);
});
