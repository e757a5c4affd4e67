import fc from 'fast-check';
import t from 'tap';
import { fromGcj02, toGcj02 } from '../../../../src/devices/registry/datum.ts';

/** WGS-84 and GCJ-02 pairs of the eviltransform project's tests, on which gcoord and coordtransform agree. */
const PAIRS = [
  [31.1774276, 121.5272106, 31.175304, 121.5315419],
  [22.543847, 113.912316, 22.5407961, 113.9171765],
  [39.911954, 116.377817, 39.9133455, 116.3840472],
] as const;

const near = (a: number, b: number) => Math.abs(a - b) < 2e-7;

t.test('published pairs come out both ways', async (t) => {
  for (const [lat, lon, shiftedLat, shiftedLon] of PAIRS) {
    const there = toGcj02({ lat, lon });
    const back = fromGcj02({ lat: shiftedLat, lon: shiftedLon });
    t.ok(near(there.lat, shiftedLat) && near(there.lon, shiftedLon));
    t.ok(near(back.lat, lat) && near(back.lon, lon));
  }
});

t.test('there and back is the same place, anywhere in the four cities and their provinces', async () => {
  const inChina = {
    lat: fc.double({ min: 20, max: 50, noNaN: true }),
    lon: fc.double({ min: 80, max: 130, noNaN: true }),
  };
  fc.assert(
    fc.property(fc.record(inChina), (point) => {
      const back = fromGcj02(toGcj02(point));
      return near(back.lat, point.lat) && near(back.lon, point.lon);
    }),
  );
});

t.test('abroad both are the same', async (t) => {
  t.strictSame(toGcj02({ lat: 48.85, lon: 2.35 }), { lat: 48.85, lon: 2.35 });
  t.strictSame(fromGcj02({ lat: 48.85, lon: 2.35 }), { lat: 48.85, lon: 2.35 });
});
