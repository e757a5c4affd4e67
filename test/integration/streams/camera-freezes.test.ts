import t from 'tap';
import { PULL_TIMES } from '../../../src/streams/pool/pull-machine.ts';
import { TestCamera } from '../../support/streams/rtsp-camera.ts';
import { look, startStreams } from '../../support/streams/streams.ts';
import { until } from '../../support/time/until.ts';

/** They mostly wait for pictures. */
const sideBySide = () => ({ buffered: true });
t.jobs = 3;

t.test('hosts in a description are words, not addresses', sideBySide(), async (t) => {
  const { service, cameras } = await startStreams(t);
  const camera = await TestCamera.start(t, { mode: 'foreign-sdp' });
  cameras.set('cam', { url: camera.url });
  await service.playlist(look('cam'));
  t.ok(camera.requests.includes('SETUP rtsp://127.0.0.1:6379/inner/track1'), 'said to the camera, over its connection');
});

t.test('a camera that freezes in the middle is noticed and opened again', sideBySide(), async (t) => {
  // Pictures go on for up to half a second behind the last fragment, and their silence is one after three.
  const { service, cameras } = await startStreams(t, { times: { ...PULL_TIMES, stallMs: 4_500 } });
  const camera = await TestCamera.start(t);
  cameras.set('cam', { url: camera.url });
  const lease = await service.lease(look('cam', 'recorder'));
  await service.playlist(look('cam'));
  camera.frozen = true;
  const failure = await new Promise((resolve) => {
    lease.listen({ epoch: () => {}, fragment: () => {}, failed: resolve });
  });
  t.match(failure, { reason: 'stalled' });
  camera.frozen = false;
  await until('pictures return', () => camera.plays === 2 && service.list()[0]?.state === 'live');
});
