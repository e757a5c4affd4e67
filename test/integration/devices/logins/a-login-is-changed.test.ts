import { X509Certificate } from 'node:crypto';
import t, { type Test } from 'tap';
import type { CameraOptions, VirtualCamera } from '../../../../simulators/camera/camera.ts';
import { systemClock } from '../../../../src/core/clock.ts';
import { codeAlone } from '../../../../src/core/jurisdiction.ts';
import type { Caller } from '../../../../src/core/types.ts';
import { CheckPlaces } from '../../../../src/devices/checks/check-places.ts';
import type { RotationView } from '../../../../src/devices/logins/rotations.ts';
import { RotationRun } from '../../../../src/devices/logins/run.ts';
import { RotationWorker } from '../../../../src/devices/logins/worker.ts';
import { sql } from '../../../../src/platform/database/database.ts';
import { listAudit } from '../../../../src/platform/records/audit.ts';
import { Killed, killedAt, lead, openLogins, rotate, triesOfDying } from '../../../support/devices/logins.ts';
import { callerIn } from '../../../support/devices/registry.ts';
import { selfSigned } from '../../../support/network/certificates.ts';
import { type CameraRig, startCameras } from '../../../support/streams/cameras.ts';
import { overHttps } from '../../../support/streams/over-https.ts';
import { chance } from '../../../support/time/random.ts';

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

function usersRequest(operation: string, user: Record<string, string>) {
  return { operation, body: { User: user }, text: '', token: null, messageId: null, subscriptionId: null };
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
  const again = logins.rotations.begin(ADMIN, id, 'own');
  // A third one would come near a lock-out.
  await t.rejects(again, { code: 'conflict.state', detail: /2 times in half an hour/ });
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
  const random = chance();
  for (const account of ['same', 'own'] as const) {
    const chances = await killed(t, account, Number.POSITIVE_INFINITY);
    t.ok(chances > 20, `${chances} moments`);
    // Every third moment, another third in each run; test/long has all of them.
    const first = 1 + Math.floor(random() * 3);
    const tried = Array.from({ length: Math.ceil((chances - first + 1) / 3) }, (_, index) => first + 3 * index);
    await Promise.all(tried.map((at) => killed(t, account, at)));
  }
});

t.test('a login is left as it is where others use it, and the reason names nobody beyond the border', async (t) => {
  const { id, camera } = await registered();
  const [beside, beyond] = ['beside-1', 'beyond-1'];
  await logins.registry.create(ADMIN, { ...PLACE, id: beside, ...addresses(camera) });
  await logins.registry.create(ADMIN, { ...PLACE, id: beyond, jurisdiction: '330203', ...addresses(camera) });
  const refused = async (device: string, detail: RegExp, caller = ADMIN) => {
    await t.rejects(logins.rotations.begin(caller, device, 'own'), { code: 'conflict.state', detail });
  };
  await refused(id, /same place .*\(beside-1, beyond-1\)/);
  await refused(id, /same place .*\(beside-1\)/, callerIn('330212'));
  const { version } = await logins.registry.get(ADMIN, id);
  await logins.registry.update(ADMIN, id, version, { file: { loginShared: true } });
  await refused(id, /loginShared/);
  await logins.registry.update(ADMIN, id, version + 1, { file: { loginShared: false } });
  t.match(await rotate(logins, ADMIN, id), { state: 'changed' }, 'who stands there knows better');
  const recorder = { ...PLACE, id: 'rec-1', kind: 'recorder' };
  await logins.registry.create(ADMIN, recorder);
  const channel = await registered({}, { parent: 'rec-1' });
  await refused(channel.id, /recorder .*\(rec-1\)/);
  await refused('rec-1', /no ONVIF address/);
  logins.others.add(beside);
  await refused(beside, /Another unit/);
  await t.rejects(logins.rotations.begin(callerIn('330203'), id, 'own'), { code: 'not-found' });
  t.equal(channel.camera.users.wrongLogins, 0);
});

t.test('a camera that cannot or will not is left as it was', async (t) => {
  const wrong = await registered({}, { onvif: { xaddr: 'http://127.64.70.200:1/', username: 'a', password: 'b' } });
  t.match(await rotate(logins, ADMIN, wrong.id), { state: 'unchanged', problem: 'unreachable' });
  const open = await registered({ onvifAuth: 'none' });
  t.match(await rotate(logins, ADMIN, open.id), { state: 'unchanged', problem: 'no-password' });
  const strict = await registered({ rule: { min: 30, max: 40, classes: 4, forbidden: '' } });
  t.match(await rotate(logins, ADMIN, strict.id), { state: 'unchanged', problem: 'device-fault' });
  await opens(t, strict.id, 'strict');
  const { id, camera } = await registered();
  await rotate(logins, ADMIN, id, 'own');
  const again = await registered({ id: 'cam-again' });
  again.camera.users.answer(usersRequest('CreateUsers', { Username: 'citywatch', Password: 'x', UserLevel: 'User' }));
  t.match(await rotate(logins, ADMIN, again.id, 'own'), { state: 'unchanged', problem: 'account-taken' });
  t.equal(camera.users.locked, false);
});

t.test('while nobody knows which login is right, nobody else logs in or changes it', async (t) => {
  const { id } = await registered();
  const begun = await logins.rotations.begin(ADMIN, id, 'same');
  await t.rejects(logins.rotations.begin(ADMIN, id, 'same'), {
    code: 'conflict.state',
    detail: /being changed already/,
  });
  const dying = killedAt(logins.deps, 12);
  await t.rejects(new RotationRun(dying).turn(begun.id, NEVER), { message: 'at chance 12' });
  await t.rejects(logins.connections.onvifAccess(id), { code: 'conflict.state' });
  await t.rejects(logins.connections.videoOf(id), { code: 'conflict.state' });
  const tries = await triesOfDying(logins.deps, begun.id, 5);
  t.ok(tries >= 1 && tries <= 3, `${tries} tries of five processes: then it waits, before it is locked out`);
  const { version } = await logins.registry.get(ADMIN, id);
  const onvif = { xaddr: 'http://127.64.70.1/', username: 'a', password: 'b' };
  await t.rejects(logins.registry.update(ADMIN, id, version, { onvif }), { code: 'conflict.state' });
  // After two minutes it only waits for a camera that does not answer: whoever types a login knows better.
  await sql`update position set login_held_ms = 1 where id = ${id}`.execute(logins.database.tables());
  await logins.registry.update(ADMIN, id, version, { onvif });
  t.match(await logins.connections.onvifAccess(id), onvif);
  t.match(await lead(logins, begun), { state: 'unchanged', problem: 'overtaken' });
  t.equal((await logins.kept.list(id)).length, 3, 'none is forgotten');
});

t.test('a login is shown to a person who says what for, and an audit row stands first', async (t) => {
  const { id, camera } = await registered();
  const person = { ...callerIn('330212'), type: 'person' as const, name: 'li' };
  const why = { purpose: 'repair', order: null, case: 'C-7' };
  const { username, password } = camera.account;
  t.match(await logins.reveal.reveal(person, id, why), { onvif: { username, password }, stream: { username } });
  const trail = await listAudit(logins.database, ADMIN, { subject: `device/${id}`, limit: 1 });
  t.match(trail, [{ action: 'login.reveal', callerName: 'li', after: why }]);
  t.ok(await logins.reveal.reveal(person, id, { ...why, case: null, order: 'W-2026-1' }));
  const refused = async (caller: Caller, input: object, code: string) => {
    await t.rejects(logins.reveal.reveal(caller, id, { ...why, ...input }), { code });
  };
  await refused(ADMIN, {}, 'auth.forbidden');
  await refused(person, { case: null }, 'request.invalid');
  await refused(person, { case: null, order: 'W-2026-2' }, 'request.invalid');
  await refused({ ...person, jurisdiction: '330203' }, {}, 'not-found');
  await refused({ ...person, jurisdiction: '330203', granted: [codeAlone('330212')] }, {}, 'not-found');
  t.equal((await listAudit(logins.database, ADMIN, { subject: `device/${id}`, limit: 9 })).length, 3);
});

t.test('a login that was lost is found among the last five, each of which is tried once', async (t) => {
  const { id, camera } = await registered();
  await rotate(logins, ADMIN, id);
  const [kept] = await logins.kept.list(id);
  // Somebody has reset the camera to what the installers gave it.
  camera.users.answer(usersRequest('SetUser', { Username: 'admin', Password: camera.account.password }));
  const other = await registered();
  await rotate(logins, ADMIN, other.id);
  await t.rejects(logins.kept.recover(ADMIN, other.id, kept!.id), { code: 'not-found' });
  t.match(await logins.kept.recover(ADMIN, other.id, (await logins.kept.list(other.id))[0]!.id), { state: 'refused' });
  t.match(await logins.kept.recover(ADMIN, id, kept!.id), { state: 'right' });
  await opens(t, id, 'recovered');
  await t.rejects(logins.kept.recover(ADMIN, id, kept!.id), { code: 'conflict.state', detail: /tried before/ });
});

t.test(
  'a camera that is pinned changes and recovers its login by its own certificate, and tells another one none',
  async (t) => {
    const { id, camera } = await registered({ onvifAuth: 'digest' });
    const dir = t.testdir();
    // In no certificate stands the address: only the fingerprint counts.
    const [own, other] = [selfSigned(dir, '127.64.79.1'), selfSigned(dir, '127.64.79.2')];
    const pinned = async (pair: typeof own, pin: typeof own) => {
      const xaddr = await overHttps(t, camera, pair);
      const { fingerprint256: fingerprint } = new X509Certificate(pin.cert);
      const { version } = await logins.registry.get(ADMIN, id);
      return await logins.registry.update(ADMIN, id, version, { onvif: { xaddr, ...camera.account, fingerprint } });
    };
    const asked = camera.requests.length;
    await pinned(own, other);
    t.match(await rotate(logins, ADMIN, id), { state: 'unchanged', problem: 'tls' });
    t.equal(camera.requests.length, asked, 'nothing was sent to it');
    await pinned(own, own);
    t.match(said(await rotate(logins, ADMIN, id)), ALL_WELL);
    await opens(t, id, 'pinned');
    camera.users.answer(usersRequest('SetUser', { Username: 'admin', Password: camera.account.password }));
    const [kept] = await logins.kept.list(id);
    t.match(await logins.kept.recover(ADMIN, id, kept!.id), { state: 'right' });
  },
);

t.test('of a district each login is changed or left, and the report says why', async (t) => {
  const { database, deps, rotations } = logins;
  const run = new RotationRun(deps);
  const places = new CheckPlaces({ total: 4, perSubnet: 3, kept: 1 });
  const none = async () => null;
  const secrets = { takes: () => false, tryBegin: () => Promise.reject(new Error('none')), last: none, look: none };
  const worker = new RotationWorker({ database, clock: systemClock, run, rotations, places, secrets });
  const sinceMs = Date.now();
  const [one, two, three] = await Promise.all([registered(), registered(), registered()]);
  await logins.registry.update(ADMIN, two.id, 1, { file: { loginShared: true } });
  const reports = await Promise.all(
    [one, two].map(({ id }) => worker.ofDistrict(ADMIN, id, { signal: NEVER, sinceMs })),
  );
  t.match(reports, [{ grade: 'ok' }, { grade: 'warning', cause: { problem: 'shared-login', hint: /loginShared/ } }]);
  t.same(one.camera.users.names, ['admin', 'citywatch']);
  const { wrongLogins } = one.camera.users;
  t.match(await worker.ofDistrict(ADMIN, one.id, { signal: NEVER, sinceMs }), {
    grade: 'ok',
    steps: reports[0]!.steps,
  });
  t.equal(one.camera.users.wrongLogins, wrongLogins, 'asked once more after a kill, it tells what it did');
  const leave = [places.enter('127.64.70.0/24'), places.enter('127.64.70.0/24')];
  const cancelled = new AbortController();
  const waiting = worker.ofDistrict(ADMIN, three.id, { signal: cancelled.signal, sinceMs });
  cancelled.abort();
  await t.rejects(waiting);
  for (const each of leave) each();
  t.equal(await rotations.last(three.id), null, 'what was called off before its subnet had room was never begun');
  // A process ended after it had begun this one: the district goes on with it.
  const begun = await rotations.begin(ADMIN, three.id, 'own');
  t.match(await worker.ofDistrict(ADMIN, three.id, { signal: NEVER, sinceMs }), { grade: 'ok' });
  t.match(await rotations.last(three.id), { id: begun.id, state: 'changed' });
});
