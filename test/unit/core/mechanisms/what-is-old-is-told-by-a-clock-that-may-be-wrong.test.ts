import t from 'tap';
import { DAY_MS, MINUTE_MS } from '../../../../src/core/clock.ts';
import { BelievedTime } from '../../../../src/core/mechanisms/believed-time.ts';
import { keepHouse } from '../../../../src/core/mechanisms/chores.ts';
import { Lifecycle } from '../../../../src/core/mechanisms/lifecycle.ts';
import { quietObserver } from '../../../support/ingest/journal.ts';
import { ManualClock } from '../../../support/time/clock.ts';
import { turns } from '../../../support/time/turns.ts';

const YEAR_MS = 365 * DAY_MS;

/** A gateway that last believed `knownMs`; resolves after ten minutes with the time by which it removed what is old. */
function house(clock: ManualClock, knownMs: number | null) {
  const given: number[] = [];
  const believed = new BelievedTime(clock, knownMs);
  const observer = quietObserver();
  const chores = {
    failing: async () => Promise.reject(new Error('away')),
    asked: async (nowMs: number) => void given.push(nowMs),
  };
  keepHouse({ clock, believed, observer, lifecycle: new Lifecycle(clock), chores });
  return async (): Promise<number> => {
    await clock.advance(10 * MINUTE_MS);
    await turns();
    return given.at(-1)!;
  };
}

t.test('a clock that is set a year ahead makes nothing old before it stood so for a day', async (t) => {
  const clock = new ManualClock();
  const round = house(clock, null);
  const rightMs = await round();
  t.equal(rightMs, clock.nowMs());
  clock.setWall(rightMs + YEAR_MS);
  t.equal(await round(), rightMs + 10 * MINUTE_MS);
  clock.setWall(rightMs + 10 * MINUTE_MS);
  t.equal(await round(), rightMs + 20 * MINUTE_MS, 'it was wrong, and is right again');
  clock.setWall(rightMs + YEAR_MS);
  await clock.advance(DAY_MS - 10 * MINUTE_MS);
  t.equal(await round(), rightMs + DAY_MS + 20 * MINUTE_MS);
  t.equal(await round(), clock.nowMs(), 'so late it is');
});

t.test('nor does a start with such a clock, however often', async (t) => {
  const rightMs = new ManualClock().nowMs();
  const clock = new ManualClock(rightMs + YEAR_MS);
  let knownMs = rightMs;
  for (let start = 0; start < 5; start += 1) {
    const round = house(clock, knownMs);
    await round();
    knownMs = await round();
    t.equal(knownMs, rightMs + (start + 1) * 20 * MINUTE_MS);
  }
  const round = house(clock, knownMs);
  await clock.advance(DAY_MS);
  t.equal(await round(), clock.nowMs(), 'who was off for a year waits for a day');
  t.equal(await house(new ManualClock(rightMs + 6 * DAY_MS), rightMs)(), rightMs + 6 * DAY_MS + 10 * MINUTE_MS);
  t.equal(await house(new ManualClock(rightMs - YEAR_MS), rightMs)(), rightMs - YEAR_MS + 10 * MINUTE_MS, 'or back');
});
