import { Agent, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import t from 'tap';
import { systemClock } from '../../../../src/core/clock.ts';
import type { Role } from '../../../../src/core/types.ts';
import { Ptz } from '../../../../src/devices/ptz/ptz.ts';
import { AccessRegister } from '../../../../src/platform/records/access-register.ts';
import { listAudit } from '../../../../src/platform/records/audit.ts';
import { bearer, CAMERA, startApi, tokenOf } from '../../../support/api/api.ts';
import { callerIn, openRegistry } from '../../../support/devices/registry.ts';
import { Wire } from '../../../support/network/wire.ts';
import { quietObserver } from '../../../support/services/services.ts';
import { onvifPorts, startCameras } from '../../../support/streams/cameras.ts';
import { until } from '../../../support/time/until.ts';

const ADMIN = callerIn('000000');
const RANKS: Record<string, number> = { technician: 1, operator: 2, commander: 3, admin: 3 };

const parts = await openRegistry(t);
const { database } = parts;
const cameras = await startCameras(t);
const camera = await cameras.start({ address: '127.64.66.1', id: CAMERA, head: true });
const still = await cameras.start({ address: '127.64.66.2' });
const place = { kind: 'camera', name: 'c', jurisdiction: '330212', location: { lat: 29.8, lon: 121.5 } };
await parts.registry.create(ADMIN, {
  ...place,
  id: CAMERA,
  onvif: { xaddr: camera.xaddr, ...camera.account },
} as never);
const register = new AccessRegister({ database, clock: systemClock, needsIncident: () => false });
let registerFails = false;
let target = camera;
const ptz = new Ptz({
  database,
  clock: systemClock,
  log: quietObserver().log,
  onvif: onvifPorts(t),
  access: async () => ({ xaddr: target.xaddr, ...target.account }),
  register: {
    add: async (look) => {
      if (registerFails) throw new Error('no register');
      await register.add(look);
    },
  },
  rank: ({ role }) => RANKS[role] ?? 1,
});
const api = await startApi(t, { ptz });
const head = camera.head!;

const ask = (role: Role, path: string, payload?: object) =>
  api.call({
    method: payload || /move|stop|release/.test(path) ? 'POST' : 'GET',
    url: `/api/v1/devices/${CAMERA}/ptz${path}`,
    headers: bearer(tokenOf(role)),
    ...(payload && { payload }),
  });

const looks = async () => (await register.list(ADMIN, { limit: 50 })).filter(({ act }) => act === 'ptz');

t.test('nothing moves before the register knows who moves it', async (t) => {
  registerFails = true;
  t.equal((await ask('operator', '/move?purpose=patrol', { pan: 1 })).status, 500);
  t.same(head.orders, []);
  registerFails = false;
  t.match(await ask('operator', '/move?purpose=patrol', { pan: 1, tilt: -0.5 }), { status: 204 });
  t.same(head.motion, { pan: 0.5, tilt: -0.25, zoom: 0 }, 'in the speeds of the camera');
  t.match(await looks(), [{ device: CAMERA, purpose: 'patrol', viewer: { id: 'operator' } }]);
  t.equal((await ask('operator', '/stop?purpose=patrol')).status, 204);
  t.equal(head.motion, null);
  t.equal((await looks()).length, 1, 'one row while one has it');
});

t.test('a client that vanishes leaves no camera moving', async (t) => {
  await api.app.listen({ port: 0, host: '127.0.0.1' });
  const { port } = api.app.server.address() as AddressInfo;
  const wire = await Wire.lay(t, { host: '127.0.0.1', port });
  const agent = new Agent({ keepAlive: true });
  t.teardown(() => agent.destroy());
  const move = () =>
    new Promise<number>((resolve, reject) => {
      const headers = { ...bearer(tokenOf('operator')), 'content-type': 'application/json' };
      const path = `/api/v1/devices/${CAMERA}/ptz/move?purpose=patrol`;
      const asked = request({ port: wire.port, host: '127.0.0.1', agent, method: 'POST', path, headers }, (answer) => {
        answer.resume();
        answer.once('end', () => resolve(answer.statusCode ?? 0));
      });
      asked.once('error', reject);
      asked.end('{"pan":1}');
    });
  t.equal(await move(), 204);
  t.equal(await move(), 204);
  t.equal(head.orders.at(-1), 'ContinuousMove');
  wire.cut();
  const lost = move().catch(() => 'lost');
  await until('the head was told to stop', () => head.motion === null);
  t.equal(head.orders.at(-1), 'Stop');
  agent.destroy();
  t.equal(await lost, 'lost');
});

t.test('the higher rank takes over, and the other is told who', async (t) => {
  t.equal((await ask('operator', '/move?purpose=patrol', { pan: 1 })).status, 204);
  const refused = await ask('technician', '/move?purpose=maintenance', { pan: -1 });
  t.match(refused, { status: 409, body: { code: 'conflict.state', detail: /operator moves this camera/ } });
  t.equal((await ask('commander', '/move?purpose=chase', { pan: -1 })).status, 204);
  t.match(await ask('operator', '/move?purpose=patrol', { pan: 1 }), {
    status: 409,
    body: { detail: /commander has taken this camera over from you/ },
  });
  t.equal(head.motion?.pan, -0.5);
  t.match(await ask('operator', ''), {
    body: { holder: { name: 'commander', rank: 3 }, takenOver: { by: 'commander' } },
  });
  t.equal((await ask('commander', '/release')).status, 204);
  t.equal(head.motion, null, 'it is stopped when it is given back');
  t.match(await ask('operator', ''), { body: { holder: null, takenOver: null } });
});

t.test('presets are listed, kept and gone to; the camera returns home when nobody moves it', async (t) => {
  t.match((await ask('operator', '/presets')).body, { items: [{ token: '1', name: 'Gate' }] });
  const kept = await ask('operator', '/presets?purpose=patrol', { name: '西门 <1>' });
  t.match(kept, { status: 201, body: { token: '2', name: '西门 <1>' } });
  t.equal(head.presets.get('2'), '西门 <1>');
  t.match((await listAudit(database, ADMIN, { subject: `device/${CAMERA}`, limit: 1 }))[0], { action: 'ptz.preset' });
  t.equal((await ask('operator', '/goto?purpose=patrol', { preset: '2' })).status, 204);
  t.equal((await ask('operator', '/goto?purpose=patrol', { preset: '99' })).status, 502);
  t.equal((await ask('technician', '/settings', { home: '1', idleS: 10, maxSpeed: 0.5 })).status, 204);
  t.equal((await ask('operator', '/move?purpose=patrol', { zoom: 1 })).status, 204);
  t.equal(head.motion?.zoom, 0.25, 'no faster than it may be moved');
  const again = (await ptz.handle(CAMERA)).again;
  t.ok(again && again.atMs > Date.now(), 'it was moved just now');
  await ask('operator', '/release');
  const later = new Ptz(partsOf());
  t.same(await later.handle(CAMERA), { again: null }, 'another life of the gateway brings it home');
  t.equal(head.orders.at(-1), 'GotoPreset 1');
});

function partsOf() {
  return {
    database,
    clock: systemClock,
    log: quietObserver().log,
    onvif: onvifPorts(t),
    access: async () => ({ xaddr: target.xaddr, ...target.account }),
    register,
    rank: () => 1,
  };
}

t.test('a camera without a head says so, and is not moved', async (t) => {
  target = still;
  t.match(await ask('operator', '/move?purpose=patrol', { pan: 1 }), {
    status: 409,
    body: { detail: /no PTZ service/ },
  });
  target = camera;
  t.equal((await ask('viewer', '/move?purpose=patrol', { pan: 1 })).status, 403);
});
