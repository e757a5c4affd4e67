import t from 'tap';
import { look, type StreamBed, watching } from '../../support/streams/streams.ts';
import { until } from '../../support/time/until.ts';

const fragmentAt = ({ service }: StreamBed) => service.list()[0]?.lastFragmentAt ?? '';

t.test('ffmpeg killed: pictures are back, after a discontinuity', async (t) => {
  const { bed, camera } = await watching(t);
  const [pid = 0] = bed.service.processes().ffmpeg;
  const before = fragmentAt(bed);
  process.kill(pid, 'SIGKILL');
  await until('it is noticed', () => bed.service.list()[0]?.state !== 'live');
  await until('pictures return', () => bed.service.list()[0]?.state === 'live' && fragmentAt(bed) > before);
  t.equal(camera.plays, 2);
  const { body } = await until('a segment of the new run', async () => {
    const answer = await bed.service.mediaPlaylist(look('cam'));
    return answer.body.includes('#EXT-X-DISCONTINUITY\n') ? answer : null;
  });
  t.equal(body.match(/#EXT-X-MAP/g)?.length, 2);
});
