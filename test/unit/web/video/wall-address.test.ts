import fc from 'fast-check';
import t from 'tap';
import {
  addressOf,
  CAMERAS_MAX,
  LAYOUTS,
  onPage,
  pagesOf,
  queryOf,
  shifted,
  TOUR_S,
  toggled,
} from '../../../../web/src/video/address.ts';

const id = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,12}$/);
const ids = fc.uniqueArray(id, { maxLength: CAMERAS_MAX });

t.test('an address says again what was said', async () => {
  const address = fc
    .record({
      layout: fc.constantFrom(...LAYOUTS),
      cameras: fc.option(ids),
      page: fc.nat(70),
      focus: fc.option(id),
      tourS: fc.option(fc.constantFrom(...TOUR_S)),
      atMs: fc.option(fc.integer({ min: 1_000_000_000, max: 4_000_000_000 }).map((s) => s * 1_000)),
    })
    .map((said) => ({ ...said, page: Math.min(said.page, pagesOf(said.cameras?.length ?? 0, said.layout) - 1) }));
  fc.assert(fc.property(address, (said) => t.same(addressOf(new URLSearchParams(queryOf(said).toString())), said)));
});

t.test('what makes no sense in an address says nothing', async (t) => {
  const nothing = { layout: 4, cameras: null, page: 0, focus: null, tourS: null, atMs: null };
  for (const text of [
    'layout=5',
    'layout=',
    'page=0',
    'page=-1',
    'page=x',
    'page=2',
    'focus=<img>',
    'tour=1',
    'at=now',
  ]) {
    t.same(addressOf(new URLSearchParams(text)), nothing, text);
  }
  const { cameras } = addressOf(new URLSearchParams({ cameras: 'a,,b,a,<img src=x>,浙B12345,../c' }));
  t.same(cameras, ['a', 'b']);
  const many = Array.from({ length: 200 }, (_, n) => `cam-${n}`).join();
  t.equal(addressOf(new URLSearchParams({ cameras: many })).cameras?.length, CAMERAS_MAX);
});

t.test('pages have every camera once', async () => {
  fc.assert(
    fc.property(ids, fc.constantFrom(...LAYOUTS), (cameras, layout) => {
      const pages = Array.from({ length: pagesOf(cameras.length, layout) }, (_, page) =>
        onPage(cameras, { layout, page }),
      );
      t.same(pages.flat(), cameras);
    }),
  );
});

t.test('a camera is put on the wall and taken off, and moved, and none is lost', async (t) => {
  fc.assert(
    fc.property(ids, id, fc.integer({ min: -70, max: 70 }), (cameras, one, by) => {
      t.same([...shifted(cameras, one, by)].sort(), [...cameras].sort());
      const changed = toggled(cameras, one);
      const room = cameras.includes(one) || cameras.length < CAMERAS_MAX;
      t.equal(changed.includes(one), room && !cameras.includes(one));
    }),
  );
  t.same(shifted(['a', 'b', 'c'], 'a', 1), ['b', 'a', 'c']);
  t.same(shifted(['a', 'b', 'c'], 'c', -2), ['c', 'a', 'b']);
});
