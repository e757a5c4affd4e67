import t, { type Test } from 'tap';
import { isRunning } from '../../support/processes.ts';
import { TestCamera } from '../../support/rtsp-camera.ts';
import { look, type StreamBed, startStreams } from '../../support/streams.ts';
import { until } from '../../support/until.ts';

async function watching(t: Test): Promise<{ bed: StreamBed; camera: TestCamera }> {
  const camera = await TestCamera.start(t);
  const bed = await startStreams(t);
  bed.cameras.set('cam', { url: camera.url });
  await bed.service.lease(look('cam', 'recorder'));
  await bed.service.playlist(look('cam'));
  return { bed, camera };
}

const fragmentAt = ({ service }: StreamBed) => service.list()[0]?.lastFragmentAt ?? '';

t.test('ffmpeg killed: pictures are back within five seconds, after a discontinuity', async (t) => {
  const { bed, camera } = await watching(t);
  const [pid = 0] = bed.service.processes().ffmpeg;
  const before = fragmentAt(bed);
  const killedMs = performance.now();
  process.kill(pid, 'SIGKILL');
  await until('it is noticed', () => bed.service.list()[0]?.state !== 'live');
  await until('pictures return', () => bed.service.list()[0]?.state === 'live' && fragmentAt(bed) > before);
  t.ok(performance.now() - killedMs < 5_000, `took ${Math.round(performance.now() - killedMs)} ms`);
  t.equal(camera.plays, 2);
  const { body } = await until('a segment of the new run', async () => {
    const answer = await bed.service.playlist(look('cam'));
    return answer.body.includes('#EXT-X-DISCONTINUITY\n') ? answer : null;
  });
  t.equal(body.match(/#EXT-X-MAP/g)?.length, 2);
});

t.test('the spawner killed: its ffmpeg dies with it, and both come back', async (t) => {
  const { bed } = await watching(t);
  const { spawner, ffmpeg } = bed.service.processes();
  process.kill(spawner ?? 0, 'SIGKILL');
  await until('the old ffmpeg is gone', () => !isRunning(ffmpeg[0] ?? 0), 2_000);
  await until('pictures return', () => {
    const [pid] = bed.service.processes().ffmpeg;
    return pid !== undefined && pid !== ffmpeg[0] && bed.service.list()[0]?.state === 'live';
  });
  t.not(bed.service.processes().spawner, spawner);
});

t.test('ffmpeg stopped but alive: the watchdog replaces it within fifteen seconds', async (t) => {
  const { bed } = await watching(t);
  const [pid = 0] = bed.service.processes().ffmpeg;
  const stoppedMs = performance.now();
  process.kill(pid, 'SIGSTOP');
  await until('it is replaced', () => {
    const [now] = bed.service.processes().ffmpeg;
    return now !== undefined && now !== pid && bed.service.list()[0]?.state === 'live';
  });
  t.ok(performance.now() - stoppedMs < 15_000, `took ${Math.round(performance.now() - stoppedMs)} ms`);
  t.notOk(isRunning(pid), 'the stopped one is gone');
});
