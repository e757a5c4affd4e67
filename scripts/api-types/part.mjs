import { createHash } from 'node:crypto';

/** What the console asks the API for: the part of the document that its types are made of. */
export const OPERATIONS = {
  '/api/v1/session': ['get', 'post', 'delete'],
  '/api/v1/overview': ['get'],
  '/api/v1/kinds': ['get'],
  '/api/v1/jurisdictions': ['get'],
  '/api/v1/rules': ['get'],
  '/api/v1/devices': ['get', 'post'],
  '/api/v1/device-facets': ['get'],
  '/api/v1/devices/{id}': ['get'],
  '/api/v1/devices/{id}/history': ['get'],
  '/api/v1/devices/{id}/latest': ['get'],
  '/api/v1/devices/{id}/events': ['get'],
  '/api/v1/devices/{id}/health': ['get'],
  '/api/v1/devices/{id}/commands': ['get', 'post'],
  '/api/v1/devices/{id}/completeness': ['get'],
  '/api/v1/devices/{id}/units': ['get', 'post'],
  '/api/v1/devices/{id}/swap': ['post'],
  '/api/v1/devices/{id}/maintenance': ['get', 'post'],
  '/api/v1/devices/{id}/check': ['get', 'post'],
  '/api/v1/devices/{id}/credentials': ['get'],
  '/api/v1/devices/{id}/credentials/rotate': ['post'],
  '/api/v1/devices/check': ['post'],
  '/api/v1/devices/import': ['post'],
  '/api/v1/imports/{id}': ['get'],
  '/api/v1/imports/{id}/rows': ['get'],
  '/api/v1/imports/{id}/secrets': ['post'],
  '/api/v1/discoveries': ['get', 'post'],
  '/api/v1/discoveries/{id}': ['get'],
  '/api/v1/discoveries/{id}/found': ['get'],
  '/api/v1/dead-letters': ['get'],
  '/api/v1/orders': ['get'],
  '/api/v1/orders/{number}': ['get'],
  '/api/v1/orders/{number}/steps': ['post'],
  '/api/v1/units': ['get'],
  '/api/v1/audit': ['get'],
  '/api/v1/audit/verification': ['get', 'post'],
  '/api/v1/devices/{id}/ptz': ['get'],
  '/api/v1/devices/{id}/ptz/presets': ['get'],
  '/api/v1/streams/{id}/recordings': ['get'],
  '/api/v1/walls': ['get', 'post'],
  '/api/v1/walls/{id}': ['get', 'patch', 'delete'],
  '/api/v1/map/devices': ['get'],
  '/api/v1/map/moving': ['get'],
  '/api/v1/map/base': ['get'],
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
  '/api/v1/recording-exports': ['get', 'post'],
  '/api/v1/recording-exports/{id}': ['get'],
  '/api/v1/incidents': ['get', 'post'],
  '/api/v1/incidents/{id}/merge': ['post'],
  '/api/v1/incidents/{id}/split': ['post'],
  '/api/v1/silences': ['get', 'post'],
  '/api/v1/silences/preview': ['post'],
  '/api/v1/passages/search': ['post'],
  '/api/v1/watchlists': ['get', 'post'],
  '/api/v1/watchlists/{id}': ['get'],
  '/api/v1/watchlists/{id}/entries': ['get'],
  '/api/v1/watchlists/{id}/hits': ['get'],
  '/api/v1/alerts/{id}/hit': ['get'],
  '/api/v1/alerts/counts': ['get'],
  '/api/v1/duty': ['get'],
  '/api/v1/duty/people': ['get'],
  '/api/v1/duty/hand-overs': ['get'],
  '/api/v1/duty/hand-overs/{id}': ['get'],
  '/api/v1/reports/alert-times': ['get'],
  '/api/v1/reports/rule-precision': ['get'],
  '/api/v1/reports/recording': ['get'],
  '/api/v1/users': ['get', 'post'],
  '/api/v1/users/{id}': ['patch'],
  '/api/v1/users/codes': ['post'],
  '/api/v1/users/names': ['get'],
  '/api/v1/tokens': ['get', 'post'],
  '/api/v1/displays': ['get', 'post'],
  '/api/v1/session/display': ['get', 'post'],
  '/api/v1/subscriptions': ['get', 'post'],
  '/api/v1/subscriptions/{id}/test': ['post'],
  '/api/v1/subscriptions/{id}/secret': ['post'],
  '/api/v1/subscriptions/{id}/dead-letters': ['get', 'post'],
  '/api/v1/event-sources': ['get', 'post'],
  '/api/v1/rules/versions': ['get'],
  '/api/v1/rules/text': ['get'],
  '/api/v1/rules/recordings': ['get'],
  '/api/v1/rules/dry-runs': ['get', 'post'],
  '/api/v1/rules/dry-runs/{id}': ['get'],
  '/api/v1/duty/shifts': ['get', 'post'],
  '/api/v1/dead-letters/groups': ['get'],
  '/api/v1/dead-letters/replay': ['post'],
  '/api/v1/kinds/dry-run': ['post'],
  '/api/v1/access-register': ['get'],
  '/api/v1/ledger': ['get'],
  '/api/v1/messages': ['get'],
  '/api/v1/recordings/disks': ['get', 'post'],
  '/api/v1/recordings/disks/{name}/check': ['post'],
};

/** Bodies whose forms are made from the document. */
export const FORMS = [
  'POST /users',
  'PATCH /users/{id}',
  'POST /users/codes',
  'POST /tokens',
  'POST /displays',
  'POST /subscriptions',
  'POST /event-sources',
  'POST /rules',
  'POST /silences',
  'POST /duty/shifts',
  'POST /kinds/dry-run',
  'POST /recordings/disks',
];

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

/** What each field of the forms may hold, as a browser can check it; the gateway checks all of it. */
export function bodiesOf(document) {
  return Object.fromEntries(
    FORMS.map((operation) => {
      const [method, path] = operation.split(' ');
      const { content } = document.paths[`/api/v1${path}`][method.toLowerCase()].requestBody;
      const { properties, required = [] } = content['application/json'].schema;
      const fields = Object.entries(properties).map(([name, schema]) => [
        name,
        { required: required.includes(name), ...limitsOf(schema) },
      ]);
      return [operation, Object.fromEntries(fields)];
    }),
  );
}

const LIMITS = ['type', 'enum', 'minLength', 'maxLength', 'minimum', 'maximum', 'format'];

function limitsOf(schema) {
  const { pattern, items } = schema;
  const limits = LIMITS.filter((name) => name in schema).map((name) => [name, schema[name]]);
  return {
    ...Object.fromEntries(limits),
    // Those of moments are longer than what a browser's own field for moments needs.
    ...(pattern !== undefined && schema.format === undefined && { pattern }),
    ...(items?.enum && { of: items.enum }),
  };
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
