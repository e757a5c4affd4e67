import { Validator } from '@seriousme/openapi-schema-validator';
import t from 'tap';
import { ERRORS } from '../../../src/core/errors.ts';
import { startApi } from '../../support/api/api.ts';

interface Operation {
  operationId?: string;
  summary?: string;
  tags?: string[];
  security?: Record<string, string[]>[];
  requestBody?: unknown;
  parameters?: { name: string; in: string; required?: boolean }[];
  responses: Record<string, { description?: string; content?: Record<string, { schema: object }> }>;
}

interface Document {
  openapi: string;
  info: { title: string; version: string };
  paths: Record<string, Record<string, Operation>>;
  servers: { url: string }[];
  webhooks: Record<string, { post: { requestBody: { content: Record<string, { schema: { $ref: string } }> } } }>;
  components: {
    schemas: Record<string, { properties?: Record<string, { enum?: string[] }> }>;
    securitySchemes: Record<string, object>;
  };
}

/** Served, but no part of the API: the document itself, the page that shows it, and the page of the queues. */
const UNDESCRIBED = /^\/(api\/(docs|openapi\.json)|queues)/;
const METHODS = ['get', 'post', 'patch', 'delete', 'put'];

const { app, call } = await startApi(t);
const { text, body } = await call({ method: 'GET', url: '/api/openapi.json' });
const document = body as Document;

t.test('the document is OpenAPI 3.1 and describes every route', async (t) => {
  t.match(document.openapi, /^3\.1\.\d$/);
  t.match(document.info, { title: 'citywatch', version: '0.0.0-test' });
  const described = Object.entries(document.paths).flatMap(([path, item]) =>
    Object.keys(item).map((method) => `${method.toUpperCase()} ${path}`),
  );
  const served = app.declaredRoutes
    .filter(({ method, url }) => method !== 'HEAD' && !UNDESCRIBED.test(url))
    .map(({ method, url }) => `${method} ${url.replace(/:(\w+)/g, '{$1}')}`);
  t.same(described.sort(), served.sort());
});

t.test('every operation is whole', async (t) => {
  for (const [path, item] of Object.entries(document.paths)) {
    for (const [method, operation] of Object.entries(item)) {
      const name = `${method} ${path}`;
      t.ok(METHODS.includes(method), name);
      t.ok(operation.summary && operation.tags?.length === 1, `${name}: summary and tag`);
      const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, parameter]) => parameter);
      const named = (operation.parameters ?? []).filter((each) => each.in === 'path');
      t.same(named.map((each) => each.name).sort(), inPath.sort(), `${name}: path parameters`);
      for (const [status, response] of Object.entries(operation.responses)) {
        t.match(status, /^[1-5]\d\d$/, `${name}: status`);
        t.ok(response.description, `${name}: ${status} is described`);
        if (Number(status) < 400 || status === '503') continue;
        t.same(Object.keys(response.content ?? {}), ['application/problem+json'], `${name}: ${status} is a problem`);
      }
      const declared = app.declaredRoutes.find((one) => {
        return one.url === path.replace(/\{(\w+)\}/g, ':$1') && one.method === method.toUpperCase();
      });
      const open = operation.security?.length === 0 || operation.tags?.includes('broker');
      t.equal(open, declared?.public === true, `${name}: says how to get in`);
      for (const scheme of (operation.security ?? []).flatMap((way) => Object.keys(way))) {
        t.ok(document.components.securitySchemes[scheme], `${name}: ${scheme}`);
      }
      if (['patch', 'delete'].includes(method) && !path.startsWith('/api/v1/session')) {
        const match = operation.parameters?.find((each) => each.name === 'if-match');
        t.equal(match?.required, true, `${name}: asks for If-Match`);
      }
    }
  }
});

t.test('every reference leads somewhere, and every error code is listed', async (t) => {
  const { schemas } = document.components;
  for (const [, name = ''] of text.matchAll(/"\$ref":"#\/components\/schemas\/([^"]+)"/g)) t.ok(schemas[name], name);
  t.strictSame(
    Object.keys(schemas).filter((name) => !text.includes(`"#/components/schemas/${name}"`)),
    [],
  );
  t.notMatch(text, /__SCHEMA__|"\$ref":"(?!#\/components\/schemas\/)/);
  t.same(schemas.Problem?.properties?.code?.enum, Object.keys(ERRORS));
  for (const [, code = ''] of text.matchAll(/`([a-z]+(?:[.-][a-z-]+)+)`: /g)) t.ok(code in ERRORS, code);
});

t.test('a validator of OpenAPI 3.1 finds no fault', async (t) => {
  const validator = new Validator();
  t.same(await validator.validate(document as never), { valid: true });
  t.equal(validator.version, '3.1');
  t.same(
    document.servers.map(({ url }) => url),
    ['/'],
  );
});

t.test('code can be made from it: each operation has one name of its own', async (t) => {
  const { paths } = document;
  const names = Object.values(paths).flatMap((item) => Object.values(item).map((each) => each.operationId ?? 'none'));
  for (const name of names) t.match(name, /^[a-z]+([A-Z0-9][a-z0-9]*)+$/);
  t.equal(new Set(names).size, names.length);
  t.equal(paths['/api/v1/devices/{id}']?.get?.operationId, 'getDevice');
  t.equal(paths['/api/v1/devices/{id}/credentials/rotate']?.post?.operationId, 'postDeviceCredentialsRotate');
  t.equal(paths['/api/v1/streams/{id}/{part}']?.get?.operationId, 'getStreamPart');
});

/** What Java, Go and Python read alike: no classes by property, no look-around, no names, no references back. */
const NOT_EVERYWHERE = /\\[^dwsDWS.\\()[\]{}+*?|^$-]|\(\?(?!:)/;

t.test('every pattern is read alike by other languages', async (t) => {
  for (const foreign of ['\\p{Cc}', '(?<=a)b', '(?!a)', '(?<year>a)', '\\u2028', '\\/', '(a)\\1']) {
    t.match(foreign, NOT_EVERYWHERE);
  }
  const patterns = new Set<string>();
  JSON.stringify(document, (key, value) => {
    if (key === 'pattern' && typeof value === 'string') patterns.add(value);
    return value;
  });
  t.ok(patterns.size > 5);
  for (const pattern of patterns) t.notMatch(pattern, NOT_EVERYWHERE);
});

t.test('what the server sends by itself is described: events of the stream, webhooks', async (t) => {
  const stream = document.paths['/api/v1/alerts/stream']?.get?.responses['200']?.content;
  t.same(stream?.['text/event-stream']?.schema, { $ref: '#/components/schemas/AlertStreamEvent' });
  const { schema } = document.webhooks.alert!.post.requestBody.content['application/json']!;
  t.equal(schema.$ref, '#/components/schemas/AlertWebhook');
  t.ok(document.components.schemas.AlertWebhook?.properties?.type?.enum?.includes('alert.opened'));
});

t.test('the page works without the internet', async (t) => {
  const page = await call({ method: 'GET', url: '/api/docs/' });
  t.equal(page.status, 200);
  const links = [...page.text.matchAll(/(?:href|src)="([^"]+)"/g)].map(([, link = '']) => link);
  t.ok(links.length > 3);
  for (const link of links) {
    const { pathname, host } = new URL(link, 'http://here/api/docs/');
    t.equal(host, 'here', link);
    t.equal((await call({ method: 'GET', url: pathname })).status, 200, link);
  }
  t.notMatch(page.text, /<script>|onload=/);
  const policy = String(page.headers['content-security-policy']);
  t.match(policy, /default-src 'none'; script-src 'self'/);
  t.notMatch(policy, /https:|upgrade-insecure/);
  const { body: shown } = await call({ method: 'GET', url: '/api/docs/json' });
  t.equal((shown as Document).info.title, 'citywatch');
});
