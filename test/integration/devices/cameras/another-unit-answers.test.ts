import { X509Certificate } from 'node:crypto';
import t, { type Test } from 'tap';
import type { CameraIdentity } from '../../../../simulators/camera/onvif/device-service.ts';
import { type Clock, systemClock } from '../../../../src/core/clock.ts';
import type { NewMessage } from '../../../../src/core/types.ts';
import { CameraSetup } from '../../../../src/devices/cameras/setup.ts';
import { CameraUnits } from '../../../../src/devices/cameras/units.ts';
import { identifyCamera } from '../../../../src/devices/onvif/identify.ts';
import { inspectCamera } from '../../../../src/devices/onvif/inspect.ts';
import type { RegistryTables } from '../../../../src/devices/registry/tables.ts';
import { UnitCertificates } from '../../../../src/devices/units/certificates.ts';
import { unitInput } from '../../../../src/devices/units/input.ts';
import { Units } from '../../../../src/devices/units/units.ts';
import { listAudit } from '../../../../src/platform/records/audit.ts';
import { callerIn, openRegistry } from '../../../support/devices/registry.ts';
import { selfSigned } from '../../../support/network/certificates.ts';
import { firstOwner } from '../../../support/services/ownership.ts';
import { quietObserver } from '../../../support/services/services.ts';
import { onvifPorts, startCameras } from '../../../support/streams/cameras.ts';
import { overHttps } from '../../../support/streams/over-https.ts';

const ADMIN = callerIn('000000');
const ID = 'cam-units';
const STOLEN: Partial<CameraIdentity> = { serial: 'B-2', mac: '02:00:00:00:00:b2', endpoint: 'urn:uuid:b2' };

/** A registry, an introduced camera in it, and what compares units; `again` is the next start of the gateway. */
async function world(t: Test) {
  const beds = await openRegistry(t);
  const { registry, connections, database, vault, directory } = beds;
  const ports = onvifPorts(t);
  const told: unknown[] = [];
  let laterMs = 0;
  const clock: Clock = Object.assign(Object.create(systemClock), {
    monotonicMs: () => systemClock.monotonicMs() + laterMs,
  });
  const again = (): CameraUnits =>
    new CameraUnits({
      database,
      ownership: firstOwner(),
      clock,
      observer: quietObserver(),
      access: (id) => connections.onvifAccess(id),
      identity: (id) => directory.identity(id),
      identify: (target, known, signal) => identifyCamera(target, { ...ports, signal }, known),
      accept: async ({ raw }: NewMessage) => void told.push(JSON.parse(raw.toString())),
    });
  const units = again();
  const setup = new CameraSetup({
    database,
    ownership: firstOwner(),
    vault,
    clock,
    observer: quietObserver(),
    access: (id) => connections.onvifAccess(id),
    inspect: (target) => inspectCamera(target, ports),
    units,
  });
  const cameras = await startCameras(t);
  const first = await cameras.start({ address: '127.64.18.1', id: ID });
  const [onvifPort, rtspPort] = [first.xaddr, first.streamUrl('main')].map((url) => Number(/:(\d+)\//.exec(url)?.[1]));
  const inItsPlace = (identity: Partial<CameraIdentity>) =>
    cameras.start({ address: first.address, id: ID, onvifPort, rtspPort, identity } as never);
  const place = { kind: 'camera', name: 'c', jurisdiction: '330212', location: { lat: 29.8, lon: 121.5 } };
  await registry.create(ADMIN, { ...place, id: ID, onvif: { xaddr: first.xaddr, ...first.account } } as never);
  await setup.handle(ID);
  t.match(await setup.status(ID), { state: 'done' });
  const later = (ms: number): void => {
    laterMs += ms;
  };
  return { ...beds, told, units, again, setup, cameras, inItsPlace, first, later };
}

t.test(
  'the unit is known by serial, hardware address and endpoint, and is believed while it is not lost',
  async (t) => {
    const { units, first, database } = await world(t);
    const unit = await database.tables<RegistryTables>().selectFrom('unit').selectAll().executeTakeFirstOrThrow();
    const { serial, mac, endpoint } = first.identity;
    t.match(unit, { serial, mac, endpoint: endpoint.replace('urn:uuid:', '') });
    await units.admit(ID);
    await first.stop();
    await units.admit(ID);
    t.equal(units.foreign(ID), null);
    units.lost(ID);
    await units.admit(ID);
    t.equal(units.foreign(ID), null, 'one that does not answer is not another one');
  },
);

t.test('what a camera shows over https is known of its unit, found by, and told before it ends', async (t) => {
  const { cameras, registry, setup, search, database, units } = await world(t);
  const camera = await cameras.start({ address: '127.64.18.9', id: 'cam-tls' });
  const pair = selfSigned(t.testdir(), camera.address);
  const xaddr = await overHttps(t, camera, pair);
  const { fingerprint256, validTo } = new X509Certificate(pair.cert);
  const fingerprint = fingerprint256.replaceAll(':', '').toLowerCase();
  const place = { kind: 'camera', name: 'c', jurisdiction: '330212', location: { lat: 29.8, lon: 121.5 } };
  await registry.create(ADMIN, { ...place, id: 'cam-tls', onvif: { xaddr, ...camera.account, fingerprint } });
  await setup.handle('cam-tls');
  const { unit } = await registry.get(ADMIN, 'cam-tls');
  const certificate = { fingerprint, subject: 'CN=camera', notAfterMs: Date.parse(validTo) };
  t.strictSame(unit!.certificate, certificate);
  t.equal((await registry.get(ADMIN, ID)).unit!.certificate, null, 'over http nothing is shown');
  for (const q of [fingerprint, fingerprint256])
    t.match((await search.list(ADMIN, { q, limit: 5 })).items, [{ id: 'cam-tls' }]);
  const ending = new UnitCertificates(database);
  const beforeMs = Date.parse(validTo) + 1;
  t.match((await ending.ending(ADMIN, { beforeMs, limit: 5 })).items, [{ device: 'cam-tls', ...certificate }]);
  t.strictSame((await ending.ending(ADMIN, { beforeMs: beforeMs - 1, limit: 5 })).items, []);
  t.strictSame((await ending.ending(callerIn('330203'), { beforeMs, limit: 5 })).items, []);
  const renewed = { ...certificate, fingerprint: 'ab'.repeat(32) };
  const label = { ...camera.identity, hardwareId: '', certificate: renewed, serial: unit!.serial, mac: unit!.mac };
  const verdict = await database.transaction((tx) => units.judge(tx, 'cam-tls', label as never));
  t.match(verdict, { same: true });
  t.strictSame((await registry.get(ADMIN, 'cam-tls')).unit!.certificate, renewed);
});

t.test('another unit at the address shows nothing, is an alert, and can be accepted', async (t) => {
  const { units, again, first, inItsPlace, told, registry, setup, database, ...deps } = await world(t);
  await first.stop();
  units.looked(ID, false);
  const second = await inItsPlace(STOLEN);
  await t.rejects(units.admit(ID), { message: /other-unit/ } as never);
  t.match(units.foreign(ID), { differs: ['serial', 'mac', 'endpoint'], found: { serial: 'B-2' } });
  t.same(told, [{ values: { other_unit: 1 } }]);
  const before = await registry.get(ADMIN, ID);
  t.equal(before.unit?.serial, first.identity.serial, 'what it says is not taken over');

  const restarted = again();
  await restarted.load();
  t.match(restarted.foreign(ID), { found: { serial: 'B-2' } }, 'also after a restart');

  const swap = new Units({
    ...deps,
    database,
    clock: systemClock,
    observer: quietObserver(),
    cameras: units,
  });
  await t.rejects(swap.accept(ADMIN, ID, 'another'), { code: 'conflict.state' });
  await t.rejects(swap.accept(callerIn('330203'), ID, 'B-2'), { code: 'not-found' });
  const { device, secret } = await swap.accept(ADMIN, ID, 'B-2');
  t.match(device, { unit: { serial: 'B-2' }, version: before.version + 1 });
  t.not(device.unit?.id, before.unit?.id);
  t.ok(deps.directory.authenticate(ID, secret), 'the new unit has a secret of its own');
  t.same(told.at(-1), { values: { other_unit: 0 } });
  await units.admit(ID);
  await setup.handle(ID);
  t.match(await setup.status(ID), { state: 'done' }, 'it is introduced');
  const [entry] = (await listAudit(database, ADMIN, { limit: 100 })).filter(({ action }) => action === 'device.swap');
  t.match(entry, { subject: `device/${ID}`, before: { unit: { serial: first.identity.serial } } });
  await t.rejects(swap.accept(ADMIN, ID, 'B-2'), { code: 'conflict.state' }, 'there is nothing more to accept');
  await second.stop();
});

t.test('when the registered unit is back everything is as before', async (t) => {
  const { units, first, inItsPlace, told, later } = await world(t);
  await first.stop();
  units.lost(ID);
  const second = await inItsPlace(STOLEN);
  await t.rejects(units.admit(ID));
  await second.stop();
  await inItsPlace({});
  await t.rejects(units.admit(ID), 'not asked again at once');
  later(10_000);
  await units.admit(ID);
  t.equal(units.foreign(ID), null);
  t.same(told, [{ values: { other_unit: 1 } }, { values: { other_unit: 0 } }]);
});

t.test('an address that leads to another unit is not introduced as the registered one', async (t) => {
  const { units, first, cameras, registry, connections, setup } = await world(t);
  const second = await cameras.start({ address: '127.64.18.2', id: ID, identity: STOLEN });
  const { version } = await registry.get(ADMIN, ID);
  await registry.update(ADMIN, ID, version, { onvif: { xaddr: second.xaddr, ...second.account } } as never);
  t.ok('again' in Object(await setup.handle(ID)), 'it is asked again later');
  t.match(await setup.status(ID), { state: 'failed', problem: 'other-unit', hint: /accept it as the new unit/ });
  t.match(units.foreign(ID), { found: { serial: 'B-2' } });
  t.equal((await connections.streamSource(ID, 'main'))?.url, first.streamUrl('main'), 'its streams are not taken over');
});

t.test('a camera that was taken down and still answers is not named again by itself', async (t) => {
  const { units, registry, setup, ...deps } = await world(t);
  const hanging = new Units({ ...deps, clock: systemClock, observer: quietObserver(), cameras: units });
  const { unit } = await registry.get(ADMIN, ID);
  await hanging.takeDown(ADMIN, ID, { replaces: unit!.id, reason: 'to the workshop' });
  t.ok('again' in Object(await setup.handle(ID)));
  t.match(await setup.status(ID), { state: 'failed', problem: 'other-unit' });
  t.match(await registry.get(ADMIN, ID), { unit: { serial: null } }, 'nothing is named there');
  t.match(units.foreign(ID), { found: { serial: unit!.serial } });
  const accepted = await hanging.accept(ADMIN, ID, unit!.serial);
  t.equal(accepted.device.unit?.id, unit!.id, 'a person may say that it is there: the same unit, not a second one');
  t.match(await setup.handle(ID), {});
});

t.test('a unit that was swapped by hand is asked who it is, and shows nothing when it is another', async (t) => {
  const { units, first, inItsPlace, told, registry, setup, later, ...deps } = await world(t);
  const hanging = new Units({
    ...deps,
    clock: systemClock,
    observer: quietObserver(),
    cameras: units,
  });
  await units.admit(ID);
  await first.stop();
  units.lost(ID);
  await inItsPlace(STOLEN);
  await t.rejects(units.admit(ID));
  const swapTo = async (serial: string) => {
    const replaces = (await registry.get(ADMIN, ID)).unit!.id;
    return await hanging.swap(ADMIN, ID, { unit: unitInput.parse({ serial }), replaces, reason: 'dead' });
  };
  await swapTo('C-3');
  t.equal(units.foreign(ID), null, 'what was found says nothing of the new unit');
  await t.rejects(units.admit(ID), { message: /other-unit/ } as never, 'but B-2 answers, and C-3 was hung up');
  later(10_000);
  await swapTo('B-2');
  await units.admit(ID);
  t.match(await setup.handle(ID), {});
  t.match(await registry.get(ADMIN, ID), { unit: { serial: 'B-2', model: first.identity.model } });
  t.match(
    told.map((message) => (message as { values: { other_unit: number } }).values.other_unit),
    [1, 0, 1, 0],
  );
});
