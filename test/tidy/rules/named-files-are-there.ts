import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import t from 'tap';
import { ROOT } from '../../support/root.ts';
import { filesBelow, read } from '../../support/source-tree.ts';

/** A file or folder that is named from where its source stands: a child, a migration, a page. */
const NAMED = /(?:join|resolve)\(\s*import\.meta\.dirname,\s*'([^'$]+)'\s*,?\s*\)/g;

/** Made by set-up or by a build, or written while the program runs. */
const MADE_LATER = /(^|\/)(node_modules|\.cache|dist|test-results)(\/|$)/;

/** Names of files in a text that stands at `path` which lead nowhere: the compiler does not look into strings. */
function missing(path: string, text: string): string[] {
  return [...text.matchAll(NAMED)]
    .map(([, name = '']) => join(dirname(path), name))
    .filter((named) => !MADE_LATER.test(named) && !existsSync(join(ROOT, named)))
    .map((named) => `${path} names ${named}`);
}

t.test('a file that is named by its place is there', async (t) => {
  const sources = filesBelow(['bench', 'scripts', 'simulators', 'src', 'test'], /\.(ts|mjs)$/);
  t.same(
    sources.flatMap((path) => missing(path, read(path))),
    [],
  );
});

t.test('the rule sees a breach', async (t) => {
  const named = (name: string): string => `fork(join(import.meta.${'dirname'}, '${name}'))`;
  t.equal(missing('test/tidy/x.test.ts', named('nobody-child.ts')).length, 1);
  t.equal(missing('test/tidy/x.test.ts', named('house-rules.test.ts')).length, 0);
  t.equal(missing('src/app/x.ts', named('../../.cache/compiled')).length, 0);
});
