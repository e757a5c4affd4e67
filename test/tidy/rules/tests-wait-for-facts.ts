import t from 'tap';
import { filesBelow, lineOf, type Node, type ParsedSource, parseSource, parseText } from '../../support/source-tree.ts';

/** Who may let real time pass: what waits for facts, what makes faults and traffic last, and a clock made faster. */
const SLEEPERS = /^test\/support\/time\/(until|lasting|clock)\.ts$/;
/** Campaigns and what makes faults and traffic: real time is their subject, and they measure it for the report. */
const CAMPAIGNS = /^test\/(support|long)\//;
/** Who kills at some moment: the whole gateway under load. Any other test kills at a fact. */
const KILLERS = /^test\/(support|long|acceptance)\//;
const CLOCKS = ['performance.now', 'Date.now', 'process.hrtime', 'process.hrtime.bigint'];

/** `a.b.c` of a chain of members; empty where it is none. */
function nameOf(node: Node): string {
  if (node.type === 'Identifier') return String(node.name);
  if (node.type !== 'MemberExpression' || node.computed) return '';
  const owner = nameOf(node.object as Node);
  return owner && `${owner}.${(node.property as Node).name}`;
}

const calledName = (node: unknown): string =>
  (node as Node | null)?.type === 'CallExpression' ? nameOf((node as Node).callee as Node) : '';

/** What resolves a promise by a timer and nothing else. */
function sleepsIn({ text, nodes }: ParsedSource): Node[] {
  return nodes.filter((node) => {
    if (node.type !== 'NewExpression' || nameOf(node.callee as Node) !== 'Promise') return false;
    const [executor] = node.arguments as Node[];
    const params = executor?.params as Node[] | { items?: Node[] } | undefined;
    const [resolve] = (Array.isArray(params) ? params : params?.items) ?? [];
    const name = String(((resolve?.pattern as Node | undefined) ?? resolve)?.name ?? ' ');
    return new RegExp(`setTimeout\\(\\s*(\\(\\)\\s*=>\\s*(void )?)?${name}\\b`).test(text.slice(node.start, node.end));
  });
}

/** How long something took by the clock on the wall, or the beginning of such a measure. */
function measuresIn({ nodes }: ParsedSource): Node[] {
  const begins = new Set(
    nodes
      .filter(({ type, init }) => type === 'VariableDeclarator' && calledName(init) === 'Date.now')
      .map(({ id }) => String((id as Node).name)),
  );
  const isBegin = (node: Node): boolean => node.type === 'Identifier' && begins.has(String(node.name));
  return nodes.filter((node) => {
    if (CLOCKS.includes(calledName(node)) && calledName(node) !== 'Date.now') return true;
    if (node.type !== 'BinaryExpression' || node.operator !== '-') return false;
    return calledName(node.left) === 'Date.now' && isBegin(node.right as Node);
  });
}

function problemsIn(source: ParsedSource): string[] {
  const { path, text, nodes, imports } = source;
  const at = (nodesFound: { start: number }[], what: string): string[] =>
    nodesFound.map(({ start }) => `${path}:${lineOf(text, start)} ${what}`);
  const calls = (name: string): Node[] => nodes.filter((node) => calledName(node) === name);
  const timers = imports.filter(({ from }) => from.endsWith('timers/promises'));
  const lasting = [...text.matchAll(/^import \{[^}]*\blasts\b[^}]*\} from/gm)].map(({ index: start }) => ({ start }));
  const moments = [...text.matchAll(/^import \{[^}]*\bmomentsWithin\b[^}]*\} from/gm)].map(({ index: start }) => ({
    start,
  }));
  const waits = nodes.filter((node) => /\.waitForTimeout$/.test(calledName(node)));
  return [
    ...(SLEEPERS.test(path) ? [] : at([...timers, ...sleepsIn(source), ...calls('systemClock.sleep')], 'sleeps')),
    ...(CAMPAIGNS.test(path) ? [] : at(lasting, 'makes something last')),
    ...(KILLERS.test(path) ? [] : at(moments, 'waits for some moment')),
    ...(CAMPAIGNS.test(path) ? [] : at(measuresIn(source), 'measures time by the clock on the wall')),
    ...at(waits, 'sleeps in the browser'),
    ...at(calls('Math.random'), 'chooses by chance, and nobody can do it again'),
    ...at(calls('t.pass'), 'asserts nothing'),
  ];
}

t.test('no test sleeps, measures time by the clock on the wall, passes by words or chooses unrepeatably', async (t) => {
  t.same(filesBelow(['test'], /\.ts$/).map(parseSource).flatMap(problemsIn), []);
});

t.test('the rule itself sees a breach', async (t) => {
  const breaches = (text: string, path = 'test/unit/x.test.ts'): number => problemsIn(parseText(path, text)).length;
  for (const text of [
    'await new Promise((resolve) => setTimeout(resolve, 50));',
    'await new Promise<void>((done) => { setTimeout(() => done(), 50); });',
    "import { setTimeout as pause } from 'node:timers/promises';",
    "import { lasts } from '../support/time/lasting.ts';",
    "import { momentsWithin } from '../support/time/lasting.ts';",
    'await systemClock.sleep(50);',
    'await page.waitForTimeout(50);',
    'const beganMs = Date.now(); t.ok(Date.now() - beganMs < 500);',
    't.ok(performance.now() > 0);',
    'process.hrtime.bigint();',
    'const kill = Math.random() * 300;',
    "t.pass('it did not throw');",
  ]) {
    t.equal(breaches(text), 1, text);
  }
  t.equal(breaches('const hourAgo = new Date(Date.now() - 3_600_000); await clock.sleep(5);'), 0);
  t.equal(breaches('const name = "Math.random()"; await new Promise((resolve) => setImmediate(resolve));'), 0);
  t.equal(breaches("import { lasts } from './lasting.ts';", 'test/support/x.ts'), 0);
  t.equal(breaches("import { momentsWithin } from '../support/time/lasting.ts';", 'test/acceptance/x.test.ts'), 0);
  t.equal(breaches("import { setTimeout } from 'node:timers/promises';", 'test/support/x.ts'), 1);
});
