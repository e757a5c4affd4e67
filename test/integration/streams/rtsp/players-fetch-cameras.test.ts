import t from 'tap';
import { hevcFilm } from '../../../support/streams/h265-source.ts';
import { TestCamera } from '../../../support/streams/rtsp-camera.ts';
import { decodeRtsp, probeRtsp, startRtsp, watchRtsp } from '../../../support/streams/rtsp-players.ts';
import { look, startStreams } from '../../../support/streams/streams.ts';
import { patientClock } from '../../../support/time/clock.ts';
import { until } from '../../../support/time/until.ts';

const PATH = '/live/cam';

t.test('ffprobe and ffmpeg fetch a camera that is pulled once, after the look was registered', async (t) => {
  const camera = await TestCamera.start(t, {
    login: { username: 'camera-user', password: 'camera-password', scheme: 'digest' },
  });
  const bed = await startStreams(t, { clock: patientClock });
  bed.cameras.set('cam', { url: camera.url, username: 'camera-user', password: 'camera-password' });
  const { passes, url } = await startRtsp(t, bed, { clock: patientClock });
  const address = url(PATH, passes.add());

  const { complaint, stream } = await probeRtsp(address);
  t.equal(complaint, '');
  t.match(stream, { codec_name: 'h264', width: 640, height: 360 });
  const [first, second] = await Promise.all([decodeRtsp(address, 25), decodeRtsp(url(PATH, passes.add()), 25)]);
  for (const decoded of [first, second]) {
    t.equal(decoded.complaint, '');
    t.equal(decoded.times.length, 25, 'every picture is decoded');
    const steps = decoded.times.slice(1).map((time, index) => time - decoded.times[index]!);
    t.ok(steps.every((step) => step > 0), 'in order');
  }
  t.equal(camera.plays, 1, 'three players and one pull');
  t.same(new Set(bed.views.map(({ deviceId, viewer }) => `${deviceId} ${viewer.id}`)), new Set(['cam op-1']));
  const said = [...bed.lines, JSON.stringify(camera.requests)].join('\n');
  t.notMatch(said, passes.secretOf('-')!, 'the secret stands in no log');
  await until('the pull ends', () => bed.service.list().length === 0);
});

t.test('H.265 goes out as it comes', async (t) => {
  const camera = await TestCamera.start(t, { film: hevcFilm() });
  const bed = await startStreams(t, { clock: patientClock });
  bed.cameras.set('cam', { url: camera.url });
  const { passes, url } = await startRtsp(t, bed, { clock: patientClock });
  const decoded = await decodeRtsp(url(PATH, passes.add()), 20);
  t.equal(decoded.complaint, '');
  t.equal(decoded.times.length, 20);
});

t.test('a withdrawn token ends its players, and no others', async (t) => {
  const camera = await TestCamera.start(t);
  const bed = await startStreams(t, { clock: patientClock });
  bed.cameras.set('cam', { url: camera.url });
  const { passes, url } = await startRtsp(t, bed);
  const [withdrawn, good] = [passes.add(), passes.add(look('cam', 'op-2'))];
  const players = [withdrawn, good].map((pass) => watchRtsp(t, url(PATH, pass)));
  await until('both play', () => players.every(({ frames }) => frames > 5));
  passes.views.delete(withdrawn.user);
  await until('the one is ended', () => players[0]!.ended);
  const { frames } = players[1]!;
  await until('the other goes on', () => players[1]!.frames > frames + 10);
  t.equal(players[1]!.ended, false);
  t.match(await bed.observer.metrics.metrics(), /citywatch_rtsp_ended_total\{reason="withdrawn"\} 1/);
});
