import t from 'tap';
import { filesBelow, lineOf, type Node, type ParsedSource, parseSource, parseText } from '../../support/source-tree.ts';

const OBJECTS = new Set(['ObjectExpression']);
const LITERALS = new Set(['ObjectExpression', 'ArrayExpression']);
/** Not the file itself: what stands there has a name for its readers. */
const BLOCKS = new Set(['BlockStatement', 'FunctionBody']);
/** Further apart, a name says what its parts are. */
const NEAR_STATEMENTS = 3;

const isWithin = (inner: Node, outer: Node): boolean => inner.start >= outer.start && inner.end <= outer.end;

/** The literal, without what is said of its type. */
function bare(node: Node | null): Node | null {
  return node?.type === 'TSAsExpression' || node?.type === 'TSSatisfiesExpression' ? (node.expression as Node) : node;
}

/** Spreads of a literal that stands in the spread itself: `...{ a, b }`, `...[a, b]`. */
function inPlace(nodes: readonly Node[], literals: ReadonlySet<string>): Node[] {
  return nodes.filter(({ type, argument }) => type === 'SpreadElement' && literals.has((argument as Node).type));
}

/** Fields with a name, on one line, whose only use is one spread in the next statements: the same, a line apart. */
function inPassing({ text, nodes }: ParsedSource): Node[] {
  const labels = new Set(nodes.map(labelOf));
  const names = nodes.filter((node) => node.type === 'Identifier' && !labels.has(node));
  const spreads = new Set(nodes.filter(({ type }) => type === 'SpreadElement').map(({ argument }) => argument as Node));
  const spreadSoon = (declared: Node, after: Node[]): boolean => {
    const uses = names.filter(
      (one) => one.name === declared.name && one !== declared && after.some((each) => isWithin(one, each)),
    );
    const [use] = uses;
    return (
      use !== undefined &&
      uses.length === 1 &&
      spreads.has(use) &&
      after.slice(0, NEAR_STATEMENTS).some((each) => isWithin(use, each))
    );
  };
  return nodes
    .filter(({ type }) => BLOCKS.has(type))
    .flatMap(({ body }) => (body as Node[]).map((statement, at, all) => ({ statement, after: all.slice(at + 1) })))
    .filter(({ statement: { type, kind } }) => type === 'VariableDeclaration' && kind === 'const')
    .flatMap(({ statement, after }) => (statement.declarations as Node[]).map((each) => ({ each, after })))
    .filter(({ each: { id, init }, after }) => {
      const literal = bare(init as Node | null);
      const isLine = literal !== null && lineOf(text, literal.start) === lineOf(text, literal.end);
      return isLine && literal.type === 'ObjectExpression' && spreadSoon(id as Node, after);
    })
    .map(({ each }) => each);
}

/** Names that only say which part of an object is meant. */
function labelOf(node: Node): Node | null {
  if (node.computed === true || node.shorthand === true) return null;
  if (node.type === 'MemberExpression') return node.property as Node;
  return node.type === 'Property' || node.type === 'TSPropertySignature' ? (node.key as Node) : null;
}

function packed(source: ParsedSource): string[] {
  const { path, text, nodes } = source;
  // Elsewhere lists are tables of samples and command lines, which no budget shaped.
  const isOfGateway = /^(src|web)\//.test(path);
  const found = isOfGateway ? [...inPlace(nodes, LITERALS), ...inPassing(source)] : inPlace(nodes, OBJECTS);
  return found.map(({ start }) => `${path}:${lineOf(text, start)} packs parts into a spread`);
}

t.test('a budget is met by splitting, not by packing parts into a spread', async (t) => {
  const sources = filesBelow(['src', 'test', 'bench', 'simulators', 'web'], /\.(ts|tsx)$/).map(parseSource);
  t.same(sources.flatMap(packed), []);
});

t.test('the rule sees a breach', async (t) => {
  const breaches = [
    'f({ a, ...{ b, c } });',
    'f([a, ...[b, c]]);',
    'f(a, ...[b, c]);',
    'function f() { const more = { b, c }; return { a, ...more }; }',
    'function f() { const more = { b, c } as const; log(); return g(() => ({ a, ...more })); }',
  ];
  for (const text of breaches) t.equal(packed(parseText('src/x.ts', text)).length, 1, text);
  const good = [
    'f({ a, b, c });',
    'function f() { const more = { b, c }; log(more); return { a, ...more }; }',
    'function f() { const more = g(); return { a, ...more }; }',
    'function f() { const more = { b, c }; return [{ a: 1, ...more }, { a: 2, ...more }]; }',
    'function f() { const command = [b, c]; return [a, ...command]; }',
    'function f() { const more = {\n b,\n c };\n return { a, ...more }; }',
    'function f({ more }) { return { a, ...more }; }',
  ];
  for (const text of good) t.same(packed(parseText('src/x.ts', text)), [], text);
});
