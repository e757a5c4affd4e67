import fc from 'fast-check';
import t from 'tap';
import { chunksOf } from '../../../../src/platform/database/chunks.ts';

t.test('the parts are the whole in its order, each full but the last, and none is empty', async () => {
  fc.assert(
    fc.property(fc.array(fc.nat()), fc.integer({ min: 1, max: 20 }), (items, max) => {
      const parts = [...chunksOf(items, max)];
      const sizes = parts.map(({ length }) => length);
      return (
        JSON.stringify(parts.flat()) === JSON.stringify(items) &&
        sizes.slice(0, -1).every((size) => size === max) &&
        sizes.every((size) => size > 0 && size <= max)
      );
    }),
  );
});

t.test('a size that would never end is refused', async (t) => {
  t.throws(() => [...chunksOf([1], 0)], RangeError);
});
