import t from 'tap';
import { HOUR_MS, unhurried } from '../../../src/core/clock.ts';
import { ManualClock } from '../../support/time/clock.ts';

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
