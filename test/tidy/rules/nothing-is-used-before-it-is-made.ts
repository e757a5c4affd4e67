import t from 'tap';
import { filesBelow, lineOf, type Node, parseSource, parseText } from '../../support/source-tree.ts';

/** Names that only say which part of an object is meant. */
function labelOf(node: Node): Node | null {
  if (node.computed === true || node.shorthand === true) return null;
  if (node.type === 'MemberExpression') return node.property as Node;
  return node.type === 'Property' || node.type === 'TSPropertySignature' ? (node.key as Node) : null;
}

type Stretch = Pick<Node, 'start' | 'end'>;

function isWithin(inner: Stretch, outer: Stretch): boolean {
  return inner.start >= outer.start && inner.end <= outer.end;
}

/**
 * Names in a function that stand before the statement that makes them: a part that is handed on before it is there,
 * which works only as long as nobody asks for it at once.
 */
function usedBefore(nodes: readonly Node[]): { name: string; start: number }[] {
  const labels = new Set(nodes.map(labelOf));
  const names = nodes.filter((node) => node.type === 'Identifier' && !labels.has(node));
  const functions = nodes.filter(({ params }) => Array.isArray(params));
  const isOwn = (name: Node, block: Node): boolean =>
    functions.some((one) => isWithin(one, block) && isWithin(name, one) && bindsAny(one.params as Node[], name));
  const bindsAny = (params: Node[], { name }: Node): boolean =>
    names.some((one) => one.name === name && params.some((param) => isWithin(one, param)));
  return nodes
    .filter(({ type }) => type === 'BlockStatement' || type === 'FunctionBody')
    .flatMap((block) => (block.body as Node[]).map((statement) => ({ block, statement })))
    .filter(({ statement }) => statement.type === 'VariableDeclaration')
    .flatMap(({ block, statement }) => {
      const targets = (statement.declarations as Node[]).map(({ id }) => id as Node);
      const bound = new Set(names.filter((one) => targets.some((id) => isWithin(one, id))).map(({ name }) => name));
      const before = { start: block.start, end: statement.start };
      return names.filter((one) => bound.has(one.name) && isWithin(one, before) && !isOwn(one, block));
    })
    .map(({ name, start }) => ({ name: String(name), start }));
}

t.test('compose hands on nothing that is made only later', async (t) => {
  const problems = filesBelow(['src/app/compose'], /\.ts$/)
    .map(parseSource)
    .flatMap(({ path, text, nodes }) =>
      usedBefore(nodes).map(({ name, start }) => `${path}:${lineOf(text, start)} uses ${name} before it is made`),
    );
  t.same(problems, []);
});

t.test('the rule sees a breach', async (t) => {
  const late = 'function f() { const a = make({ ask: () => later.kept }); const later = make(a); return later; }';
  t.match(usedBefore(parseText('x.ts', late).nodes), [{ name: 'later' }]);
  const early =
    'function f() { const first = make(); const a = make((later) => first.later(later)); const later = a; }';
  t.same(usedBefore(parseText('x.ts', early).nodes), []);
});
