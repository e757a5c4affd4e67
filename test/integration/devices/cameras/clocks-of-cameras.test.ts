import t from 'tap';
import { systemClock } from '../../../../src/core/clock.ts';
import type { NewMessage } from '../../../../src/core/types.ts';
import { CameraClocks } from '../../../../src/devices/cameras/clocks.ts';
import { OneLogin } from '../../../../src/devices/onvif/one-login.ts';
import { callerIn, openRegistry } from '../../../support/devices/registry.ts';
import { quietObserver } from '../../../support/services/services.ts';
import { onvifPorts, startCameras } from '../../../support/streams/cameras.ts';
import { until } from '../../../support/time/until.ts';

const HOUR_S = 3_600;

t.test('by how much the clock of each camera is off is told, and one that is away holds up nobody', async (t) => {
  const { registry, connections, database, directory } = await openRegistry(t);
  const ports = onvifPorts(t);
  const cameras = await startCameras(t);
  const place = { kind: 'camera', name: 'c', jurisdiction: '330212', location: { lat: 29.8, lon: 121.5 } };
  const camera = await cameras.start({ address: '127.64.18.7', id: 'cam-off' });
  camera.misbehave({ clockSkewMs: -8 * HOUR_S * 1_000 });
  const onvif = { xaddr: camera.xaddr, ...camera.account };
  const admin = callerIn('000000');
  await registry.create(admin, { ...place, id: 'cam-off', onvif } as never);
  const away = { ...onvif, xaddr: 'http://127.64.18.8:1/onvif/device_service' };
  await registry.create(admin, { ...place, id: 'cam-away', onvif: away } as never);
  await registry.create(admin, { ...place, id: 'cam-plain' } as never);
  const told: { device: string; skewS: number }[] = [];
  const limits = { deadlineMs: 3_000, requestMs: 3_000, maxBytes: 65_536 };
  const clocks = new CameraClocks(
    {
      database,
      clock: systemClock,
      observer: quietObserver(),
      camera: (id) => directory.identity(id),
      access: (id) => connections.onvifAccess(id),
      ask: (target, signal) => new OneLogin(target, ports, { ...limits, signal }).clock(),
      accept: async ({ device, raw }: NewMessage) => {
        told.push({ device: device.id, skewS: JSON.parse(String(raw)).values.clock_skew_s });
      },
    },
    { everyMs: 100 },
  );
  clocks.start();
  t.teardown(() => clocks.stop());
  await until('it was asked twice', () => told.length >= 2);
  await clocks.stop();
  t.ok(told.every(({ device }) => device === 'cam-off'));
  t.ok(told.every(({ skewS }) => Math.abs(skewS + 8 * HOUR_S) < 5));
});
