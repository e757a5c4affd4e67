import { createHash } from 'node:crypto';

/** What the console asks the API for: the part of the document that its types are made of. */
export const OPERATIONS = {
  '/api/v1/session': ['get', 'post', 'delete'],
  '/api/v1/overview': ['get'],
  '/api/v1/kinds': ['get'],
  '/api/v1/jurisdictions': ['get'],
  '/api/v1/rules': ['get'],
  '/api/v1/devices': ['get'],
  '/api/v1/devices/{id}': ['get'],
  '/api/v1/devices/{id}/history': ['get'],
  '/api/v1/alerts': ['get'],
  '/api/v1/alerts/{id}': ['get'],
  '/api/v1/alerts/{id}/history': ['get'],
  '/api/v1/alerts/{id}/near': ['get'],
  '/api/v1/alerts/{id}/rule': ['get'],
  '/api/v1/alerts/{id}/ack': ['post'],
  '/api/v1/alerts/{id}/assign': ['post'],
  '/api/v1/alerts/{id}/comment': ['post'],
  '/api/v1/alerts/{id}/dispatch': ['post'],
  '/api/v1/alerts/{id}/arrive': ['post'],
  '/api/v1/alerts/{id}/feedback': ['post'],
  '/api/v1/alerts/{id}/shelve': ['post'],
  '/api/v1/alerts/{id}/unshelve': ['post'],
  '/api/v1/alerts/{id}/close': ['post'],
  '/api/v1/alerts/{id}/reopen': ['post'],
  '/api/v1/alerts/{id}/bundle': ['post'],
  '/api/v1/recording-exports': ['get'],
  '/api/v1/recording-exports/{id}': ['get'],
  '/api/v1/incidents': ['get', 'post'],
  '/api/v1/incidents/{id}/merge': ['post'],
  '/api/v1/incidents/{id}/split': ['post'],
  '/api/v1/silences': ['post'],
  '/api/v1/silences/preview': ['post'],
};

/** Words for people, which change no type. */
const WORDS = new Set(['description', 'summary', 'example', 'examples', 'tags', 'operationId', 'security']);
const SCHEMAS = '#/components/schemas/';

/** The operations above with their good answers and the schemas they refer to, without words for people. */
export function partOf(document) {
  const paths = {};
  for (const [path, methods] of Object.entries(OPERATIONS)) {
    paths[path] = {};
    for (const method of methods)
      paths[path][method] = operationOf(document.paths[path]?.[method], `${method} ${path}`);
  }
  const schemas = {};
  collect(paths, document.components.schemas, schemas);
  const sorted = Object.fromEntries(Object.entries(schemas).sort(([a], [b]) => (a < b ? -1 : 1)));
  return withoutWords({
    openapi: document.openapi,
    info: { title: 'citywatch', version: '1' },
    paths,
    components: { schemas: sorted },
  });
}

/** The first lines of the made file: what it was made of, and what it says. */
export function headOf(part, types) {
  return [
    '// Made by `npm run types --prefix scripts/api-types`; not to be edited.',
    `// Document ${hash(JSON.stringify(part))}`,
    `// Types ${hash(types)}`,
    '',
    '',
  ].join('\n');
}

function hash(text) {
  return createHash('sha256').update(text).digest('hex');
}

function operationOf(operation, name) {
  if (!operation) throw new Error(`The document has no ${name}; take it out of OPERATIONS.`);
  const { parameters, requestBody, responses } = operation;
  const good = Object.entries(responses).filter(([status]) => status.startsWith('2'));
  return {
    ...(parameters && { parameters }),
    ...(requestBody && { requestBody }),
    responses: Object.fromEntries(good),
  };
}

function collect(node, from, into) {
  if (typeof node !== 'object' || node === null) return;
  const name = typeof node.$ref === 'string' && node.$ref.startsWith(SCHEMAS) ? node.$ref.slice(SCHEMAS.length) : null;
  if (name !== null && !(name in into)) {
    into[name] = from[name];
    collect(from[name], from, into);
  }
  for (const each of Object.values(node)) collect(each, from, into);
}

/** Names of properties stay, whatever they are. */
function withoutWords(node, isNames = false) {
  if (Array.isArray(node)) return node.map((each) => withoutWords(each));
  if (typeof node !== 'object' || node === null) return node;
  const kept = Object.entries(node).filter(([key]) => isNames || !WORDS.has(key));
  return Object.fromEntries(
    kept.map(([key, value]) => [
      key,
      key === 'required' || key === 'enum' ? value : withoutWords(value, !isNames && NAMES.has(key)),
    ]),
  );
}

const NAMES = new Set(['properties', 'schemas', 'paths', 'responses', 'content']);
