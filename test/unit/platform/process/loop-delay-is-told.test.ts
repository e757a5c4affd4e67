import t from 'tap';
import { watchLoopDelay } from '../../../../src/platform/process/loop-delay.ts';
import { quietObserver } from '../../../support/services/services.ts';
import { ManualClock } from '../../../support/time/clock.ts';

const COUNT = /citywatch_event_loop_delay_seconds_count (\d+)/;

t.test('how late the event loop is stands at /metrics, while somebody reads them', async (t) => {
  const clock = new ManualClock();
  const { metrics } = quietObserver();
  const stop = watchLoopDelay(clock, { metrics });
  const looks = async (): Promise<number> => Number(COUNT.exec(await metrics.metrics())?.[1] ?? -1);
  await clock.advance(1_000);
  t.equal(await looks(), 0, 'before, nobody looked');
  await clock.advance(1_000);
  t.equal(await looks(), 10);
  await clock.advance(3_600_000);
  const left = await looks();
  t.ok(left > 800 && left < 1_000, 'nobody read them for an hour, and it was looked for a minute and a half');
  await clock.advance(1_000);
  t.ok((await looks()) > left, 'and again');
  stop();
  const before = await looks();
  stop();
  await clock.advance(1_000);
  t.equal(await looks(), before);
  stop();
});
