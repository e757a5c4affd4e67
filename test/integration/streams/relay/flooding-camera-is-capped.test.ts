import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { systemClock } from '../../../../src/core/clock.ts';
import { TcpOutbound } from '../../../../src/platform/outbound/tcp.ts';
import { StreamFailure } from '../../../../src/streams/pool/types.ts';
import { CameraSession } from '../../../../src/streams/relay/camera-session.ts';
import { TestCamera } from '../../../support/rtsp-camera.ts';
import { TEST_NETWORK } from '../../../support/streams.ts';

t.test('a camera that sends all it can is read no faster than allowed', async (t) => {
  const camera = await TestCamera.start(t, { mode: 'flood' });
  const deps = {
    clock: systemClock,
    tcp: new TcpOutbound({ clock: systemClock }),
    networks: [TEST_NETWORK],
    megabitsPerS: 8,
  };
  const session = await CameraSession.open(deps, { url: camera.url }, new AbortController().signal);
  let bytes = 0;
  session.feed.push = (packet) => {
    bytes += packet.length;
  };
  await session.start();
  await sleep(1_000);
  const before = bytes;
  await sleep(3_000);
  const perS = (bytes - before) / 3;
  t.ok(perS < 1_200_000, `${Math.round(perS)} bytes a second of 1,000,000 allowed`);
  t.ok(perS > 500_000, 'and not much less');
  await session.close(new StreamFailure('stopped'));
});

t.test('a session that is held takes nothing, and its camera waits', async (t) => {
  const camera = await TestCamera.start(t, { mode: 'flood' });
  const deps = {
    clock: systemClock,
    tcp: new TcpOutbound({ clock: systemClock }),
    networks: [TEST_NETWORK],
    megabitsPerS: 1_000,
  };
  const session = await CameraSession.open(deps, { url: camera.url }, new AbortController().signal);
  let bytes = 0;
  session.feed.push = (packet) => {
    bytes += packet.length;
  };
  await session.start();
  session.hold(true);
  await sleep(500);
  const before = bytes;
  await sleep(500);
  t.equal(bytes, before);
  await session.close(new StreamFailure('stopped'));
});
