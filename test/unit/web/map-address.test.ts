import fc from 'fast-check';
import t from 'tap';
import { addressOf, CORNERS_MAX, queryOf } from '../../../web/src/map/address.ts';
import { around, boxOf, isInBox, isInside, type Point } from '../../../web/src/map/geometry.ts';

const degrees = (most: number) => fc.integer({ min: -most * 1e5, max: most * 1e5 }).map((n) => n / 1e5);
const point = fc.tuple(degrees(180), degrees(90));

t.test('an address says again what was said', async () => {
  const address = fc.record({
    at: fc.option(
      fc.record({ lon: degrees(180), lat: degrees(90), zoom: fc.integer({ min: 0, max: 2_200 }).map((n) => n / 100) }),
    ),
    kind: fc.option(fc.constantFrom('camera', 'recycling-kiosk')),
    device: fc.option(fc.constantFrom('cam-1', 'A.b_c')),
    area: fc.oneof(fc.constant([]), fc.array(point, { minLength: 3, maxLength: CORNERS_MAX })),
  });
  fc.assert(fc.property(address, (said) => t.same(addressOf(new URLSearchParams(queryOf(said).toString())), said)));
});

t.test('what makes no sense in an address says nothing', async (t) => {
  const nothing = { at: null, kind: null, device: null, area: [] };
  const nonsense = ['at=1,2', 'at=91,0,3', 'at=1,2,3,4', 'at=,,', 'at=1,2,99', 'kind=<img>', 'device=浙B12345'];
  for (const text of [...nonsense, 'area=1,2;3,4', 'area=1,2;3,4;x,y', `area=${'1,2;'.repeat(65)}3,4`]) {
    t.same(addressOf(new URLSearchParams(text)), nothing, text);
  }
});

t.test('what lies around points has them inside, turns one way only, and is closed', async () => {
  const near = fc.tuple(fc.double({ min: 121, max: 122, noNaN: true }), fc.double({ min: 29, max: 30, noNaN: true }));
  fc.assert(
    fc.property(fc.array(near, { minLength: 1, maxLength: 40 }), (points) => {
      const ring = around(points as Point[], 300);
      t.same(ring[0], ring.at(-1));
      const box = boxOf(ring)!;
      for (const one of points) if (!isInside(one, ring) || !isInBox(one, box)) t.fail(String(one));
    }),
  );
  t.same(around([], 300), []);
});
