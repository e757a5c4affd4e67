import t from 'tap';
import { TestCamera } from '../../support/streams/rtsp-camera.ts';
import { look, startStreams, watching } from '../../support/streams/streams.ts';
import { until } from '../../support/time/until.ts';

const WHY = 'Different: serial.';

t.test('what is found to be another camera while it is shown ends at once, with the reason', async (t) => {
  const { bed } = await watching(t);
  const { service, foreign, lost } = bed;
  await service.snapshot(look('cam'));
  foreign.set('cam', WHY);
  const refused = {
    code: 'stream.unavailable',
    detail: `Another camera answers than the one that is registered. ${WHY}`,
  };
  await t.rejects(service.playlist(look('cam')), refused);
  await t.rejects(service.snapshot(look('cam')), refused, 'no still, and so no evidence picture');
  await t.rejects(service.lease(look('cam', 'recorder-2')), refused);
  await until('its pull ends', () => service.list()[0]?.state !== 'live' && service.processes().ffmpeg.length === 0);
  t.match(service.list()[0], { reason: 'other-unit' });
  t.same(lost.slice(0, 1), ['cam']);
  foreign.delete('cam');
  await t.resolves(service.playlist(look('cam')), 'and it is shown again when the registered one answers');
});

t.test('a camera that turns out to be another one when it is reached is not shown for a moment', async (t) => {
  const camera = await TestCamera.start(t);
  const { service, cameras, strangers } = await startStreams(t);
  cameras.set('cam', { url: camera.url });
  strangers.set('cam', WHY);
  await t.rejects(service.snapshot(look('cam')), { code: 'stream.unavailable' });
  t.equal(camera.plays, 0, 'it was not asked to play');
});
