import t from 'tap';
import { PULL_TIMES } from '../../../src/streams/pool/pull-machine.ts';
import { readFilm } from '../../support/streams/h264-source.ts';
import { TestCamera } from '../../support/streams/rtsp-camera.ts';
import { ENGINE, look, startStreams } from '../../support/streams/streams.ts';
import { patientClock } from '../../support/time/clock.ts';
import { until } from '../../support/time/until.ts';

/** They mostly wait for pictures. */
const sideBySide = () => ({ buffered: true });
t.jobs = 3;

t.test('ten viewers of one camera cause one pull, which closes when the last has gone', sideBySide(), async (t) => {
  const camera = await TestCamera.start(t);
  const { service, cameras, views } = await startStreams(t, {
    clock: patientClock,
    times: { ...PULL_TIMES, graceMs: 500 },
  });
  cameras.set('cam', { url: camera.url });

  t.same(service.list(), [], 'nobody watches, nothing is pulled');
  const viewers = Array.from({ length: 10 }, (_, n) => look('cam', `op-${n}`));
  const playlists = await Promise.all(viewers.map((view) => service.playlist(view)));
  t.equal(new Set(playlists.map(({ body }) => body)).size, 1, 'all see the same');
  t.equal(camera.plays, 1);
  t.equal(service.processes().ffmpeg.length, ENGINE === 'ffmpeg' ? 1 : 0);
  t.match(service.list(), [{ deviceId: 'cam', quality: 'main', state: 'live', viewers: 10, codec: 'avc1.4d401f' }]);
  t.same(views.map(({ viewer }) => viewer.id).sort(), viewers.map(({ viewer }) => viewer.id).sort());

  await Promise.all(viewers.map((view) => service.playlist(view)));
  t.equal(views.length, 10, 'one row per look, however often it asks');

  await until('the pull closes', () => service.list().length === 0 && camera.viewers === 0);
  t.equal(service.processes().ffmpeg.length, 0);
  t.equal(camera.teardowns, 1, 'and the camera was told');
});

t.test('a look that cannot be registered shows nothing and pulls nothing', sideBySide(), async (t) => {
  const camera = await TestCamera.start(t);
  const { service, cameras, views } = await startStreams(t, { clock: patientClock });
  cameras.set('cam', { url: camera.url });
  views.push = () => {
    throw new Error('the register is not there');
  };
  await t.rejects(service.playlist(look('cam')), { message: 'the register is not there' });
  await t.rejects(service.snapshot(look('cam')), { message: 'the register is not there' });
  await t.rejects(service.lease(look('cam')), { message: 'the register is not there' });
  t.equal(camera.connections, 0);
});

t.test('a lease hears every fragment, beginning with a key frame', sideBySide(), async (t) => {
  const camera = await TestCamera.start(t, { film: readFilm(20) });
  const { service, cameras } = await startStreams(t, { clock: patientClock });
  cameras.set('cam', { url: camera.url });
  const lease = await service.lease(look('cam'));
  const heard: string[] = [];
  const stop = lease.listen({
    epoch: () => heard.push('epoch'),
    fragment: ({ key }) => heard.push(key ? 'key' : 'fragment'),
    failed: ({ reason }) => heard.push(reason),
  });
  await until('six fragments', () => heard.length > 6);
  t.same(heard.slice(0, 3), ['epoch', 'key', 'fragment']);
  stop();
  lease.release();
});
