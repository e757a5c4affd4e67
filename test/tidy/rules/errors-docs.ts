import t from 'tap';
import { ERRORS } from '../../../src/core/errors.ts';
import { filesBelow, read } from '../../support/source-tree.ts';

/** Rows `| code | status | yes/no | text |` of docs/errors.md. */
function documented(): Map<string, string> {
  const rows = read('docs/errors.md').matchAll(/^\| `([a-z.-]+)` \| (\d{3}) \| (yes|no) \| (.+) \|$/gm);
  return new Map([...rows].map(([, code = '', status, again, text]) => [code, `${status} ${again} ${text}`]));
}

t.test('the error table and its page say the same', async (t) => {
  const inCode = new Map(
    Object.entries(ERRORS).map(([code, row]) => [code, `${row.status} ${row.retryable ? 'yes' : 'no'} ${row.text}`]),
  );
  t.same(Object.fromEntries(documented()), Object.fromEntries(inCode));
});

t.test('every row of the error table is used', async (t) => {
  const code = filesBelow(['src'], /\.ts$/)
    .filter((path) => path !== 'src/core/errors.ts')
    .map(read)
    .join('\n');
  const unused = Object.keys(ERRORS).filter((name) => !code.includes(`'${name}'`));
  t.same(unused, []);
});
