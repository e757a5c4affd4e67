import t from 'tap';
import { ClockJumps, unhurried } from '../../../src/core/clock-jumps.ts';
import { ManualClock } from '../../support/clock.ts';

const HOUR_MS = 3_600_000;

t.test('a clock that is set is told of once, forward and back; time that passes and small steps are not', async (t) => {
  const clock = new ManualClock();
  let told = 0;
  const tell = async () => {
    told += 1;
  };
  const jumps = new ClockJumps({ clock, tell });
  await clock.advance(24 * HOUR_MS);
  clock.setWall(clock.nowMs() + 900);
  t.equal(jumps.look(), true);
  for (const byMs of [24 * HOUR_MS, -HOUR_MS]) {
    clock.setWall(clock.nowMs() + byMs);
    t.equal(jumps.look(), false, 'it is being told');
    t.equal(jumps.look(), false, 'once');
    await clock.advance(0);
    t.equal(jumps.look(), true);
  }
  t.equal(told, 2);
});

t.test('a jump that cannot be written down is told again, and one that comes meanwhile too', async (t) => {
  const clock = new ManualClock();
  const answers: ((error?: Error) => void)[] = [];
  const tell = () =>
    new Promise<void>((resolve, reject) => answers.push((error) => (error ? reject(error) : resolve())));
  const jumps = new ClockJumps({ clock, tell });
  clock.setWall(clock.nowMs() + HOUR_MS);
  jumps.look();
  answers[0]?.(new Error('full'));
  await clock.advance(0);
  t.equal(jumps.look(), false);
  t.equal(answers.length, 2);
  clock.setWall(clock.nowMs() + HOUR_MS);
  jumps.look();
  t.equal(answers.length, 3, 'the second jump does not wait for the first');
  answers[1]?.();
  await clock.advance(0);
  t.equal(jumps.look(), false, 'the first alone is not enough');
  answers[2]?.();
  await clock.advance(0);
  t.equal(jumps.look(), true);
});

t.test('an unhurried clock follows time and what is set back, but not what is set forward', async (t) => {
  const clock = new ManualClock();
  const startMs = clock.nowMs();
  const nowMs = unhurried(clock);
  await clock.advance(HOUR_MS);
  t.equal(nowMs(), startMs + HOUR_MS);
  clock.setWall(clock.nowMs() + 24 * HOUR_MS);
  t.equal(nowMs(), startMs + HOUR_MS);
  await clock.advance(HOUR_MS);
  t.equal(nowMs(), startMs + 2 * HOUR_MS);
  clock.setWall(startMs);
  t.equal(nowMs(), startMs);
});
