import t from 'tap';
import { filesBelow, read } from '../../support/source-tree.ts';

const SOURCES = /\.(ts|tsx|mjs)$/;
const EXPORTED = /^export (?:async )?(const|function\*?|class|type|interface) (\w+)/gm;

/** Exports that no other file names. A type may also describe what its own file exports, so it must be named there. */
function forNobody(texts: ReadonlyMap<string, string>, isJudged: (path: string) => boolean): string[] {
  const users = new Map<string, number>();
  for (const text of texts.values()) {
    for (const word of new Set(text.match(/\b[A-Za-z_]\w*/g))) users.set(word, (users.get(word) ?? 0) + 1);
  }
  const problems: string[] = [];
  for (const [path, text] of texts) {
    if (!isJudged(path)) continue;
    for (const [, what = '', name = ''] of text.matchAll(EXPORTED)) {
      if (users.get(name) !== 1) continue;
      const isType = what === 'type' || what === 'interface';
      if (isType && [...text.matchAll(new RegExp(`\\b${name}\\b`, 'g'))].length > 1) continue;
      problems.push(`${path} exports ${name} for nobody`);
    }
  }
  return problems;
}

t.test('what is exported is used elsewhere', async (t) => {
  const paths = filesBelow(['src', 'simulators', 'test', 'bench', 'scripts', 'web'], SOURCES);
  const texts = new Map(paths.map((path) => [path, read(path)]));
  t.same(
    forNobody(texts, (path) => /^(src|simulators)\//.test(path)),
    [],
  );
});

t.test('the rule sees a breach', async (t) => {
  const texts = new Map([
    ['a', 'export const alone = 1;\nexport const shared = alone;\nexport type Left = 1;\nexport type Used = Left;'],
    ['b', "import { shared, type Used } from './a.ts';"],
  ]);
  t.same(
    forNobody(texts, () => true),
    ['a exports alone for nobody'],
  );
});
