import t, { type Test } from 'tap';
import { systemClock } from '../../../../src/core/clock.ts';
import { CameraAddresses } from '../../../../src/devices/cameras/addresses.ts';
import { cameraTarget, isOfMinors } from '../../../../src/devices/checks/camera-targets.ts';
import { CHECK_PLACES, CheckPlaces } from '../../../../src/devices/checks/check-places.ts';
import { Checks, type ChecksDeps } from '../../../../src/devices/checks/checks.ts';
import { deviceInput } from '../../../../src/devices/registry/input.ts';
import type { RegistryTables } from '../../../../src/devices/registry/tables.ts';
import { sql } from '../../../../src/platform/database/database.ts';
import { AccessRegister } from '../../../../src/platform/records/access-register.ts';
import { listAudit } from '../../../../src/platform/records/audit.ts';
import { checkPorts } from '../../../support/devices/checks.ts';
import { callerIn, type OpenRegistry, openRegistry } from '../../../support/devices/registry.ts';
import { CAMERA_NETWORK, type CameraRig, startCameras } from '../../../support/streams/cameras.ts';

const ADMIN = callerIn('000000');
const TECHNICIAN = callerIn('330212', 'technician');
const ID = 'cam-1';
const DEVICE = { id: ID, kind: 'camera', kindVersion: 3, jurisdiction: '330212' };

/** Nothing was ever heard of any device. */
const unheard: Omit<ChecksDeps['devices'], 'clock'> = {
  kind: () => undefined,
  connections: () => ({ on: [], tell: [] }),
  latest: () => null,
  recent: async () => [],
  deadLetters: async () => [],
  firmware: async () => null,
  unexpected: (error) => t.fail(String(error)),
};

async function world(t: Test, over: (beds: OpenRegistry) => Partial<ChecksDeps> = () => ({})) {
  const beds = await openRegistry(t);
  const { database, connections, directory } = beds;
  const ports = await checkPorts(t);
  const register = new AccessRegister({ database, clock: systemClock, needsIncident: () => false });
  const checks = new Checks({
    clock: systemClock,
    database,
    ports,
    devices: { clock: systemClock, ...unheard },
    isMinors: (id) => isOfMinors(database, id),
    places: new CheckPlaces(CHECK_PLACES),
    target: (id) => cameraTarget({ connections, database }, id),
    hasVideo: (kind) => kind === 'camera',
    identity: (id) => directory.identity(id),
    addresses: new CameraAddresses([CAMERA_NETWORK]),
    orders: { isOpen: async (number, device) => number === 'W-1' && device === ID },
    register,
    ...over(beds),
  });
  return { ...beds, checks, register, ports };
}

async function register({ registry }: OpenRegistry, cameras: CameraRig, address: string) {
  const camera = await cameras.start({ address, id: ID });
  const place = { kind: 'camera', name: 'c', jurisdiction: '330212', location: { lat: 29.8, lon: 121.5 } };
  const stream = new URL(camera.streamUrl('main'));
  Object.assign(stream, { username: camera.account.username, password: camera.account.password });
  const how = { onvif: { xaddr: camera.xaddr, ...camera.account }, stream: { url: stream.href } };
  await registry.create(ADMIN, { ...place, id: ID, ...how } as never);
  return camera;
}

t.test('a registered camera is checked once, however many ask for it', async (t) => {
  const beds = await world(t);
  const camera = await register(beds, await startCameras(t), '127.64.44.1');
  const asked = [TECHNICIAN, ADMIN, ADMIN].map((caller) => beds.checks.device(caller, DEVICE, null));
  const answers = await Promise.all(asked);
  t.same(
    answers.map(({ grade, shared }) => [grade, shared]),
    [
      ['ok', false],
      ['ok', true],
      ['ok', true],
    ],
  );
  t.equal(camera.requests.filter((name) => name === 'GetSystemDateAndTime').length, 1);
  t.match(answers[0], { cause: null, unit: { serial: camera.identity.serial }, picture: { withheld: /work order/ } });
  t.equal((await beds.checks.device(ADMIN, DEVICE, null)).shared, false, 'the next one is a check of its own');
});

t.test('what a check has found is seen while it goes on', async (t) => {
  const seen: (string[] | undefined)[] = [];
  const beds = await world(t);
  const { video } = beds.ports;
  const first = video.first.bind(video);
  video.first = (...asked) => {
    seen.push(beds.checks.progress(ID)?.map(({ name, grade }) => `${name} ${grade}`));
    return first(...asked);
  };
  await register(beds, await startCameras(t), '127.64.44.6');
  t.equal(beds.checks.progress(ID), null);
  await beds.checks.device(TECHNICIAN, DEVICE, null);
  t.same(seen, [['reach ok', 'port ok', 'clock ok', 'login ok', 'identity ok', 'profiles ok']]);
  t.equal(beds.checks.progress(ID), null, 'it is over');
});

t.test('a picture is shown for an open work order alone, and once the look is registered', async (t) => {
  const beds = await world(t);
  await register(beds, await startCameras(t), '127.64.44.2');
  const [other, shown] = await Promise.all(
    ['W-2', 'W-1'].map((order) => beds.checks.device(TECHNICIAN, DEVICE, order)),
  );
  t.match(other!.picture, { withheld: /No work order of this number is open/ });
  const jpeg = 'jpeg' in shown!.picture ? shown!.picture.jpeg : Buffer.alloc(0);
  t.equal(jpeg.subarray(0, 3).toString('hex'), 'ffd8ff');
  const looks = (await beds.register.list(ADMIN, { limit: 10 })).filter(({ act }) => act === 'snapshot');
  t.match(looks, [{ device: ID, case: 'W-1', purpose: 'maintenance', viewer: { id: TECHNICIAN.id } }]);
  t.equal(looks.length, 1);
  await beds.database.tables<RegistryTables>().updateTable('position').set({ access_class: 'minors' }).execute();
  t.match((await beds.checks.device(TECHNICIAN, DEVICE, 'W-1')).picture, { withheld: /minors.*incident/ });
});

t.test('nothing is shown where the look cannot be registered, or another unit answers', async (t) => {
  const add = async () => {
    throw new Error('the register is full');
  };
  const cameras = await startCameras(t);
  const full = await world(t, () => ({ register: { add } }));
  const camera = await register(full, cameras, '127.64.44.3');
  await t.rejects(full.checks.device(TECHNICIAN, DEVICE, 'W-1'), { message: /register is full/ });
  const target = { onvif: { xaddr: camera.xaddr, ...camera.account }, stream: null };
  const known = { maker: 'x', model: 'y', serial: 'A-1', mac: '02:00:00:00:00:01', endpoint: null };
  const stolen = await world(t, () => ({ target: async () => ({ ...target, known }) }));
  const checked = await stolen.checks.device(TECHNICIAN, DEVICE, 'W-1');
  t.match(checked, { cause: { name: 'identity' }, picture: { withheld: /Another unit/ } });
  t.same(
    (await stolen.register.list(ADMIN, { limit: 10 })).filter(({ act }) => act === 'snapshot'),
    [],
  );
});

t.test('an address is checked before it is registered, its login is kept nowhere', async (t) => {
  const { checks, database } = await world(t);
  const camera = await (await startCameras(t)).start({ address: '127.64.44.4' });
  const { onvif } = deviceInput.pick({ onvif: true }).parse({ onvif: { xaddr: camera.xaddr, ...camera.account } });
  const running = checks.address(TECHNICIAN, { onvif });
  await t.rejects(checks.address(ADMIN, { onvif }), { code: 'request.rate' });
  t.match(await running, { grade: 'ok', unit: { serial: camera.identity.serial } });
  const [row] = await listAudit(database, ADMIN, { limit: 10 });
  t.match(row, { action: 'address.check', subject: `address/${new URL(camera.xaddr).host}`, callerId: TECHNICIAN.id });
  t.notMatch(JSON.stringify(row), camera.account.password);
  await sql`drop table audit_entry cascade`.execute(database.tables());
  const contacted = camera.requests.length;
  await t.rejects(checks.address(TECHNICIAN, { onvif }), 'what cannot be audited is not done');
  t.equal(camera.requests.length, contacted, 'and nothing is contacted');
  const outside = deviceInput.pick({ stream: true }).parse({ stream: { url: 'rtsp://192.0.2.1/' } });
  await t.rejects(checks.address(TECHNICIAN, outside), { code: 'request.invalid', message: /CAMERA_NETWORKS/ });
});

t.test(
  'no more checks go on in one subnet than it bears, and one without video is judged by what was heard',
  async (t) => {
    const places = new CheckPlaces({ total: 10, perSubnet: 1, kept: 0 });
    const beds = await world(t, () => ({ places }));
    await register(beds, await startCameras(t), '127.64.44.5');
    const leave = places.enter('127.64.44.0/24');
    await t.rejects(beds.checks.device(ADMIN, DEVICE, null), { code: 'request.rate', message: /127\.64\.44\.0\/24/ });
    leave();
    t.match(await beds.checks.device(ADMIN, DEVICE, null), { grade: 'ok' });
    const kiosk = await beds.checks.device(ADMIN, { ...DEVICE, kind: 'kiosk' }, null);
    t.match(kiosk, { grade: 'failed', cause: { name: 'connected', problem: 'never-seen' }, unit: null });
  },
);
