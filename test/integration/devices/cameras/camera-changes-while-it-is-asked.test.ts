import t from 'tap';
import { systemClock } from '../../../../src/core/clock.ts';
import { CameraSetup } from '../../../../src/devices/cameras/setup.ts';
import type { CameraInspection } from '../../../../src/devices/onvif/inspect.ts';
import { callerIn, openRegistry } from '../../../support/devices/registry.ts';
import { firstOwner } from '../../../support/services/ownership.ts';
import { quietObserver } from '../../../support/services/services.ts';

const ADMIN = callerIn('000000');
const SAID = {
  maker: 'M',
  model: 'X',
  serial: '1',
  firmware: '2',
  clockSkewMs: 0,
  profiles: [],
  snapshotUrl: null,
  mainStreamUrl: 'rtsp://10.0.0.1/old',
  subStreamUrl: null,
} as unknown as CameraInspection;

t.test('what a camera said under its old address does not overwrite the new one', async (t) => {
  const { registry, connections, database, vault } = await openRegistry(t);
  const onvif = { xaddr: 'http://10.0.0.1/onvif/device_service', username: 'u', password: 'secret-of-camera' };
  const place = { kind: 'camera', name: 'c', jurisdiction: '330212', location: { lat: 29.8, lon: 121.5 } };
  let meanwhile = async (): Promise<void> => {};
  const setup = new CameraSetup({
    database,
    ownership: firstOwner(),
    vault,
    clock: systemClock,
    observer: quietObserver(),
    access: (id) => connections.onvifAccess(id),
    inspect: async () => {
      await meanwhile();
      return SAID;
    },
    units: { judge: async () => ({ same: true, told: () => {} }) },
  });

  await registry.create(ADMIN, { ...place, id: 'still', onvif } as never);
  await setup.handle('still');
  t.equal((await connections.streamSource('still', 'main'))?.url, 'rtsp://10.0.0.1/old');
  t.equal((await registry.get(ADMIN, 'still')).version, 2);
  const renewed = { ...onvif, password: 'renewed-on-the-camera' };
  await registry.update(ADMIN, 'still', 2, { onvif: renewed } as never);
  await setup.handle('still');
  t.equal((await connections.streamSource('still', 'main'))?.login?.password, renewed.password);
  t.equal(
    (await registry.get(ADMIN, 'still')).version,
    3,
    'it said what was known: nobody who edits is refused for it',
  );

  await registry.create(ADMIN, { ...place, id: 'moved', onvif } as never);
  meanwhile = async () => {
    const stream = { url: 'rtsp://10.0.0.2/new' };
    await registry.update(ADMIN, 'moved', 1, { onvif: { ...onvif, xaddr: 'http://10.0.0.2/' }, stream } as never);
  };
  await setup.handle('moved');
  t.equal((await connections.streamSource('moved', 'main'))?.url, 'rtsp://10.0.0.2/new');
  t.equal((await registry.get(ADMIN, 'moved')).version, 2, 'the version the technician was given');
});
