import t from 'tap';
import { isRunning } from '../../support/processes.ts';
import { watching } from '../../support/streams/streams.ts';
import { until } from '../../support/time/until.ts';

t.test('ffmpeg stopped but alive: the watchdog replaces it', async (t) => {
  const { bed } = await watching(t, { stallMs: 2_000 });
  const [pid = 0] = bed.service.processes().ffmpeg;
  process.kill(pid, 'SIGSTOP');
  await until('it is replaced', () => {
    const [now] = bed.service.processes().ffmpeg;
    return now !== undefined && now !== pid && bed.service.list()[0]?.state === 'live';
  });
  t.notOk(isRunning(pid), 'the stopped one is gone');
});
