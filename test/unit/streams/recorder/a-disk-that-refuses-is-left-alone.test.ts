import t from 'tap';
import { DiskHealth } from '../../../../src/streams/recorder/disk/disk-health.ts';
import { ManualClock } from '../../../support/time/clock.ts';

t.test('a disk that refuses again and again is tried less and less, until a file is whole', async (t) => {
  const clock = new ManualClock();
  const health = new DiskHealth(clock, { directory: '/mnt/video', reserveBytes: 0, random: () => 0 });
  health.ready();
  const pauses: number[] = [];
  const refuse = async (): Promise<number> => {
    health.refused('EIO');
    // Another file of the same moment.
    health.refused('EIO');
    let seconds = 0;
    for (; health.isPaused; seconds += 1) await clock.advance(1_000);
    return seconds;
  };
  for (let time = 0; time < 6; time += 1) pauses.push(await refuse());
  t.strictSame(pauses, [2, 4, 8, 16, 30, 30]);
  health.worked();
  t.equal(await refuse(), 2);
  health.refused('ENOSPC');
  t.strictSame(health.whyNot(), { cause: 'disk-failed', detail: 'ENOSPC' });
});
