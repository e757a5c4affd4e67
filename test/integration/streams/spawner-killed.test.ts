import t from 'tap';
import { isRunning } from '../../support/processes.ts';
import { watching } from '../../support/streams/streams.ts';
import { until } from '../../support/time/until.ts';

t.test('the spawner killed: its ffmpeg dies with it, and both come back', async (t) => {
  const { bed } = await watching(t);
  const { spawner, ffmpeg } = bed.service.processes();
  process.kill(spawner ?? 0, 'SIGKILL');
  await until('the old ffmpeg is gone', () => !isRunning(ffmpeg[0] ?? 0));
  await until('pictures return', () => {
    const [pid] = bed.service.processes().ffmpeg;
    return pid !== undefined && pid !== ffmpeg[0] && bed.service.list()[0]?.state === 'live';
  });
  t.not(bed.service.processes().spawner, spawner);
});
