import fc from 'fast-check';
import t from 'tap';
import { distanceM, isInside, type Point } from '../../../../src/core/registry/geometry.ts';

const SQUARE: Point[] = [
  [0, 0],
  [10, 0],
  [10, 10],
  [0, 10],
];
/** Like a C, open to the right. */
const BAY: Point[] = [
  [0, 0],
  [10, 0],
  [10, 2],
  [2, 2],
  [2, 8],
  [10, 8],
  [10, 10],
  [0, 10],
];

t.test('a point is inside of a ring, also of one that is not convex', async (t) => {
  t.ok(isInside([5, 5], SQUARE));
  t.notOk(isInside([5, 5], BAY));
  t.ok(isInside([1, 5], BAY));
  t.notOk(isInside([11, 5], SQUARE));
});

t.test(
  'it does not matter where a ring begins, which way it runs, or whether its first point is repeated',
  async () => {
    const at = fc.integer({ min: -5, max: 15 }).map((value) => value + 0.5);
    const turn = fc.nat(BAY.length - 1);
    fc.assert(
      fc.property(at, at, turn, (x, y, by) => {
        const turned = [...BAY.slice(by), ...BAY.slice(0, by)];
        const expected = isInside([x, y], BAY);
        const found = [turned, turned.toReversed(), [...BAY, BAY[0]!]].map((ring) => isInside([x, y], ring));
        return found.every((one) => one === expected);
      }),
    );
  },
);

t.test('distances on the ground: one degree of latitude, and one of longitude at 60° north', async (t) => {
  t.ok(Math.abs(distanceM([121, 29], [121, 30]) - 111_195) < 200);
  t.ok(Math.abs(distanceM([10, 60], [11, 60]) - 55_597) < 300);
  t.equal(distanceM([1, 1], [1, 1]), 0);
});
