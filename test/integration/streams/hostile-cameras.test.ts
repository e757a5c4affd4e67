import t from 'tap';
import { type CameraMode, TestCamera } from '../../support/rtsp-camera.ts';
import { look, startStreams } from '../../support/streams.ts';

/** What each sort of misbehaviour is called, and the longest time until the viewer is told. */
const CASES: [CameraMode, string, number][] = [
  ['silent', 'timeout', 11_000],
  ['drip', 'timeout', 11_000],
  ['endless-header', 'nonsense', 3_000],
  ['huge-body', 'nonsense', 3_000],
  ['garbage', 'nonsense', 3_000],
  ['login-loop', 'auth', 3_000],
  ['redirect', 'redirect', 3_000],
  ['udp-only', 'refused', 3_000],
  ['no-video', 'codec-unsupported', 3_000],
  ['no-media', 'timeout', 17_000],
  ['no-pictures', 'nonsense', 17_000],
  ['no-key-frame', 'no-key-frame', 17_000],
  // Chance decides whether ffmpeg gives up on noise or waits for a key frame.
  ['noise', 'nonsense|no-key-frame', 17_000],
  ['garbage-rtp', 'nonsense', 11_000],
];

t.test('each hostile camera gets a plain reason in time, and its neighbours go on', async (t) => {
  const { service, cameras } = await startStreams(t);
  const neighbour = await TestCamera.start(t);
  cameras.set('neighbour', { url: neighbour.url });
  await service.playlist(look('neighbour'));
  const held = await service.lease(look('neighbour', 'recorder'));
  let longestGapMs = 0;
  let lastMs = performance.now();
  held.listen({
    epoch: () => {},
    fragment: () => {
      longestGapMs = Math.max(longestGapMs, performance.now() - lastMs);
      lastMs = performance.now();
    },
    failed: ({ reason }) => t.fail(`the neighbour failed: ${reason}`),
  });

  const outcome = async ([mode, reason, limitMs]: (typeof CASES)[number]) => {
    const camera = await TestCamera.start(t, { mode });
    cameras.set(mode, { url: camera.url, username: 'viewer', password: 'no-matter-which' });
    const beganMs = performance.now();
    const error = await service.playlist(look(mode)).catch((cause: unknown) => cause);
    const tookMs = performance.now() - beganMs;
    t.match(error, { code: 'stream.unavailable' }, `${mode}: ${String(error)}`);
    t.match(service.status(mode)[0]?.reason, new RegExp(`^(${reason})$`), `${mode} is called ${reason}`);
    t.ok(tookMs < limitMs, `${mode} took ${Math.round(tookMs)} ms`);
  };
  await Promise.all(CASES.map(outcome));
  t.ok(longestGapMs < 2_000, `the neighbour's longest gap was ${Math.round(longestGapMs)} ms`);
  t.equal(neighbour.plays, 1, 'and it was never opened again');
});
