import t from 'tap';
import { type Holder, RIGHTS, RIGHTS_OF, type Right } from '../../../src/access/rights.ts';
import { filesBelow, read } from '../../support/source-tree.ts';

const HOLDERS = Object.keys(RIGHTS_OF) as Holder[];

/** The table of docs/rights.md as this program has it. */
function tableInCode(): string[] {
  const row = ([right, text]: [string, string]) => {
    const marks = HOLDERS.map((holder) => (RIGHTS_OF[holder].has(right as Right) ? '●' : ''));
    return `| \`${right}\` | ${text} | ${marks.join(' | ')} |`;
  };
  return [`| right | what for | ${HOLDERS.join(' | ')} |`, ...Object.entries(RIGHTS).map(row)];
}

t.test('the table of rights and its page say the same', async (t) => {
  const lines = read('docs/rights.md').split('\n');
  t.same(
    tableInCode().filter((line) => !lines.includes(line)),
    [],
  );
});

t.test('every right opens something', async (t) => {
  const code = filesBelow(['src'], /\.ts$/)
    .filter((path) => path !== 'src/access/rights.ts')
    .map(read)
    .join('\n');
  t.same(
    Object.keys(RIGHTS).filter((right) => !code.includes(`'${right}'`)),
    [],
  );
});

t.test('no code asks for a role: what a role may do stands in one table', async (t) => {
  const ASKS = /\brole\s*(===|!==)\s*'|\[[^\]]*'(admin|operator|viewer|technician)'[^\]]*\]\.includes\(/;
  const asking = filesBelow(['src'], /\.ts$/).filter((path) => ASKS.test(read(path)));
  t.same(asking, []);
});
