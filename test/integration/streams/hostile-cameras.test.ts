import t from 'tap';
import type { Fragment } from '../../../src/streams/fmp4/wall-clock.ts';
import { type CameraMode, TestCamera } from '../../support/streams/rtsp-camera.ts';
import { look, startStreams } from '../../support/streams/streams.ts';
import { until } from '../../support/time/until.ts';

/** What each sort of misbehaviour is called. */
const CASES: [CameraMode, string][] = [
  ['silent', 'timeout'],
  ['drip', 'timeout'],
  ['endless-header', 'nonsense'],
  ['huge-body', 'nonsense'],
  ['garbage', 'nonsense'],
  ['login-loop', 'auth'],
  ['redirect', 'redirect'],
  ['udp-only', 'refused'],
  ['no-video', 'codec-unsupported'],
  ['no-media', 'timeout'],
  ['no-pictures', 'nonsense'],
  ['no-key-frame', 'no-key-frame'],
  // Chance decides whether noise looks like nothing, like pictures without a key frame, or like one that never goes on.
  ['noise', 'nonsense|no-key-frame|stalled'],
  ['garbage-rtp', 'nonsense'],
];

t.test('each hostile camera gets a plain reason, and its neighbours go on', async (t) => {
  const { service, cameras } = await startStreams(t);
  const neighbour = await TestCamera.start(t);
  cameras.set('neighbour', { url: neighbour.url });
  await service.playlist(look('neighbour'));
  const held = await service.lease(look('neighbour', 'recorder'));
  const heard: Fragment[] = [];
  held.listen({
    epoch: () => {},
    fragment: (fragment) => void heard.push(fragment),
    failed: ({ reason }) => t.fail(`the neighbour failed: ${reason}`),
  });

  const outcome = async ([mode, reason]: (typeof CASES)[number]) => {
    const camera = await TestCamera.start(t, { mode });
    cameras.set(mode, { url: camera.url, username: 'viewer', password: 'no-matter-which' });
    const error = await service.playlist(look(mode)).catch((cause: unknown) => cause);
    t.match(error, { code: 'stream.unavailable' }, `${mode}: ${String(error)}`);
    t.match(service.status(mode)[0]?.reason, new RegExp(`^(${reason})$`), `${mode} is called ${reason}`);
  };
  // In real time: whoever is told sooner that nothing comes is told so of a camera that a busy machine reads late.
  await Promise.all(CASES.map(outcome));
  const { length } = heard;
  await until('the neighbour still goes on', () => heard.length > length);
  const isWhole = heard.slice(1).every(({ decodeTimeMs }, index) => {
    const before = heard[index]!;
    return Math.abs(before.decodeTimeMs + before.durationMs - decodeTimeMs) < 1;
  });
  t.ok(isWhole, 'no picture of it is missing');
  t.equal(neighbour.plays, 1, 'and it was never opened again');
});
