import t, { type Test } from 'tap';
import type { CameraOptions, VirtualCamera } from '../../../../simulators/camera/camera.ts';
import type { RotationView } from '../../../../src/devices/logins/rotations.ts';
import { RotationRun } from '../../../../src/devices/logins/run.ts';
import { Killed, killedAt, lead, openLogins, rotate } from '../../../support/devices/logins.ts';
import { callerIn } from '../../../support/devices/registry.ts';
import { type CameraRig, startCameras } from '../../../support/streams/cameras.ts';

const ADMIN = callerIn('330000');
const PLACE = { kind: 'camera', name: 'at the gate', jurisdiction: '330212', location: { lat: 29.83, lon: 121.55 } };
const NEVER = new AbortController().signal;

let cameras: CameraRig;
let logins: Awaited<ReturnType<typeof openLogins>>;

t.before(async () => {
  [cameras, logins] = await Promise.all([startCameras(t), openLogins(t)]);
});

let count = 0;

/** A registered camera that locks out after five wrong logins. */
async function registered(options: Partial<CameraOptions> = {}, over: Record<string, unknown> = {}) {
  count += 1;
  const id = `cam-${count}`;
  const camera = await cameras.start({ id, address: `127.64.70.${count}`, lockAfter: 5, ...options });
  await logins.registry.create(ADMIN, { ...PLACE, id, ...addresses(camera), ...over });
  return { id, camera };
}

function addresses(camera: VirtualCamera) {
  const stream = new URL(camera.streamUrl('main'));
  Object.assign(stream, camera.account);
  return { onvif: { xaddr: camera.xaddr, ...camera.account }, stream: { url: stream.href } };
}

function said({ steps }: RotationView): Record<string, string> {
  return Object.fromEntries(steps.map(({ name, grade, problem }) => [name, problem ? `${grade} ${problem}` : grade]));
}

const ALL_WELL = {
  login: 'ok',
  change: 'ok',
  'new-login': 'ok',
  rtsp: 'ok',
  snapshot: 'ok',
  'old-refused': 'ok',
};

/** What the registry says opens every door of the camera. */
async function opens(t: Test, id: string, what: string): Promise<void> {
  const access = await logins.connections.onvifAccess(id);
  t.match(await logins.doors.enter(access!, null), { type: 'let-in' }, `${what}: ONVIF`);
  const source = (await logins.connections.streamSource(id, 'main'))!;
  t.match(await logins.doors.rtsp({ url: source.url, ...source.login! }), { type: 'let-in' }, `${what}: RTSP`);
  t.match(await logins.doors.snapshot(access!), { type: 'let-in' }, `${what}: snapshot`);
}

t.test('a password is changed at the camera and in the registry, with one wrong login in all', async (t) => {
  for (const onvifAuth of ['wsse', 'digest'] as const) {
    const { id, camera } = await registered({ onvifAuth });
    const done = await rotate(logins, ADMIN, id);
    t.match(done, { state: 'changed', problem: null });
    t.same(said(done), ALL_WELL);
    t.equal(camera.users.wrongLogins, 1);
    t.same(camera.users.names, ['admin']);
    t.not(camera.users.passwordOf('admin'), camera.account.password);
    await opens(t, id, onvifAuth);
  }
});

t.test('where the camera can, the registry has an account of its own from then on', async (t) => {
  const { id, camera } = await registered();
  const done = await rotate(logins, ADMIN, id, 'own');
  t.same(said(done), ALL_WELL);
  t.same(camera.users.names, ['admin', 'citywatch']);
  t.equal(camera.users.passwordOf('admin'), camera.account.password, 'that of the installers stays');
  await opens(t, id, 'own');
  const first = camera.users.passwordOf('citywatch');
  t.same(said(await rotate(logins, ADMIN, id, 'own')), ALL_WELL);
  t.same(camera.users.names, ['admin', 'citywatch'], 'and is changed the next time');
  t.not(camera.users.passwordOf('citywatch'), first);
  t.equal(camera.users.wrongLogins, 2);
  const plain = await registered({ createsUsers: false });
  t.same(said(await rotate(logins, ADMIN, plain.id, 'own')), ALL_WELL, 'else that of the one that is there changes');
  t.same(plain.camera.users.names, ['admin']);
  await opens(t, plain.id, 'same');
});

/** Begins a change that ends at its `at`-th chance, and has another process go on; resolves with the chances. */
async function killed(t: Test, account: 'own' | 'same', at: number): Promise<number> {
  const { id, camera } = await registered();
  const begun = await logins.rotations.begin(ADMIN, id, account);
  const dying = killedAt(logins.deps, at);
  const run = new RotationRun(dying);
  try {
    while ((await run.turn(begun.id, NEVER)).again !== null);
  } catch (error) {
    if (!(error instanceof Killed)) throw error;
  }
  const what = `${account}, killed at ${at}`;
  t.match(await lead(logins, begun), { state: 'changed' }, what);
  t.ok(camera.users.wrongLogins <= 2, `${what}: ${camera.users.wrongLogins} wrong logins`);
  await opens(t, id, what);
  await camera.stop();
  return dying.chances();
}

t.test('a process that is killed at any moment locks nobody out', async (t) => {
  for (const account of ['same', 'own'] as const) {
    const chances = await killed(t, account, Number.POSITIVE_INFINITY);
    t.ok(chances > 20, `${chances} moments`);
    await Promise.all(Array.from({ length: chances }, (_, index) => killed(t, account, index + 1)));
  }
});
