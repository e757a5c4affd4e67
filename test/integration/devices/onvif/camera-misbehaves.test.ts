import t from 'tap';
import type { WebFault } from '../../../../simulators/camera/faults.ts';
import { inspectCamera } from '../../../../src/devices/onvif/inspect.ts';
import { OnvifError, type OnvifProblem } from '../../../../src/devices/onvif/problems.ts';
import { CAMERA_NETWORK, onvifPorts, startCameras } from '../../../support/streams/cameras.ts';

/** So long whoever says nothing, or never ends, is listened to; the others are found out by what they say. */
const DEADLINE_MS = 500;
const UNENDING = new Set<WebFault>(['silent', 'drip']);

async function problemOf(run: Promise<unknown>): Promise<OnvifError> {
  const error = await run.then(
    () => null,
    (cause: unknown) => cause,
  );
  if (error instanceof OnvifError) return error;
  throw error ?? new Error('it was read without complaint');
}

const EXPECTED: Record<Exclude<WebFault, 'foreign-host'>, OnvifProblem> = {
  silent: 'timeout',
  drip: 'timeout',
  nonsense: 'malformed',
  'broken-xml': 'malformed',
  endless: 'too-big',
  dtd: 'malformed',
  deep: 'malformed',
};

t.test('each way of misbehaving gets its own name', async (t) => {
  const cameras = await startCameras(t);
  const camera = await cameras.start({ address: '127.64.22.1' });
  const ports = onvifPorts(t);
  for (const [fault, problem] of Object.entries(EXPECTED) as [WebFault, OnvifProblem][]) {
    camera.misbehave({ web: fault });
    const deadlineMs = UNENDING.has(fault) ? DEADLINE_MS : 60_000;
    const error = await problemOf(inspectCamera({ xaddr: camera.xaddr, ...camera.account }, { ...ports, deadlineMs }));
    t.equal(error.problem, problem, fault);
    t.ok(error.hint.length > 20, 'with a hint');
  }
  camera.behave();
  t.ok(await inspectCamera({ xaddr: camera.xaddr, ...camera.account }, ports), 'and it recovers at once');
});

t.test('a wrong password is an auth problem, and is not called one while the clock is off', async (t) => {
  const cameras = await startCameras(t);
  const ports = onvifPorts(t);
  for (const onvifAuth of ['wsse', 'digest'] as const) {
    const camera = await cameras.start({ address: onvifAuth === 'wsse' ? '127.64.22.2' : '127.64.22.3', onvifAuth });
    const target = { xaddr: camera.xaddr, username: 'admin', password: 'planted-secret-42' };
    const error = await problemOf(inspectCamera(target, ports));
    t.match(error, { problem: 'auth', operation: 'GetDeviceInformation' }, onvifAuth);
    t.notMatch(`${error.message} ${JSON.stringify(error)}`, /planted-secret-42/, 'the password is not in the error');
    camera.misbehave({ clockSkewMs: 3_600_000 });
    const skewed = await problemOf(inspectCamera(target, ports));
    t.equal(skewed.problem, 'clock-skew', onvifAuth);
    t.match(skewed.message, /3(599|60[0-2]) s off/);
  }
});

t.test('a camera without power is unreachable', async (t) => {
  const cameras = await startCameras(t);
  const camera = await cameras.start({ address: '127.64.22.4' });
  await camera.die();
  const error = await problemOf(inspectCamera({ xaddr: camera.xaddr, ...camera.account }, onvifPorts(t)));
  t.equal(error.problem, 'unreachable');
});

t.test('an address outside the camera networks is never contacted', async (t) => {
  const cameras = await startCameras(t);
  const camera = await cameras.start({ address: '127.64.22.5' });
  const ports = onvifPorts(t, ['10.0.0.0/8']);
  await t.rejects(inspectCamera({ xaddr: camera.xaddr, ...camera.account }, ports), {
    code: 'outbound.refused',
    message: /CITYWATCH_CAMERA_NETWORKS/,
  });
  t.same(camera.requests, []);
});

t.test('an address that is none is refused by name before anything is sent', async (t) => {
  const ports = onvifPorts(t, [CAMERA_NETWORK]);
  for (const xaddr of [
    '127.64.22.6',
    'ftp://127.64.22.6/',
    'http://admin:x@127.64.22.6/onvif',
    '',
    'rtsp://127.64.22.6/',
  ]) {
    await t.rejects(inspectCamera({ xaddr, username: 'admin', password: 'x' }, ports), {
      code: 'request.invalid',
      issues: [{ path: 'onvif.xaddr' }],
    });
  }
});

t.test('what stands there is a web page with status 404', async (t) => {
  const cameras = await startCameras(t);
  const camera = await cameras.start({ address: '127.64.22.7' });
  const xaddr = camera.xaddr.replace('/onvif/device_service', '/elsewhere');
  const error = await problemOf(inspectCamera({ xaddr, ...camera.account }, onvifPorts(t)));
  t.equal(error.problem, 'unsupported');
});

t.test('a camera behind a NAT is read at the address it was asked at, or the cause is named', async (t) => {
  const cameras = await startCameras(t);
  const camera = await cameras.start({ address: '127.64.22.20' });
  const ports = onvifPorts(t);
  camera.misbehave({ web: 'foreign-host' });
  const target = { xaddr: camera.xaddr, ...camera.account };
  const found = await inspectCamera(target, ports);
  t.equal(found.mainStreamUrl, camera.streamUrl('main'));
  t.equal(found.snapshotUrl, camera.snapshotUrl);
  const closed = { ...ports, reach: () => Promise.reject(new Error('refused')) };
  const error = await problemOf(inspectCamera(target, closed));
  t.equal(error.problem, 'behind-nat');
  t.match(error.message, /nothing answers at port \d+ .*NAT.*forward its RTSP port/);
  camera.behave();
  t.ok(await inspectCamera(target, closed), 'one that names itself is not asked twice');
});

t.test('a camera that tells no rtsp address is asked no more, and the hint says what to do', async (t) => {
  const cameras = await startCameras(t);
  const camera = await cameras.start({ address: '127.64.22.21' });
  const ports = onvifPorts(t);
  const http: typeof ports.outbound.http = async (request) => {
    const answer = await ports.outbound.http(request);
    return { ...answer, body: Buffer.from(answer.body.toString().replaceAll('rtsp://', 'http://')) };
  };
  const target = { xaddr: camera.xaddr, ...camera.account };
  const error = await problemOf(inspectCamera(target, { ...ports, outbound: { http } }));
  t.match(error, { problem: 'no-stream-address', operation: 'GetStreamUri', hint: /by hand/ });
});
