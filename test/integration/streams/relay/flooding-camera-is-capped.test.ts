import t from 'tap';
import { systemClock } from '../../../../src/core/clock.ts';
import { TcpOutbound } from '../../../../src/platform/outbound/tcp.ts';
import { StreamFailure } from '../../../../src/streams/pool/types.ts';
import { CameraSession } from '../../../../src/streams/relay/camera-session.ts';
import { TestCamera } from '../../../support/streams/rtsp-camera.ts';
import { TEST_NETWORK } from '../../../support/streams/streams.ts';
import { ManualClock } from '../../../support/time/clock.ts';
import { turns } from '../../../support/time/turns.ts';
import { until } from '../../../support/time/until.ts';

/** Says goodbye by a clock that has to be moved. */
async function closed(session: CameraSession, clock: ManualClock): Promise<void> {
  const closing = session.close(new StreamFailure('stopped'));
  await clock.advance(1_000);
  await closing;
}

t.test('a camera that sends all it can is read no faster than allowed', async (t) => {
  const camera = await TestCamera.start(t, { mode: 'flood' });
  const clock = new ManualClock();
  const tcp = new TcpOutbound({ clock: systemClock });
  const deps = { clock, tcp, networks: [TEST_NETWORK], megabitsPerS: 8 };
  const session = await CameraSession.open(deps, { url: camera.url }, new AbortController().signal);
  let bytes = 0;
  session.packer.push = (packet) => {
    bytes += packet.length;
  };
  await session.start();
  // What a second allows it may take at once; what a socket gives at a time it owes.
  const atOnce = 70_000;
  for (const allowed of [1_000_000, 2_000_000, 3_000_000]) {
    await until('it takes what is allowed', () => bytes > allowed - atOnce);
    await turns();
    t.ok(bytes < allowed + atOnce, `${bytes} bytes of ${allowed} allowed`);
    await clock.advance(1_000);
  }
  await closed(session, clock);
});

t.test('a session that is held takes nothing, and its camera waits', async (t) => {
  const camera = await TestCamera.start(t, { mode: 'flood' });
  const tcp = new TcpOutbound({ clock: systemClock });
  const deps = { clock: systemClock, tcp, networks: [TEST_NETWORK], megabitsPerS: 1_000 };
  const session = await CameraSession.open(deps, { url: camera.url }, new AbortController().signal);
  let bytes = 0;
  session.packer.push = (packet) => {
    bytes += packet.length;
  };
  await session.start();
  await until('media come', () => bytes > 0);
  session.hold(true);
  // What was read before is still handed on.
  await turns();
  const before = bytes;
  await turns();
  t.equal(bytes, before);
  session.hold(false);
  await until('more come when it is let go', () => bytes > before);
  await session.close(new StreamFailure('stopped'));
});
