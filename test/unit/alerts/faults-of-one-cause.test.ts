import fc from 'fast-check';
import t from 'tap';
import { causeOf, type Faulty } from '../../../src/alerts/orders/one-cause.ts';

const HERE = '330203';

/** A registry by what each device hangs on. */
const tree = (parents: Record<string, string>) => ({ parentOf: (id: string) => parents[id] ?? null });
const at = (device: string, jurisdiction = HERE): Faulty => ({ device, jurisdiction });
const many = (count: number, name = 'd') => Array.from({ length: count }, (_, n) => at(`${name}-${n}`));

/** Where people are sent to for all of them. */
function sentTo(all: Faulty[], parents: Record<string, string> = {}): string[] {
  return [...new Set(all.map((one) => causeOf(one, all, tree(parents))))];
}

t.test('a fault alone, or with one beside, is its own cause', async (t) => {
  t.strictSame(sentTo([at('a')], { a: 'pole' }), ['a']);
  t.strictSame(sentTo([at('a'), at('b')], { a: 'pole', b: 'pole' }), ['a', 'b']);
});

t.test('three below one have their cause there, and what hangs elsewhere has its own', async (t) => {
  const parents = { a: 'pole', b: 'pole', c: 'pole', d: 'other' };
  t.strictSame(
    sentTo(
      ['a', 'b', 'c', 'd'].map((id) => at(id)),
      parents,
    ),
    ['pole', 'd'],
  );
});

t.test('five hundred at fifty switches of one site are one cause, also for a switch with a single one', async (t) => {
  const parents: Record<string, string> = {};
  const all = many(500).concat(at('lonely'));
  for (const [n, { device }] of all.entries()) parents[device] = `switch-${n % 50}`;
  parents.lonely = 'switch-alone';
  for (let n = 0; n < 50; n += 1) parents[`switch-${n}`] = 'site';
  parents['switch-alone'] = 'site';
  t.strictSame(sentTo(all, parents), ['site']);
});

t.test('a pole of its own under a large site is not blamed on the site', async (t) => {
  const parents: Record<string, string> = { a: 'pole', b: 'pole', c: 'pole', pole: 'site', x: 'site' };
  t.strictSame(
    sentTo(
      ['a', 'b', 'c', 'x'].map((id) => at(id)),
      parents,
    ),
    ['pole', 'x'],
  );
});

t.test(
  'many of a district that hang on nothing are one cause; a few are not, nor those of two districts',
  async (t) => {
    t.strictSame(sentTo(many(500)), ['d-0']);
    t.equal(sentTo(many(19)).length, 19);
    const elsewhere = many(15, 'e').map(({ device }) => at(device, '330212'));
    t.equal(sentTo([...many(15), ...elsewhere]).length, 30);
  },
);

t.test('a registry that goes in a circle ends nowhere, and a place is found for any faults', async (t) => {
  t.strictSame(sentTo([at('a')], { a: 'b', b: 'a' }), ['a']);
  const ids = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h');
  fc.assert(
    fc.property(fc.dictionary(ids, ids), fc.uniqueArray(ids, { minLength: 1 }), (parents, devices) => {
      const known = new Set<string>([...devices, ...Object.values(parents)]);
      return sentTo(
        devices.map((id) => at(id)),
        parents,
      ).every((place) => known.has(place));
    }),
  );
});
