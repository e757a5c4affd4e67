import fc from 'fast-check';
import t from 'tap';
import { type AreaNode, treeOf } from '../../../../web/src/video/tree/areas.ts';

const area = (code: string, parent: string | null, positions = 1) => ({
  code,
  parent,
  positions,
  name: { en: code, zh: code },
});
const codesOf = (nodes: readonly AreaNode[]): string[] =>
  nodes.flatMap(({ area: { code }, below }) => [code, ...codesOf(below)]);

t.test('areas stand below those they lie in, without empty ones', async (t) => {
  const tree = treeOf([area('33', null), area('3302', '33'), area('330203', '3302'), area('330299', '3302', 0)]);
  t.same(codesOf(tree), ['33', '3302', '330203']);
  t.equal(tree.length, 1);
  t.same(codesOf(treeOf([area('330203', '3302'), area('330212', '3302')])), ['330203', '330212'], 'without parents');
});

t.test('whatever the parents are, nothing stands twice and it ends', async (t) => {
  const codes = ['a', 'b', 'c', 'd', 'e'];
  const parents = fc.tuple(...codes.map(() => fc.option(fc.constantFrom(...codes))));
  fc.assert(
    fc.property(parents, (chosen) => {
      const found = codesOf(treeOf(codes.map((code, n) => area(code, chosen[n] ?? null))));
      t.equal(new Set(found).size, found.length);
    }),
  );
});
