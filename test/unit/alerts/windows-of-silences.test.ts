import fc from 'fast-check';
import t from 'tap';
import { holdsAt, spansOf, timesOf } from '../../../src/alerts/silences/times.ts';
import { WorkDays } from '../../../src/core/calendar/work-days.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../../src/core/clock.ts';

const workDays = WorkDays.parse('2027: { off: [2027-03-03], work: [2027-03-06] }', 'holidays');
const nowMs = Date.parse('2027-03-01T00:00:00+08:00');
const clock = { nowMs: () => nowMs } as Parameters<typeof timesOf>[1]['clock'];
const written = (halfHours: number) =>
  `${String(halfHours >> 1).padStart(2, '0')}:${halfHours % 2 === 0 ? '00' : '30'}`;

t.test('half a year of the most windows is judged by looking at each day once', async (t) => {
  let asked = 0;
  const counting = Object.assign(Object.create(workDays) as WorkDays, {
    isWorkDay: (day: string) => {
      asked += 1;
      return workDays.isWorkDay(day);
    },
  });
  const hours = Array.from({ length: 16 }, (_, hour) => hour * 2);
  const repeats = hours.map((from) => ({ days: 'workdays' as const, from: written(from), to: written(from + 1) }));
  timesOf({ repeats }, { clock, workDays: counting });
  t.ok(asked <= 16 * 183, `${asked} questions`);
});

t.test('the times in which one holds are those at which it holds', async () => {
  const days = fc.constantFrom('all' as const, 'workdays' as const, 'days-off' as const);
  const time = fc.nat(47).map(written);
  const repeats = fc.array(fc.record({ days, from: time, to: time }), { minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(repeats, fc.nat(200), fc.nat(200), (windows, after, long) => {
      const starts = nowMs + after * HOUR_MS;
      const times = { starts_at_ms: starts, ends_at_ms: starts + (long + 1) * HOUR_MS, repeats: windows };
      const spans = spansOf(times, workDays, { fromMs: nowMs, toMs: nowMs + 9 * DAY_MS }, 1_000);
      for (let atMs = nowMs; atMs < nowMs + 9 * DAY_MS; atMs += 15 * MINUTE_MS) {
        const isWithin = spans.some(({ fromMs, toMs }) => fromMs <= atMs && atMs < toMs);
        if (isWithin !== holdsAt(times, workDays, atMs)) throw new Error(new Date(atMs).toISOString());
      }
      if (spans.some(({ fromMs }, at) => at > 0 && fromMs <= spans[at - 1]!.toMs)) throw new Error('two are one');
    }),
    { numRuns: 100 },
  );
});
