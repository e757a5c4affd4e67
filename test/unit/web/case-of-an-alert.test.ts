import t from 'tap';
import { changesOf } from '../../../web/src/case/changes.ts';
import { curveOf, HEIGHT, rangeOf, startingAt, WIDTH, xOf } from '../../../web/src/case/curve.ts';
import { asksOf, isBeyond } from '../../../web/src/case/limits.ts';
import type { CaseAlert } from '../../../web/src/types.ts';

const alert = (fields: Partial<CaseAlert> = {}) =>
  ({
    version: 1,
    handling: 'new',
    severity: 'severe',
    condition: 'active',
    visibility: 'normal',
    ackedBy: null,
    assignedTo: null,
    unit: null,
    verdict: null,
    incident: null,
    occurrences: 1,
    comments: [],
    ...fields,
  }) as unknown as CaseAlert;

t.test('changes are what somebody decides by, and no more', async (t) => {
  const before = alert();
  t.same(changesOf(before, alert({ version: 9, occurrences: 40, lastAt: 'later', evidence: [] })), []);
  const said = { by: '王伟', at: '2026-01-01T00:00:00.000Z', text: '看到了' };
  const now = alert({ version: 3, handling: 'acked', ackedBy: '王伟', comments: [said] });
  t.same(changesOf(before, now), [
    { what: 'handling', from: 'new', to: 'acked' },
    { what: 'ackedBy', from: null, to: '王伟' },
    { what: 'comment', from: null, to: '看到了', by: '王伟' },
  ]);
  t.same(changesOf(now, before), [], 'old news change nothing');
});

t.test('limits of rules are read, and values beyond them are found', async (t) => {
  const { limits, also } = asksOf({
    type: 'threshold',
    any: [{ field: 'temp_c', above: 70, clear_below: 60 }, { field: 'battery_pct', below: 20 }, { nonsense: true }],
    while: [{ field: 'mains', equals: false }],
    hold_s: 300,
  });
  t.same(
    limits.map(({ field, is, limit }) => [field, is, limit]),
    [
      ['temp_c', 'above', 70],
      ['battery_pct', 'below', 20],
      ['mains', 'equals', false],
    ],
  );
  t.same(also, [{ text: 'hold', s: 300 }]);
  const beyond = (value: unknown, at: number) => isBeyond(limits[at]!, value);
  t.same([beyond(70, 0), beyond(70.1, 0), beyond('80', 0)], [false, true, false]);
  t.same([beyond(20, 1), beyond(19, 1)], [false, true]);
  t.same([beyond(false, 2), beyond(true, 2), beyond(undefined, 2)], [true, false, false]);
  const rate = asksOf({ type: 'rate', field: 'level_m', rise: 0.5, within_s: 600, hold_s: 0 });
  t.same(rate.limits[0]?.says, { text: 'rise', n: 0.5, s: 600 });
  t.same(asksOf({ type: 'absence', silent_for_s: 600 }).also, [{ text: 'silent', s: 600 }]);
  t.same(asksOf({ type: 'count', event: 'jam', at_least: 3, within_s: 60 }).also, [
    { text: 'event', n: 'jam' },
    { text: 'times', n: 3, s: 60 },
  ]);
  t.same(asksOf({ type: 'gateway' }), { limits: [], also: [] });
  t.same(asksOf({ any: 'x', while: [null], hold_s: 'y' }), { limits: [], also: [] });
});

t.test('a curve lies in its box, with its limit, and has a hole where nothing was heard', async (t) => {
  const range = { fromMs: 0, toMs: 600_000, everyMs: 10_000 };
  const point = (s: number, value: unknown) => ({ at: new Date(s * 1_000).toISOString(), values: { a: value } });
  const points = [point(0, 10), point(10, 20), point(20, null), point(200, 15), point(210, 12)];
  const curve = curveOf('a', points as Parameters<typeof curveOf>[1], { range, limits: [100] })!;
  t.match(curve, { min: 10, max: 20, last: 12 });
  t.equal(curve.stretches.length, 2);
  const ys = curve.stretches.flatMap((one) => one.split(' ').map((pair) => Number(pair.split(',')[1])));
  t.ok(ys.every((y) => y > 0 && y < HEIGHT));
  t.ok((curve.yOf(100) ?? HEIGHT) < Math.min(...ys), 'the limit is above');
  t.equal(curve.yOf(1_000), null);
  t.equal(xOf(range, 300_000), WIDTH / 2);
  t.equal(curveOf('b', points as Parameters<typeof curveOf>[1], { range, limits: [] }), null);
  const flat = curveOf('a', [point(0, 0), point(10, 0)] as Parameters<typeof curveOf>[1], { range, limits: [] });
  t.notMatch(flat?.stretches[0], /NaN|Infinity/);
});

t.test('what a curve shows does not move each second, and is never more than a week', async (t) => {
  const at = (ms: number) => new Date(ms).toISOString();
  const firstMs = Date.parse('2026-01-10T12:00:00Z');
  const alertAt = { firstAt: at(firstMs), lastAt: at(firstMs) };
  const first = rangeOf(alertAt, firstMs + 61_000);
  t.same(rangeOf(alertAt, firstMs + 119_000), first);
  t.equal(first.fromMs, firstMs - 3 * 3_600_000);
  t.equal(rangeOf(alertAt, firstMs + 90 * 86_400_000).toMs, firstMs + 3_600_000, 'an hour after it was over');
  const points = (ms: number) => [{ at: at(ms), values: {} }];
  t.equal(startingAt(points(firstMs - 600_000), first).fromMs, firstMs - 600_000, 'no room before the first reading');
  t.equal(startingAt(points(firstMs + 100_000), first).fromMs, first.toMs - 300_000);
  t.equal(startingAt([], first).fromMs, first.fromMs);
  const long = rangeOf({ ...alertAt, lastAt: at(firstMs + 60 * 86_400_000) }, firstMs + 60 * 86_400_000);
  t.equal(long.toMs - long.fromMs, 7 * 86_400_000);
  t.equal(long.everyMs, 3_600_000);
});
