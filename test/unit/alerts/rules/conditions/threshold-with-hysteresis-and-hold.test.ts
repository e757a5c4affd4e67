import fc from 'fast-check';
import t from 'tap';
import {
  type Threshold,
  type ThresholdState,
  threshold,
} from '../../../../../src/alerts/rules/conditions/threshold.ts';
import { ALL_THERE, message, reading } from '../../../../support/alerts/alerts.ts';

const heat: Threshold = {
  type: 'threshold',
  any: [
    { field: 'smoke', equals: true },
    { field: 'temp_c', above: 70, clear_below: 55 },
  ],
  while: [],
  hold_s: 0,
  clear_hold_s: 0,
};

const full: Threshold = {
  type: 'threshold',
  any: [{ field: 'fill_pct', above: 90, clear_below: 70 }],
  while: [],
  hold_s: 10,
  clear_hold_s: 20,
};

const initial = (condition: Threshold) => threshold.initial(condition)!;

/** One step, at a second that is also the offset in the journal. */
function step(condition: Threshold, state: ThresholdState, values: Record<string, number | boolean>, second: number) {
  const receivedAtMs = second * 1000;
  const record = { ...reading(values, receivedAtMs), receivedAtMs };
  const decoded = message({ device: 'k1', offset: second, receivedAtMs, records: [record] });
  const watch = { match: () => [] };
  const judged = threshold.judge(condition, state, {
    message: decoded.message,
    record,
    sign: 'alive',
    watch,
    devices: ALL_THERE,
  });
  return { state: judged.state!, outcome: judged.judgements[0] ?? null };
}

/** The clock runs out. */
function ring(condition: Threshold, state: ThresholdState) {
  const judged = threshold.timer(condition, state);
  return { state: judged.state!, outcome: judged.judgements[0] ?? null };
}

function feed(condition: Threshold, state: ThresholdState, steps: [Record<string, number | boolean>, number][]) {
  const outcomes: (string | null)[] = [];
  for (const [values, seconds] of steps) {
    const judged = step(condition, state, values, seconds);
    state = judged.state;
    outcomes.push(judged.outcome && `${judged.outcome.transition} at ${judged.outcome.position.offset}`);
  }
  return { state, outcomes };
}

t.test('fires once when any clause is over its limit, clears when all are back', async (t) => {
  const { outcomes } = feed(heat, initial(heat), [
    [{ temp_c: 70 }, 1],
    [{ temp_c: 71 }, 2],
    [{ temp_c: 90 }, 3],
    [{ smoke: true }, 4],
    [{ temp_c: 60 }, 5],
    [{ temp_c: 54 }, 6],
    [{ smoke: false }, 7],
  ]);
  t.same(outcomes, [null, 'fired at 2', null, null, null, null, 'cleared at 7']);
});

t.test('between the limit and the clear level nothing changes', async (t) => {
  const { outcomes } = feed(heat, initial(heat), [
    [{ temp_c: 71 }, 1],
    [{ temp_c: 69 }, 2],
    [{ temp_c: 56 }, 3],
    [{ temp_c: 75 }, 4],
    [{ temp_c: 54 }, 5],
    [{ temp_c: 69 }, 6],
  ]);
  t.same(outcomes, ['fired at 1', null, null, null, 'cleared at 5', null]);
});

t.test('without a clear level a value at its limit is back', async (t) => {
  const absent: Threshold = { ...heat, any: [{ field: 'absent', above: 0 }] };
  const steps: [Record<string, number>, number][] = [1, 0, 2].map((value, at) => [{ absent: value }, at + 1]);
  t.same(feed(absent, initial(absent), steps).outcomes, ['fired at 1', 'cleared at 2', 'fired at 3']);
  const low: Threshold = { ...heat, any: [{ field: 'level', below: 5 }] };
  const levels: [Record<string, number>, number][] = [4, 5].map((value, at) => [{ level: value }, at + 1]);
  t.same(feed(low, initial(low), levels).outcomes, ['fired at 1', 'cleared at 2']);
});

t.test('an older reading and one that says nothing about the rule leave the state alone', async (t) => {
  const first = feed(heat, initial(heat), [[{ temp_c: 20 }, 100]]);
  const late = feed(heat, first.state, [
    [{ temp_c: 99 }, 99],
    [{ fill_pct: 99 }, 101],
  ]);
  t.same(late.outcomes, [null, null]);
  t.equal(late.state, first.state);
});

t.test('a device whose clock ticks in seconds may catch fire within one', async (t) => {
  const { outcomes } = feed(heat, initial(heat), [
    [{ temp_c: 20, smoke: false }, 100],
    [{ temp_c: 21, smoke: true }, 100],
  ]);
  t.same(outcomes, [null, 'fired at 100']);
});

t.test('what a clock raises shows what was seen', async (t) => {
  const started = feed(full, initial(full), [[{ fill_pct: 95, temp_c: 20 }, 5]]);
  t.same(started.state.seen, { fill_pct: 95 });
});

t.test('a hold time raises only what lasts, under the identity of the record that started it', async (t) => {
  const started = feed(full, initial(full), [[{ fill_pct: 95 }, 5]]);
  t.equal(started.state.dueAtMs, 15_000);
  const fired = ring(full, started.state);
  t.same(fired.outcome, { transition: 'fired', position: { lane: 'live', offset: 5 } });
  const short = feed(full, started.state, [[{ fill_pct: 60 }, 8]]);
  t.equal(short.state.dueAtMs, null);
  t.equal(ring(full, short.state).outcome, null);
  const clearing = feed(full, fired.state, [[{ fill_pct: 60 }, 30]]);
  t.same(ring(full, clearing.state).outcome, {
    transition: 'cleared',
    position: { lane: 'live', offset: 30 },
  });
  const again = feed(full, clearing.state, [[{ fill_pct: 95 }, 40]]);
  t.same([again.state.phase, again.outcomes], ['active', [null]]);
});

t.test('fired and cleared always alternate, whatever the readings', async () => {
  const input = fc.record({ fill: fc.double({ min: 0, max: 100, noNaN: true }), timer: fc.boolean() });
  fc.assert(
    fc.property(fc.array(input, { maxLength: 200 }), (inputs) => {
      let state = initial(full);
      let last = 'cleared';
      inputs.forEach(({ fill, timer }, index) => {
        const result = timer ? ring(full, state) : step(full, state, { fill_pct: fill }, index + 1);
        state = result.state;
        if (!result.outcome) return;
        if (result.outcome.transition === last) throw new Error(`${last} twice`);
        last = result.outcome.transition;
      });
    }),
  );
});
