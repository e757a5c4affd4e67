import fc from 'fast-check';
import t from 'tap';
import { SHARE_MAX, tooMuch, united } from '../../../src/alerts/silences/share.ts';
import { type Asked, type Times, timesOf } from '../../../src/alerts/silences/times.ts';
import { WorkDays } from '../../../src/core/calendar/work-days.ts';
import { DAY_MS, HOUR_MS } from '../../../src/core/clock.ts';

const nowMs = Date.parse('2027-03-01T00:00:00+08:00');
const clock = { nowMs: () => nowMs } as Parameters<typeof timesOf>[1]['clock'];
const workDays = WorkDays.WEEKENDS;
type Windows = NonNullable<Asked['repeats']>;
const every = (from: string, to: string): Windows => [{ days: 'all', from, to }];
const asked = (repeats: Windows, days: number, beside: Times[] = []) =>
  timesOf({ repeats, endsAtMs: nowMs + days * DAY_MS }, { clock, workDays }, [beside]);
const refusal = (message: RegExp) => ({ code: 'request.invalid', issues: [{ path: 'repeats', message }] });

t.test('one that comes again for longer than a week lets go for a fifth of the time', async (t) => {
  t.throws(() => asked(every('00:00', '23:59'), 30), refusal(/1 hour|let go for an hour/), 'a minute is no pause');
  t.throws(() => asked(every('00:00', '22:00'), 30), refusal(/80 % of any 4 weeks: make its windows shorter/));
  t.throws(() => asked(every('05:00', '04:00'), 8), refusal(/80 %/), 'neither one that lasts little longer');
  t.ok(asked(every('00:00', '19:00'), 180), 'nineteen hours of each day');
  const nights: Windows = [
    { days: 'workdays', from: '18:00', to: '08:00' },
    { days: 'days-off', from: '00:00', to: '00:00' },
  ];
  t.ok(asked(nights, 180), 'nights and weekends');
  t.ok(asked(every('00:00', '23:59'), 7), 'within a week, as any silence');
});

t.test('several together let go as well', async (t) => {
  const beside = [{ starts_at_ms: 0, ends_at_ms: nowMs + 90 * DAY_MS, repeats: every('12:00', '00:00') }];
  t.ok(asked(every('00:00', '12:00'), 60));
  t.throws(() => asked(every('00:00', '12:00'), 60, beside), refusal(/silences that hide the same alerts already/));
  t.ok(asked(every('12:00', '18:00'), 60, beside), 'what another one hides anyway');
  const many = Array.from({ length: 64 }, () => beside[0]!);
  t.throws(() => asked(every('00:00', '01:00'), 60, many), refusal(/has 65 windows/), 'each costs a look at each day');
});

t.test('what is too much is told as by counting each hour', async () => {
  const spans = fc
    .array(fc.tuple(fc.integer({ min: 1, max: 90 }), fc.integer({ min: 1, max: 200 })), { minLength: 1, maxLength: 30 })
    .map((pairs) => {
      let atMs = 0;
      return pairs.map(([pause, long]) => {
        const fromMs = atMs + pause * HOUR_MS;
        atMs = fromMs + long * HOUR_MS;
        return { fromMs, toMs: atMs };
      });
    });
  fc.assert(
    fc.property(spans, fc.integer({ min: 0, max: 100 }), (given, rest) => {
      const toMs = given.at(-1)!.toMs + rest * HOUR_MS;
      const hours = Math.round(toMs / HOUR_MS);
      if (hours <= 7 * 24) return tooMuch(given, { fromMs: 0, toMs }) === null;
      const isHeld = Array.from({ length: hours }, (_, hour) =>
        given.some(({ fromMs, toMs: endMs }) => fromMs <= hour * HOUR_MS && hour * HOUR_MS < endMs),
      );
      const length = Math.min(28 * 24, hours);
      let most = 0;
      for (let from = 0; from + length <= hours; from += 1) {
        most = Math.max(most, isHeld.slice(from, from + length).filter(Boolean).length);
      }
      const isLong = given.some(({ fromMs, toMs: endMs }) => endMs - fromMs > 7 * DAY_MS);
      const expected = isLong ? 'stretch' : most > SHARE_MAX * length ? 'share' : null;
      return tooMuch(given, { fromMs: 0, toMs }) === expected;
    }),
    { numRuns: 60 },
  );
});

t.test('rows of windows are one without overlaps', async (t) => {
  const rows = [
    [
      { fromMs: 0, toMs: 10 },
      { fromMs: 20, toMs: 30 },
    ],
    [
      { fromMs: 5, toMs: 20 },
      { fromMs: 40, toMs: 50 },
    ],
  ];
  t.same(united(rows), [
    { fromMs: 0, toMs: 30 },
    { fromMs: 40, toMs: 50 },
  ]);
});
