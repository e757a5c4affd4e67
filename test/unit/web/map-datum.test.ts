import fc from 'fast-check';
import t from 'tap';
import { fromGcj02 as gatewayFrom, toGcj02 as gatewayTo } from '../../../src/devices/registry/datum.ts';
import { fromGcj02, toGcj02 } from '../../../web/src/map/canvas/datum.ts';

const near = (a: number, b: number): boolean => Math.abs(a - b) < 2e-7;

t.test('the page shifts places as the gateway does, and back', async (t) => {
  const china = fc.record({
    lon: fc.double({ min: 73, max: 135, noNaN: true }),
    lat: fc.double({ min: 4, max: 53, noNaN: true }),
  });
  fc.assert(
    fc.property(china, ({ lon, lat }) => {
      const [there, gateway] = [toGcj02([lon, lat]), gatewayTo({ lon, lat })];
      const [back, theirs] = [fromGcj02(there), gatewayFrom(gateway)];
      const isSame = near(there[0], gateway.lon) && near(there[1], gateway.lat);
      return isSame && near(back[0], lon) && near(back[1], lat) && near(theirs.lon, back[0]);
    }),
  );
  t.same(toGcj02([2.35, 48.85]), [2.35, 48.85], 'elsewhere nothing is shifted');
  const [lon, lat] = toGcj02([121.5272106, 31.1774276]);
  t.ok(near(lon, 121.5315419) && near(lat, 31.175304), 'a published pair');
});
