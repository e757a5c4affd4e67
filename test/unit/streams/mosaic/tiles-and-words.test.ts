import t from 'tap';
import { Canvas, pictureBytes, placesOf } from '../../../../src/streams/mosaic/canvas.ts';
import { MEMBERS_MAX, membersOf, mosaicOf } from '../../../../src/streams/mosaic/name.ts';

t.test('tiles are even, lie inside, and do not lie over each other', async (t) => {
  const size = { width: 1_280, height: 720 };
  for (let count = 1; count <= MEMBERS_MAX; count += 1) {
    const places = placesOf(count, size);
    t.equal(places.length, count);
    const used = new Set<string>();
    for (const { x, y, width, height } of places) {
      t.ok([x, y, width, height].every((one) => one % 2 === 0) && x + width <= 1_280 && y + height <= 720);
      used.add(`${x} ${y}`);
    }
    t.equal(used.size, count);
  }
});

t.test('a tile changes its own place and no other', async (t) => {
  const canvas = new Canvas(64, 32);
  const before = Buffer.from(canvas.data);
  const place = { x: 32, y: 16, width: 32, height: 16 };
  canvas.put(place, Buffer.alloc(pictureBytes(place), 200));
  const changed = [...canvas.data].flatMap((byte, at) => (byte === before[at] ? [] : [at]));
  t.equal(changed.length, pictureBytes(place));
  const inside = changed.filter((at) => at < 64 * 32);
  t.ok(inside.every((at) => at % 64 >= 32 && at >= 64 * 16));
  canvas.clear(place);
  t.notOk(canvas.data.includes(200), 'nothing of it is left');
  canvas.write({ x: 0, y: 0, width: 64, height: 32 }, 'A', 0);
  t.ok(canvas.data.includes(235), 'a letter is there');
});

t.test('what the pool calls a mosaic is no device, and says its cameras', async (t) => {
  t.same(membersOf(mosaicOf(['a', 'b-1'])), ['a', 'b-1']);
  t.equal(membersOf('cam-1'), null);
});
