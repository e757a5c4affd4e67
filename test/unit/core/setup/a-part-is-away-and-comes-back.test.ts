import t from 'tap';
import type { Remark } from '../../../../src/core/setup/remarks.ts';
import { StandingRemarks } from '../../../../src/core/setup/standing-remarks.ts';
import { quietObserver } from '../../../support/services/services.ts';
import { ManualClock } from '../../../support/time/clock.ts';

const FINE: Remark = { level: 'fine', part: 'redis', what: 'Redis 7', remedy: '' };
const AWAY: Remark = { level: 'problem', part: 'redis', what: 'does not answer', remedy: 'check REDIS_URL' };
const FORGETS: Remark = { level: 'warning', part: 'redis', what: 'forgets jobs', remedy: 'set appendonly yes' };

t.test('what is wrong stays in health with its remedy until it is mended, without a restart', async (t) => {
  const clock = new ManualClock();
  let found = [AWAY];
  let looks = 0;
  const look = async () => {
    looks += 1;
    return found;
  };
  const standing = new StandingRemarks({ look, clock, observer: quietObserver() });
  standing.start();
  await clock.advance(250);
  t.throws(() => standing.check('redis'), { message: 'does not answer; check REDIS_URL' });
  t.doesNotThrow(() => standing.check('influx'));
  found = [FORGETS];
  await clock.advance(20_000);
  t.doesNotThrow(() => standing.check('redis'), 'a warning is no reason to be red');
  t.equal(looks, 2);
  found = [FINE];
  await clock.advance(60_000);
  t.equal(looks, 2, 'what is well is not asked again');
  await standing.stop();
});

t.test('a look that hangs does not hold up the end', async (t) => {
  const clock = new ManualClock();
  const look = (signal: AbortSignal) =>
    new Promise<Remark[]>((resolve) => signal.addEventListener('abort', () => resolve([AWAY]), { once: true }));
  const standing = new StandingRemarks({ look, clock, observer: quietObserver() });
  standing.start();
  await clock.advance(250);
  await standing.stop();
  t.doesNotThrow(() => standing.check('redis'), 'what is found while ending is not kept');
});
