import t from 'tap';
import { composeLooks, type LookParts } from '../../../../src/app/compose/streams/looks.ts';
import { systemClock } from '../../../../src/core/clock.ts';
import { CameraDoors } from '../../../../src/devices/logins/camera-doors.ts';
import { stepOf } from '../../../../src/devices/logins/hints.ts';
import { TcpOutbound } from '../../../../src/platform/outbound/tcp.ts';
import { USUAL_PLAN } from '../../../../src/streams/pool/stream-plans.ts';
import { openLogins, rotate } from '../../../support/devices/logins.ts';
import { callerIn } from '../../../support/devices/registry.ts';
import { CAMERA_NETWORK, onvifPorts, startCameras } from '../../../support/streams/cameras.ts';
import { until } from '../../../support/time/until.ts';

const ADMIN = callerIn('330000');
const PLACE = { kind: 'camera', name: 'at the gate', jurisdiction: '330212', location: { lat: 29.83, lon: 121.55 } };

t.test('the video of a camera that allows one connection is tried when that is left', async (t) => {
  const [cameras, logins] = await Promise.all([startCameras(t), openLogins(t)]);
  const camera = await cameras.start({ id: 'cam', address: '127.64.71.1' });
  const stream = Object.assign(new URL(camera.streamUrl('main')), camera.account);
  const onvif = { xaddr: camera.xaddr, ...camera.account };
  await logins.registry.create(ADMIN, { ...PLACE, id: 'cam', onvif, stream: { url: stream.href } });
  let [isPulled, asked] = [true, 0];
  const pull = { target: { deviceId: 'cam', quality: 'main' }, signs: () => ({ state: 'live' }) };
  const pool = {
    clock: systemClock,
    *pulls() {
      asked += 1;
      if (isPulled) yield pull;
    },
  };
  const looks = composeLooks({
    pool: pool as unknown as LookParts['pool'],
    plans: { of: () => ({ ...USUAL_PLAN, connectionsMax: 1 }) },
    tcp: new TcpOutbound({ clock: systemClock }),
    networks: [CAMERA_NETWORK],
  });
  const { reach: _reach, ...ports } = onvifPorts(t);
  logins.deps.doors = new CameraDoors({ onvif: ports, video: looks.login });
  const rotated = rotate(logins, ADMIN, 'cam');
  await until('it waits for the connection', () => asked > 1);
  isPulled = false;
  const { state, steps } = await rotated;
  t.equal(state, 'changed');
  t.match(
    steps.find(({ name }) => name === 'rtsp'),
    { grade: 'ok' },
  );
});

t.test('where live video goes on, that is what the change says', async (t) => {
  const proving = { at: 'proving', way: 'set', door: 'rtsp', tries: 2, oldRefused: false, rtsp: 'none' } as const;
  const after = { ...proving, door: 'snapshot', tries: 0, rtsp: 'unknown' } as const;
  t.match(stepOf(proving, { type: 'away', problem: 'in-use' }, after), { name: 'rtsp', problem: 'rtsp-in-use' });
  t.match(stepOf(proving, { type: 'away', problem: 'timeout' }, after), { name: 'rtsp', problem: 'rtsp-unknown' });
});
