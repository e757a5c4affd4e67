import fc from 'fast-check';
import t from 'tap';
import {
  TRANSCODE_PURPOSES,
  TranscodeBudget,
  type TranscodeLimits,
  type TranscodePurpose,
  transcodeLimits,
} from '../../../../src/streams/ffmpeg/transcode-budget.ts';
import { quietObserver } from '../../../support/services/services.ts';
import { ManualClock } from '../../../support/time/clock.ts';

const ASK = { withinMs: 1_000 };

function budgetOf(limits: TranscodeLimits) {
  const clock = new ManualClock();
  const observer = quietObserver();
  return { clock, observer, budget: new TranscodeBudget({ clock, observer }, limits) };
}

t.test('as much runs as the processor is for, the most urgent first', async (t) => {
  const { budget } = budgetOf(transcodeLimits(100));
  const begun: string[] = [];
  const first = await budget.enter('watermark', ASK);
  const second = await budget.enter('watermark', ASK);
  const noted = async (purpose: TranscodePurpose): Promise<() => void> => {
    const leave = await budget.enter(purpose, ASK);
    begun.push(purpose);
    return leave;
  };
  const copy = noted('watermark');
  const picture = noted('thumbnail');
  t.equal(budget.usedPct, 100);
  first();
  first();
  const leave = await picture;
  t.same(begun, ['thumbnail'], 'it came later, and is more urgent');
  t.equal(budget.usedPct, 100);
  leave();
  second();
  (await copy)();
  t.equal(budget.usedPct, 0, 'a place that is given back twice is one place');
});

t.test('what lasts leaves the short ones their turn', async (t) => {
  const { budget } = budgetOf(transcodeLimits(100));
  const wall = budget.tryEnter('mosaic');
  t.ok(wall);
  t.equal(budget.tryEnter('mosaic'), null, 'a second one would take all that there is');
  const leave = await budget.enter('thumbnail', ASK);
  leave();
  wall?.();
  t.ok(budget.tryEnter('mosaic', 400), 'one that takes more than there is runs where nothing else does');
});

t.test('who waits too long, or behind too many, is told to come again', async (t) => {
  const { clock, budget, observer } = budgetOf(transcodeLimits(50));
  const leave = await budget.enter('thumbnail', ASK);
  const late = budget.enter('thumbnail', ASK);
  late.catch(() => {});
  await clock.advance(1_001);
  await t.rejects(late, { code: 'stream.full', retryAfterS: 5 });
  const line = Array.from({ length: 32 }, () => budget.enter('thumbnail', ASK));
  for (const one of line) one.catch(() => {});
  await t.rejects(budget.enter('thumbnail', ASK), { code: 'stream.full' });
  const gone = new AbortController();
  const watched = budget.enter('watermark', { ...ASK, signal: gone.signal });
  gone.abort(new Error('gone'));
  await t.rejects(watched, /gone/);
  const told = await observer.metrics.metrics();
  t.match(told, 'citywatch_transcodes{purpose="thumbnail",state="waiting"} 32');
  t.match(told, 'citywatch_transcodes_refused_total{purpose="thumbnail"} 2');
  leave();
  for (const one of line) (await one)();
  t.equal(budget.usedPct, 0);
});

t.test('an error of the work gives the place back', async (t) => {
  const { budget } = budgetOf(transcodeLimits(50));
  await t.rejects(
    budget.run('thumbnail', ASK, () => Promise.reject(new Error('no picture'))),
    /no picture/,
  );
  t.equal(budget.usedPct, 0);
});

t.test('whatever comes and goes, no limit is passed and nobody who fits is forgotten', async () => {
  const step = fc.oneof(
    fc.record({
      enter: fc.constantFrom<TranscodePurpose>(...TRANSCODE_PURPOSES),
      costPct: fc.integer({ min: 1, max: 120 }),
    }),
    fc.record({ leave: fc.nat(20) }),
    fc.record({ wait: fc.integer({ min: 1, max: 700 }) }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), fc.integer({ min: 50, max: 400 }), async (steps, corePct) => {
      const limits = transcodeLimits(corePct);
      const { clock, budget } = budgetOf(limits);
      const held: (() => void)[] = [];
      for (const one of steps) {
        if ('enter' in one) {
          const asked = budget.enter(one.enter, { ...ASK, costPct: one.costPct });
          asked.then((leave) => void held.push(leave)).catch(() => {});
        } else if ('leave' in one) held.splice(one.leave % Math.max(1, held.length), 1)[0]?.();
        else await clock.advance(one.wait);
        await clock.advance(0);
        if (held.length > 1 && budget.usedPct > corePct) throw new Error(`${budget.usedPct} of ${corePct}`);
      }
      while (held.length > 0) {
        held.pop()?.();
        await clock.advance(0);
      }
      await clock.advance(2_000);
      if (budget.usedPct !== 0) throw new Error(`${budget.usedPct} are held by nobody`);
    }),
    { numRuns: 200 },
  );
});
