import fc from 'fast-check';
import t from 'tap';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../../../src/core/clock.ts';
import { planTiers, type Segment } from '../../../../src/telemetry/history/plan.ts';

const NOW_MS = 1_767_571_200_000 + 34 * MINUTE_MS + 7;
const RETENTION = { raw: 90, fiveMinutes: 365, hour: 1_825 };
const RAW_FROM_MS = NOW_MS - 90 * DAY_MS;

const state = (over: object = {}) => ({
  nowMs: NOW_MS,
  retention: RETENTION,
  completeFromMs: 0,
  completeToMs: NOW_MS - 6 * MINUTE_MS,
  pending: [],
  ...over,
});
const range = (fromMs: number, toMs: number, everyMs: number | null = HOUR_MS, over: object = {}) => ({
  fromMs,
  toMs,
  everyMs,
  periodMs: MINUTE_MS,
  isRolledUp: true,
  ...over,
});
const tiers = (segments: Segment[]) => segments.map(({ tier }) => tier);

t.test('few points are put together from readings, many from roll-ups', async (t) => {
  t.strictSame(planTiers(range(NOW_MS - DAY_MS, NOW_MS), state()), [
    { tier: 'raw', fromMs: NOW_MS - DAY_MS, toMs: NOW_MS },
  ]);
  const often = { periodMs: 1_000 };
  const [fromMs, toMs] = [NOW_MS - DAY_MS, NOW_MS];
  t.strictSame(tiers(planTiers(range(fromMs, toMs, HOUR_MS, often), state())), ['raw', '1h', 'raw']);
  t.strictSame(tiers(planTiers(range(fromMs, toMs, 10 * MINUTE_MS, often), state())), ['raw', '5m', 'raw']);
  t.strictSame(tiers(planTiers(range(fromMs, toMs, 7 * MINUTE_MS, often), state())), ['raw'], 'no whole windows');
  t.strictSame(tiers(planTiers(range(fromMs, toMs, MINUTE_MS, often), state())), ['raw'], 'finer than roll-ups');
  t.strictSame(tiers(planTiers(range(fromMs, toMs, HOUR_MS, { ...often, isRolledUp: false }), state())), ['raw']);
  t.strictSame(tiers(planTiers(range(fromMs, toMs, null, often), state())), ['raw', '5m', 'raw']);
});

t.test('where readings are gone, roll-ups answer and the end of the range is widened to whole windows', async (t) => {
  const fromMs = NOW_MS - 200 * DAY_MS;
  const toMs = NOW_MS - 150 * DAY_MS;
  const widened = { tier: '1h', fromMs: fromMs - (fromMs % HOUR_MS), toMs: toMs - (toMs % HOUR_MS) + HOUR_MS };
  t.strictSame(planTiers(range(fromMs, toMs, DAY_MS), state()), [widened]);
  t.strictSame(planTiers(range(fromMs, toMs, null), state()), [widened]);
  t.strictSame(tiers(planTiers(range(NOW_MS - 4 * 365 * DAY_MS, NOW_MS, DAY_MS), state())), ['1h', 'raw']);
});

t.test('what is not rolled up comes from readings as far as they are kept', async (t) => {
  const fromMs = NOW_MS - 80 * DAY_MS;
  const begun = NOW_MS - 10 * DAY_MS;
  const plan = planTiers(range(fromMs, NOW_MS), state({ completeFromMs: begun }));
  t.strictSame(tiers(plan), ['raw', '1h', 'raw']);
  t.equal(plan[0]?.toMs, Math.ceil(begun / HOUR_MS) * HOUR_MS);
  t.strictSame(tiers(planTiers(range(fromMs, NOW_MS), state({ completeToMs: 0 }))), ['raw']);
  const older = planTiers(range(NOW_MS - 200 * DAY_MS, NOW_MS), state({ completeFromMs: begun }));
  t.strictSame(tiers(older), ['1h', 'raw', '1h', 'raw'], 'before that only roll-ups can know');
});

t.test('windows that got late points come from readings until they are made again', async (t) => {
  const [fromMs, toMs] = [NOW_MS - 80 * DAY_MS, NOW_MS];
  const lateMs = Math.floor((NOW_MS - 40 * DAY_MS) / HOUR_MS) * HOUR_MS;
  const late = { fromMs: lateMs, toMs: lateMs + 5 * MINUTE_MS };
  const plan = planTiers(range(fromMs, toMs), state({ pending: [late, late] }));
  t.strictSame(tiers(plan), ['raw', '1h', 'raw', '1h', 'raw']);
  t.strictSame(plan[2], { tier: 'raw', fromMs: lateMs, toMs: lateMs + HOUR_MS });
  const many = Array.from({ length: 20 }, (_, day) => ({ ...late, fromMs: lateMs - day * DAY_MS }));
  t.equal(planTiers(range(fromMs, toMs), state({ pending: many })).length, 5);
});

const moment = fc.integer({ min: NOW_MS - 400 * DAY_MS, max: NOW_MS + 10 * MINUTE_MS });

t.test('parts cover exactly the range where readings are kept, in order, and hold whole windows', async () => {
  const window = moment.map((ms) => ({ fromMs: ms - (ms % 300_000), toMs: ms - (ms % 300_000) + 300_000 }));
  const pending = fc.array(window, { maxLength: 12 });
  const every = fc.constantFrom(null, 1_000, MINUTE_MS, 5 * MINUTE_MS, 15 * MINUTE_MS, HOUR_MS, 6 * HOUR_MS, DAY_MS);
  fc.assert(
    fc.property(
      fc.tuple(moment, moment),
      every,
      fc.tuple(moment, moment),
      pending,
      ([a, b], everyMs, [completeFromMs, completeToMs], pending) => {
        fc.pre(a !== b);
        const [fromMs, toMs] = [Math.min(a, b), Math.max(a, b)];
        const parts = planTiers(range(fromMs, toMs, everyMs), state({ completeFromMs, completeToMs, pending }));
        if (parts.length === 0) throw new Error('nothing answers');
        for (const [index, part] of parts.entries()) {
          if (part.fromMs >= part.toMs) throw new Error('empty part');
          const next = parts[index + 1];
          if (next && next.fromMs !== part.toMs) throw new Error('gap or overlap');
          if (next && next.tier === part.tier) throw new Error('asked for twice');
          const gridMs = part.tier === 'raw' ? 1 : part.tier === '5m' ? 5 * MINUTE_MS : HOUR_MS;
          if (part.fromMs % gridMs !== 0 || part.toMs % gridMs !== 0) throw new Error('half a window');
          if (everyMs !== null && part.tier !== 'raw' && everyMs % gridMs !== 0) throw new Error('too coarse');
        }
        const [first, last] = [parts[0] as Segment, parts.at(-1) as Segment];
        if (first.fromMs > fromMs || last.toMs < toMs) throw new Error('not covered');
        if (fromMs >= RAW_FROM_MS && first.fromMs !== fromMs) throw new Error('begins elsewhere');
        if (toMs >= RAW_FROM_MS + HOUR_MS && last.toMs !== toMs) throw new Error('ends elsewhere');
      },
    ),
    { numRuns: 2_000 },
  );
});
