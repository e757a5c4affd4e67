import t from 'tap';
import { filesBelow, lineOf, type Node, type ParsedSource, parseSource } from '../../support/source-tree.ts';

/** Budgets of design §3. They may only fall. */
const FILE_LINES_MAX = 300;
const FUNCTION_LINES_MAX = 60;
const PARAMETERS_MAX = 4;
const LINE_CHARS_MAX = 120;

const FUNCTIONS = new Set(['FunctionDeclaration', 'FunctionExpression', 'ArrowFunctionExpression']);

function functionProblems({ path, text, nodes }: ParsedSource): string[] {
  const problems: string[] = [];
  for (const node of nodes.filter(({ type }) => FUNCTIONS.has(type))) {
    const from = lineOf(text, node.start);
    const lines = lineOf(text, node.end) - from + 1;
    const count = parametersOf(node);
    if (lines > FUNCTION_LINES_MAX) problems.push(`${path}:${from} has ${lines} lines`);
    if (count > PARAMETERS_MAX) problems.push(`${path}:${from} takes ${count} parameters`);
  }
  return problems;
}

function parametersOf(node: Node): number {
  const params = node.params as Node[] | { items?: unknown[] } | undefined;
  if (Array.isArray(params)) return params.length;
  return params?.items?.length ?? 0;
}

function lineProblems({ path, text }: ParsedSource): string[] {
  const lines = text.split('\n');
  const problems = lines.flatMap((line, index) =>
    line.length > LINE_CHARS_MAX ? [`${path}:${index + 1} has ${line.length} characters`] : [],
  );
  const count = text.endsWith('\n') ? lines.length - 1 : lines.length;
  if (count > FILE_LINES_MAX) problems.push(`${path} has ${count} lines`);
  return problems;
}

const sources = filesBelow(['src', 'test', 'bench', 'simulators', 'web'], /\.(ts|tsx)$/).map(parseSource);

t.test('files, functions, parameter lists and lines stay within the budget', async (t) => {
  t.same(sources.flatMap(lineProblems), []);
  t.same(sources.flatMap(functionProblems), []);
});

t.test('no test is skipped or runs alone, nothing is marked as unfinished', async (t) => {
  const marks = /\b(TODO|FIXME|XXX)\b|\bt\.(skip|only|todo)\(|\b(skip|todo): *true/;
  const problems = sources
    .filter(({ path }) => path !== 'test/tidy/rules/budgets.ts')
    .flatMap(({ path, text }) =>
      text.split('\n').flatMap((line, index) => (marks.test(line) ? [`${path}:${index + 1} ${line.trim()}`] : [])),
    );
  t.same(problems, []);
});
