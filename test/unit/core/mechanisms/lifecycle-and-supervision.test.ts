import t from 'tap';
import { Lifecycle } from '../../../../src/core/mechanisms/lifecycle.ts';
import { Machine } from '../../../../src/core/mechanisms/machine.ts';
import { supervise } from '../../../../src/core/mechanisms/supervise.ts';
import { ManualClock } from '../../../support/time/clock.ts';

t.test('what was started last stops first, and one failure does not keep the others from stopping', async (t) => {
  const lifecycle = new Lifecycle(new ManualClock());
  const order: string[] = [];
  lifecycle.onStop('database', () => {
    order.push('database');
  });
  lifecycle.onStop('journal', () => {
    order.push('journal');
    throw new Error('disk');
  });
  lifecycle.onStop('listener', async () => {
    order.push('listener');
  });
  const failures = await lifecycle.stop(1_000);
  t.same(order, ['listener', 'journal', 'database']);
  t.same(
    failures.map(({ name }) => name),
    ['journal'],
  );
  t.same(await lifecycle.stop(1_000), failures, 'a second stop is the first');
  t.throws(() => lifecycle.onStop('late', () => {}), /being stopped/);
});

t.test('a step that hangs is left behind at the deadline, and the rest still runs', async (t) => {
  const clock = new ManualClock();
  const lifecycle = new Lifecycle(clock);
  let stopped = false;
  lifecycle.onStop('good', () => {
    stopped = true;
  });
  lifecycle.onStop('hangs', () => new Promise(() => {}));
  const stop = lifecycle.stop(1_000);
  await clock.advance(1_000);
  await clock.advance(500);
  const failures = await stop;
  t.ok(stopped);
  t.match(failures, [{ name: 'hangs' }]);
});

t.test('a worker that ends starts again, later and later, and at once after it was well', async (t) => {
  const clock = new ManualClock();
  const pauses: number[] = [];
  let runs = 0;
  const supervised = supervise(
    async (_, healthy) => {
      runs += 1;
      if (runs === 5) healthy();
      throw new Error('gone');
    },
    {
      name: 'w',
      clock,
      minBackoffMs: 100,
      maxBackoffMs: 1_000,
      random: () => 1,
      onEnd: (_, pauseMs) => pauses.push(pauseMs),
    },
  );
  for (let i = 0; i < 6; i += 1) await clock.advance(1_000);
  await supervised.stop();
  t.same(pauses.slice(0, 6), [100, 200, 400, 800, 100, 200]);
  t.ok(supervised.restarts() >= 6);
});

t.test('stopping a supervised worker aborts it and waits for its end', async (t) => {
  const clock = new ManualClock();
  let ended = false;
  const supervised = supervise(
    (signal) =>
      new Promise((resolve) => {
        signal.addEventListener('abort', () => {
          ended = true;
          resolve('stopped');
        });
      }),
    { name: 'w', clock },
  );
  await supervised.stop();
  t.ok(ended);
});

t.test('an input raised by an effect waits for the step that raised it', async (t) => {
  const seen: string[] = [];
  const machine: Machine<number, 'go' | 'on', string> = new Machine(
    0,
    (state: number, input: 'go' | 'on') => ({ state: state + 1, effects: [`${input}1`, `${input}2`] }),
    (effect: string) => {
      seen.push(effect);
      if (effect === 'go1') machine.send('on');
    },
  );
  machine.send('go');
  t.same(seen, ['go1', 'go2', 'on1', 'on2']);
  t.equal(machine.state, 2);
});
