import fc from 'fast-check';
import t from 'tap';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../../../src/core/clock.ts';
import { expectedMs, isWithin, type Schedule, weekOf } from '../../../../src/streams/recorder/plan/schedule.ts';

/** A Monday, 00:00 in China. */
const MONDAY_MS = Date.parse('2026-11-23T00:00:00+08:00');

const HOURS: Schedule = [
  { days: [1, 2], from: '07:00', to: '19:00' },
  { days: [1], from: '18:30', to: '24:00' },
];

t.test('hours count once where they overlap, on their day of China only', async (t) => {
  const week = weekOf(HOURS);
  const ofDay = (day: number) => expectedMs(week, MONDAY_MS + day * DAY_MS, MONDAY_MS + (day + 1) * DAY_MS) / HOUR_MS;
  t.strictSame([0, 1, 2, 6, 7].map(ofDay), [17, 12, 0, 0, 17]);
  t.equal(expectedMs(week, MONDAY_MS + 8 * HOUR_MS, MONDAY_MS + 9 * HOUR_MS), HOUR_MS);
  t.equal(expectedMs(weekOf(null), MONDAY_MS, MONDAY_MS + 5), 5);
});

t.test('what is expected of a time is what the recorder wants in it', async () => {
  const minute = fc.integer({ min: 0, max: 1_439 });
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 13 }), minute, (day, at) => {
      const atMs = MONDAY_MS + day * DAY_MS + at * MINUTE_MS;
      return expectedMs(weekOf(HOURS), atMs, atMs + MINUTE_MS) === (isWithin(HOURS, atMs) ? MINUTE_MS : 0);
    }),
  );
});
