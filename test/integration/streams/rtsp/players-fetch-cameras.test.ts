import t from 'tap';
import { hevcFilm } from '../../../support/streams/h265-source.ts';
import { decodeRtsp, probeRtsp, startRtsp, timesOfRtsp, watchRtsp } from '../../../support/streams/rtsp/players.ts';
import { TestCamera } from '../../../support/streams/rtsp-camera.ts';
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
  t.match(stream, { codec_name: 'h264', width: 768, height: 576 });
  const [first, second] = await Promise.all([decodeRtsp(address, 25), decodeRtsp(url(PATH, passes.add()), 25)]);
  for (const decoded of [first, second]) t.same(decoded, { complaint: '', pictures: 25 });
  const times = await timesOfRtsp(address, 2);
  const steps = new Set(times.slice(1).map((time, index) => time - times[index]!));
  t.same([...steps], [9_000], 'a picture each tenth of a second');
  t.equal(camera.plays, 1, 'four players and one pull');
  t.same(new Set(bed.views.map(({ deviceId, viewer }) => `${deviceId} ${viewer.id}`)), new Set(['cam op-1']));
  const said = [...bed.lines, JSON.stringify(camera.requests)].join('\n');
  t.notMatch(said, passes.secretOf('-')!, 'the secret stands in no log');
});

t.test('H.265 goes out as it comes', async (t) => {
  const camera = await TestCamera.start(t, { film: hevcFilm() });
  const bed = await startStreams(t, { clock: patientClock });
  bed.cameras.set('cam', { url: camera.url });
  const { passes, url } = await startRtsp(t, bed, { clock: patientClock });
  const decoded = await decodeRtsp(url(PATH, passes.add()), 20);
  t.same(decoded, { complaint: '', pictures: 20 });
});

t.test('a withdrawn token ends its players, and no others', async (t) => {
  const camera = await TestCamera.start(t);
  const bed = await startStreams(t, { clock: patientClock });
  bed.cameras.set('cam', { url: camera.url });
  const { passes, url, metrics } = await startRtsp(t, bed);
  const [withdrawn, good] = [passes.add(), passes.add(look('cam', 'op-2'))];
  const players = [withdrawn, good].map((pass) => watchRtsp(t, url(PATH, pass)));
  await until('both play', () => players.every(({ frames }) => frames > 5));
  passes.views.delete(withdrawn.user);
  await until('the one is ended', () => players[0]!.ended);
  const { frames } = players[1]!;
  await until('the other goes on', () => players[1]!.frames > frames + 10);
  t.equal(players[1]!.ended, false);
  t.match(await metrics(), /citywatch_rtsp_ended_total\{reason="withdrawn"\} 1/);
});
