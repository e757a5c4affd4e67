import t from 'tap';
import type { VirtualCamera } from '../../../../simulators/camera/camera.ts';
import type { WebFault } from '../../../../simulators/camera/faults.ts';
import { HOUR_MS } from '../../../../src/core/clock.ts';
import {
  type CameraCheckPorts,
  type CameraCheckResult,
  type CameraTarget,
  checkCamera as checkWithin,
} from '../../../../src/devices/checks/camera-check.ts';
import { CAMERA_CHECK_TIMES } from '../../../../src/devices/checks/camera-times.ts';
import { checkPorts, gradesOf } from '../../../support/devices/checks.ts';
import { startCameras } from '../../../support/streams/cameras.ts';

const FIRST = { reach: 'ok', port: 'ok', clock: 'ok' };
const ALL_OK = { ...FIRST, login: 'ok', identity: 'ok', profiles: 'ok', rtsp: 'ok', snapshot: 'ok' };
const NOT_TRIED = {
  identity: 'not-tried',
  profiles: 'not-tried',
  rtsp: 'not-tried',
  snapshot: 'not-tried',
};
const WRONG = { username: 'admin', password: 'planted-secret-42' };

/** Whoever hangs is not waited for as long as in a gateway. */
const HURRIED = { stepMs: { ...CAMERA_CHECK_TIMES.stepMs, clock: 1_200, rtsp: 2_500 }, requestMs: 1_000 };

/** What must come is waited for longer, since the machine may have much else to do. */
const PATIENT = {
  ...HURRIED,
  totalMs: 60_000,
  stepMs: { ...HURRIED.stepMs, reach: 20_000, port: 20_000, rtsp: 30_000 },
};

function checkCamera(target: CameraTarget, ports: CameraCheckPorts): Promise<CameraCheckResult> {
  return checkWithin(target, ports, CAMERA_CHECK_TIMES);
}

function checkHurried(target: CameraTarget, ports: CameraCheckPorts): Promise<CameraCheckResult> {
  return checkWithin(target, ports, { ...CAMERA_CHECK_TIMES, ...HURRIED });
}

/** A camera as it is registered. */
function targetOf(camera: VirtualCamera, over: Partial<CameraTarget> = {}): CameraTarget {
  const { maker, model, serial, mac, endpoint } = camera.identity;
  return {
    onvif: { xaddr: camera.xaddr, ...camera.account },
    stream: { url: camera.streamUrl('main'), ...camera.account },
    known: { maker, model, serial, mac, endpoint: endpoint.replace('urn:uuid:', '') },
    ...over,
  };
}

/** Logins that leave over HTTP from now on, by how they are sent. */
function countLogins(ports: CameraCheckPorts): string[] {
  const logins: string[] = [];
  const { outbound } = ports.onvif;
  ports.onvif = {
    ...ports.onvif,
    outbound: {
      http: (request) => {
        if (request.headers?.authorization) logins.push('digest');
        if (String(request.body).includes('UsernameToken')) logins.push('token');
        return outbound.http(request);
      },
    },
  };
  return logins;
}

t.test('a sound camera passes all eight steps, and says who it is and what it shows', async (t) => {
  const cameras = await startCameras(t);
  const ports = await checkPorts(t);
  for (const [index, onvifAuth] of (['wsse', 'digest', 'both'] as const).entries()) {
    const camera = await cameras.start({ address: `127.64.40.${index + 1}`, onvifAuth });
    const checked = await checkCamera(targetOf(camera), ports);
    t.same(gradesOf(checked), ALL_OK, onvifAuth);
    const seen = Object.fromEntries(checked.steps.map((step) => [step.name, step.seen]));
    t.match(seen.identity, `serial ${camera.identity.serial}, firmware 2.10`);
    t.match(seen.rtsp, /^H\.264, 768x576, brightness \d/);
    t.match(seen.snapshot, /^JPEG, 768x576, brightness \d/);
    t.match(checked, { isOther: false, label: { serial: camera.identity.serial } });
    t.notMatch(JSON.stringify(checked.steps), camera.account.password);
  }
  t.same(ports.unexpectedOnes, []);
});

t.test('before it is registered, an address and a login are enough', async (t) => {
  const cameras = await startCameras(t);
  const camera = await cameras.start({ address: '127.64.40.4' });
  const checked = await checkCamera(targetOf(camera, { stream: null, known: null }), await checkPorts(t));
  t.same(gradesOf(checked), ALL_OK);
});

t.test('a wrong password is sent once, and stops the steps behind it', async (t) => {
  const cameras = await startCameras(t);
  for (const [index, onvifAuth] of (['wsse', 'digest', 'both'] as const).entries()) {
    const camera = await cameras.start({ address: `127.64.40.${index + 5}`, onvifAuth });
    const ports = await checkPorts(t);
    const logins = countLogins(ports);
    const onvif = { xaddr: camera.xaddr, ...WRONG };
    const checked = await checkCamera(targetOf(camera, { onvif }), ports);
    t.same(gradesOf(checked), { ...FIRST, login: 'failed auth', ...NOT_TRIED }, onvifAuth);
    t.same(logins, [onvifAuth === 'wsse' ? 'token' : 'digest'], onvifAuth);
    t.equal(camera.viewers.accepted, 1, 'its RTSP door is knocked at, and no more');
    t.match(checked.steps[3]?.hint, /One try was made.*five wrong ones/);
    t.notMatch(JSON.stringify(checked), WRONG.password);
  }
});

t.test('a clock that is off is named before the password', async (t) => {
  const cameras = await startCameras(t);
  const camera = await cameras.start({ address: '127.64.40.8' });
  const ports = await checkPorts(t);
  const onvif = { xaddr: camera.xaddr, ...WRONG };
  camera.misbehave({ clockSkewMs: 2.2 * HOUR_MS });
  const checked = await checkCamera(targetOf(camera, { onvif }), ports);
  const grades = { ...FIRST, clock: 'failed clock-skew', login: 'failed clock-skew', ...NOT_TRIED };
  t.same(gradesOf(checked), grades);
  t.match(checked.steps[2], { seen: 'Its clock is 2.2 h ahead.', hint: /Set the camera's time.*cannot be judged/ });
  camera.misbehave({ clockSkewMs: 8 * HOUR_MS });
  const inZone = await checkCamera(targetOf(camera), ports);
  t.same(gradesOf(inZone), { ...ALL_OK, clock: 'warning clock-skew' }, 'the right password counts by its own clock');
  t.match(inZone.steps[2]?.hint, /local time for UTC/);
});

t.test('another unit at the address is named, and its picture belongs to nobody', async (t) => {
  const cameras = await startCameras(t);
  const camera = await cameras.start({ address: '127.64.40.9' });
  const known = { maker: 'x', model: 'y', serial: 'A-1', mac: '02:00:00:00:00:01', endpoint: null };
  const checked = await checkCamera(targetOf(camera, { known }), await checkPorts(t));
  t.same(gradesOf(checked), { ...ALL_OK, identity: 'failed other-unit' });
  t.equal(checked.isOther, true);
});

t.test('a stream with another password stops before the snapshot; one without pictures says so', async (t) => {
  const cameras = await startCameras(t);
  const camera = await cameras.start({ address: '127.64.40.10' });
  const ports = await checkPorts(t);
  const stream = { url: camera.streamUrl('main'), ...WRONG };
  const checked = await checkCamera(targetOf(camera, { stream }), ports);
  t.same(gradesOf(checked), { ...ALL_OK, rtsp: 'failed auth', snapshot: 'not-tried' });
  t.equal(camera.viewers.accepted, 2, 'one knock, one login');
  camera.misbehave({ frozen: true });
  const frozen = await checkHurried(targetOf(camera), ports);
  t.same(gradesOf(frozen), { ...ALL_OK, rtsp: 'failed timeout' });
  t.match(frozen.steps[6]?.seen, /promised video and sent none/);
});

const NO_SERVICE = { login: 'not-tried', identity: 'not-tried', profiles: 'not-tried', snapshot: 'not-tried' };
const FAULTS: Record<Exclude<WebFault, 'foreign-host'>, string> = {
  silent: 'timeout',
  drip: 'timeout',
  nonsense: 'malformed',
  'broken-xml': 'malformed',
  endless: 'too-big',
  dtd: 'malformed',
  deep: 'too-big',
};

t.test('whatever its web service does, its video is tried; and what hangs altogether ends', async (t) => {
  const cameras = await startCameras(t);
  const ports = await checkPorts(t);
  const checks = Object.entries(FAULTS).map(async ([fault, problem], index) => {
    const camera = await cameras.start({ address: `127.64.40.${index + 20}` });
    camera.misbehave({ web: fault as WebFault, rtspSilent: fault === 'silent' });
    const times = fault === 'silent' ? HURRIED : PATIENT;
    const checked = await checkWithin(targetOf(camera), ports, { ...CAMERA_CHECK_TIMES, ...times });
    const rtsp = fault === 'silent' ? 'failed timeout' : 'ok';
    t.same(gradesOf(checked), { ...FIRST, ...NO_SERVICE, clock: `failed ${problem}`, rtsp }, fault);
    t.ok(checked.steps.every(({ grade, hint }) => (grade === 'failed') === (hint !== null && hint.length > 20)));
  });
  await Promise.all(checks);
  t.same(ports.unexpectedOnes, []);
});

t.test('without power, without a port, or outside the networks of cameras', async (t) => {
  const cameras = await startCameras(t);
  const camera = await cameras.start({ address: '127.64.40.40' });
  const target = targetOf(camera);
  const outside = await checkCamera(target, await checkPorts(t, ['10.0.0.0/8']));
  t.match(outside.steps[0], { grade: 'failed', problem: 'refused-address', hint: /CITYWATCH_CAMERA_NETWORKS/ });
  t.equal(camera.viewers.accepted, 0, 'nothing was contacted');
  await camera.die();
  const ports = await checkPorts(t);
  const dead = await checkCamera(target, ports);
  t.match(gradesOf(dead), { reach: 'ok', port: 'failed port-closed', clock: 'not-tried', rtsp: 'not-tried' });
  t.match(dead.steps[1]?.hint, /Switch ONVIF on.*Switch RTSP on/);
  const none = await checkCamera({ onvif: null, stream: null, known: null }, ports);
  t.match(gradesOf(none), { reach: 'failed no-address', port: 'not-tried', rtsp: 'not-tried' });
});
