import t from 'tap';
import { systemClock } from '../../../../src/core/clock.ts';
import { CitywatchError } from '../../../../src/core/errors.ts';
import type { Role } from '../../../../src/core/types.ts';
import { Upkeep } from '../../../../src/devices/upkeep/upkeep.ts';
import { listAudit } from '../../../../src/platform/records/audit.ts';
import { bearer, CAMERA, startApi, tokenOf } from '../../../support/api/api.ts';
import { callerIn, openRegistry } from '../../../support/devices/registry.ts';
import { onvifPorts, startCameras } from '../../../support/streams/cameras.ts';
import { until } from '../../../support/time/until.ts';

const ADMIN = callerIn('000000');

const { database } = await openRegistry(t);
const cameras = await startCameras(t);
const camera = await cameras.start({ address: '127.64.67.1', id: CAMERA, media: 'media2', rebootMs: 300 });
const maintained: string[] = [];
let isServing = true;
const upkeep = new Upkeep({
  database,
  clock: systemClock,
  onvif: onvifPorts(t),
  access: async () => ({ xaddr: camera.xaddr, ...camera.account }),
  maintenance: {
    begin: async (_caller, id, { minutes }) => {
      if (!isServing) throw new CitywatchError('conflict.state');
      maintained.push(`${id} for ${minutes}`);
    },
    end: async (_caller, id) => maintained.push(`${id} ended`),
  },
});
const api = await startApi(t, { upkeep });

const ask = (path: string, payload?: object, role: Role = 'technician') =>
  api.call({
    method: payload ? 'POST' : 'GET',
    url: `/api/v1/devices/${CAMERA}/camera${path}`,
    headers: bearer(tokenOf(role)),
    ...(payload && { payload }),
  });

const rows = async () =>
  (await listAudit(database, ADMIN, { subject: `device/${CAMERA}`, limit: 20 })).map(({ action, after }) => ({
    action,
    after,
  }));

t.test('its picture is set within what it takes, and nothing else is touched', async (t) => {
  const before = await ask('/picture');
  t.match(before, {
    status: 200,
    body: {
      source: 'source',
      settings: { brightness: 50, irCut: 'auto', wdr: { mode: 'off', level: 50 } },
      ranges: { brightness: { min: 0, max: 100 }, irCut: ['on', 'off', 'auto'], wdr: { modes: ['on', 'off'] } },
    },
  });
  const set = await ask('/picture', { brightness: 61.5, irCut: 'off', wdr: { mode: 'on' } });
  t.match(set, {
    status: 200,
    body: { settings: { brightness: 61.5, contrast: 50, irCut: 'off', wdr: { mode: 'on', level: 50 } } },
  });
  t.match(camera.settings.picture, { brightness: 61.5, contrast: 50, irCut: 'OFF', wdrMode: 'ON', wdrLevel: 50 });
  t.match(await ask('/picture', { contrast: 101 }), {
    status: 400,
    body: { code: 'request.invalid', issues: [{ path: 'contrast', message: 'this camera takes 0 to 100' }] },
  });
  t.match(await ask('/picture', { wdr: { mode: 'on', level: -1 } }), {
    status: 400,
    body: { issues: [{ path: 'wdr.level' }] },
  });
  t.equal((await ask('/picture', {})).status, 400);
  t.equal(camera.settings.picture.contrast, 50);
  t.same(await rows(), [{ action: 'camera.picture', after: { brightness: 61.5, irCut: 'off', wdr: { mode: 'on' } } }]);
});

t.test('its clock is set; zone and summer time are sent back as it had them', async (t) => {
  camera.settings.time = { type: 'NTP', zone: 'GMT0BST,M3.5.0/1,M10.5.0', daylightSavings: true, offsetMs: -3_600_000 };
  t.match(await ask('/time'), { body: { follows: 'ntp', daylightSavings: true, zone: /^GMT0BST/ } });
  const set = await ask('/time', { to: 'now' });
  t.match(set, { status: 200, body: { follows: 'manual', daylightSavings: true, zone: 'GMT0BST,M3.5.0/1,M10.5.0' } });
  t.ok(Math.abs(camera.settings.time.offsetMs) < 60_000, 'an hour was off');
  t.match(camera.settings.time, { zone: 'GMT0BST,M3.5.0/1,M10.5.0', daylightSavings: true });
  t.match(await ask('/time', { to: 'ntp', zone: 'CST-8' }), { body: { follows: 'ntp', zone: 'CST-8' } });
  t.equal((await ask('/time', { to: 'ntp', zone: '8 hours <b>' })).status, 400);
});

t.test('a camera that tells no zone is sent none', async (t) => {
  camera.settings.time = { type: 'Manual', zone: null, daylightSavings: false, offsetMs: 0 };
  t.match(await ask('/time'), { body: { zone: null } });
  t.match(await ask('/time', { to: 'now' }), { status: 200, body: { zone: 'UTC0' } }, 'as it then says itself');
});

t.test('its time servers are named', async (t) => {
  const set = await ask('/ntp', { servers: ['10.0.0.1', 'ntp.city.example'] });
  t.match(set, { status: 200, body: { ntp: { fromDhcp: false, servers: ['10.0.0.1', 'ntp.city.example'] } } });
  t.same(camera.settings.ntp, { fromDhcp: false, servers: ['10.0.0.1', 'ntp.city.example'] });
  t.match(await ask('/ntp', { fromDhcp: true }), { body: { ntp: { fromDhcp: true } } });
  t.equal((await ask('/ntp', {})).status, 400);
  t.equal((await ask('/ntp', { servers: ['a b'] })).status, 400);
});

t.test('its network is read', async (t) => {
  t.match(await ask('/network'), {
    status: 200,
    body: {
      hostname: /^cam-/,
      interfaces: [
        { name: 'eth0', mac: camera.identity.mac, enabled: true, dhcp: false, addresses: ['127.64.67.1/16'] },
      ],
      gateways: ['127.64.67.254'],
      protocols: [{ name: 'HTTP', enabled: true }],
    },
  });
});

t.test('it is restarted at the second word, and nobody is called out for it', async (t) => {
  t.match(await ask('/restart', {}), { status: 422, body: { code: 'request.confirm' } });
  t.notOk(camera.requests.includes('SystemReboot'));
  const { status, body } = await ask('/restart', { confirm: true });
  t.equal(status, 200);
  t.ok(Date.parse(String((body as { quietUntil: string }).quietUntil)) > Date.now());
  t.same(maintained, [`${CAMERA} for 5`]);
  await until('its power was off and is back', () => camera.restarts === 1);
  t.equal((await rows())[0]?.action, 'camera.restart');
  isServing = false;
  t.match(await ask('/restart', { confirm: true }), { status: 200, body: { quietUntil: null } });
  await until('and once more', () => camera.restarts === 2);
  isServing = true;
  await camera.die();
  t.equal((await ask('/restart', { confirm: true })).status, 502);
  await camera.revive();
  t.same(maintained, [`${CAMERA} for 5`], 'one that was not reached is in no maintenance');
});

t.test('who may look at cameras need not be allowed to set them', async (t) => {
  for (const role of ['operator', 'viewer'] as const) {
    t.equal((await ask('/picture', { brightness: 1 }, role)).status, 403, role);
    t.equal((await ask('/restart', { confirm: true }, role)).status, 403, role);
  }
});
