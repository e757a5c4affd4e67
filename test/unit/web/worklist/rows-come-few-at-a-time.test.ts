import fc from 'fast-check';
import t from 'tap';
import { NEW_PER_PICTURE, WholeRows } from '../../../../web/src/alerts/worklist/whole-rows.ts';

/** Rows of a page of which each picture is drawn when the test says so. */
function pages() {
  const asked: (() => void)[] = [];
  let more = 0;
  const rows = new WholeRows((run) => asked.push(run));
  rows.onMore = () => {
    more += 1;
  };
  const draw = () => {
    more = 0;
    for (const run of asked.splice(0)) run();
    return more > 0;
  };
  return { rows, draw };
}

const idsOf = (from: number, count: number) => Array.from({ length: count }, (_, at) => `row-${from + at}`);

t.test('all rows of a list that was not there before are whole at once', async (t) => {
  const { rows, draw } = pages();
  t.same([...rows.of(idsOf(0, 100), idsOf(0, 20))], idsOf(0, 20));
  t.notOk(draw(), 'and nothing is left to draw');
  t.same([...rows.of(idsOf(200, 50), idsOf(200, 30))], idsOf(200, 30), 'so with other filters');
});

t.test('of many rows scrolled to none is whole at once, then those most wanted, and all in the end', async (t) => {
  const list = idsOf(0, 1_000);
  const { rows, draw } = pages();
  rows.of(list, idsOf(0, 20));
  draw();
  const drawn = idsOf(500, 20);
  t.same([...rows.of(list, drawn)], []);
  t.same([...rows.of(list, drawn)], [], 'drawn again for another reason: still none of them');
  draw();
  t.same([...rows.of(list, drawn)], idsOf(500, NEW_PER_PICTURE));
  let pictures = 1;
  while (draw()) {
    rows.of(list, drawn);
    pictures += 1;
  }
  t.equal(pictures, Math.ceil(20 / NEW_PER_PICTURE));
  t.same([...rows.of(list, drawn)].toSorted(), drawn.toSorted());
});

t.test('of few rows scrolled to each is whole at once', async (t) => {
  const list = idsOf(0, 1_000);
  const { rows, draw } = pages();
  rows.of(list, idsOf(0, 20));
  draw();
  t.same([...rows.of(list, idsOf(NEW_PER_PICTURE, 20))].toSorted(), idsOf(NEW_PER_PICTURE, 20).toSorted());
});

t.test('where pictures go on bringing many rows none of them is whole', async (t) => {
  const list = idsOf(0, 1_000);
  const { rows, draw } = pages();
  rows.of(list, idsOf(0, 20));
  for (let from = 10; from <= 200; from += 10) {
    draw();
    const whole = [...rows.of(list, idsOf(from, 20))];
    t.same(whole, from === 10 ? idsOf(10, 10) : [], `from row ${from}`);
  }
});

t.test('a list that has grown while it is scrolled through is not another one', async (t) => {
  const { rows, draw } = pages();
  rows.of(idsOf(0, 100), idsOf(0, 20));
  draw();
  t.same([...rows.of(idsOf(0, 100), idsOf(50, 20))], []);
  draw();
  t.same([...rows.of(idsOf(0, 200), idsOf(80, 20))], [], 'none of those that were whole is there any more');
});

t.test('a new row at the top of a list that is looked at is whole at once', async (t) => {
  const { rows, draw } = pages();
  rows.of(idsOf(1, 100), idsOf(1, 20));
  draw();
  t.ok(rows.of(idsOf(0, 101), idsOf(0, 20)).has('row-0'));
});

t.test(
  'however a list is scrolled, no picture brings more whole rows than a few, and where it rests all are',
  async () => {
    const list = idsOf(0, 2_000);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 1_960 }), { minLength: 1, maxLength: 40 }), (places) => {
        const { rows, draw } = pages();
        let before = rows.of(list, idsOf(0, 20));
        for (const from of places) {
          draw();
          const whole = rows.of(list, idsOf(from, 40));
          if ([...whole].filter((id) => !before.has(id)).length > NEW_PER_PICTURE) return false;
          before = whole;
        }
        const rest = idsOf(places.at(-1)!, 40);
        while (draw()) before = rows.of(list, rest);
        return before.size === rest.length;
      }),
    );
  },
);
