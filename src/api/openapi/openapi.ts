import { STATUS_CODES } from 'node:http';
import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import type { FastifyContextConfig, FastifyInstance } from 'fastify';
import { createJsonSchemaTransform, jsonSchemaTransformObject } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { holdersOf } from '../../access/rights.ts';
import { ERRORS, type ErrorCode } from '../../core/errors.ts';
import { rightsOf } from '../guards/auth.ts';
import { problem } from '../schemas.ts';
import { PROBLEM_TYPE } from '../server/problems.ts';
import { operationIdOf } from './operation-id.ts';
import { SECURITY_SCHEMES, type Security, securityOf } from './security.ts';
import { WEBHOOKS } from './webhooks.ts';

const DOCS = '/api/docs';
const DOCUMENT = '/api/openapi.json';

/** Everything the page loads comes from this server; Swagger UI writes styles into its elements. */
const DOCS_CSP = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

type Route = {
  method: string | string[];
  config?: FastifyContextConfig;
};
type Transform = ReturnType<typeof createJsonSchemaTransform>;
type Schema = Record<string, unknown> & { response?: Record<string, unknown>; security?: Security };

/** Lets everybody read the documentation page; its routes are a library's and cannot declare it themselves. */
export function openDocs(app: FastifyInstance): void {
  app.addHook('onRoute', (route) => {
    if (route.url === DOCS || route.url.startsWith(`${DOCS}/`)) {
      route.config = { ...route.config, public: true, files: true };
    }
  });
}

/** Collects the routes that are registered after it, and serves their description and a page to read it. */
export async function describeApi(app: FastifyInstance, version: string): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'citywatch', version, description: 'Device gateway of a city.', license: { name: 'Apache-2.0' } },
      servers: [{ url: '/', description: 'The gateway that gave out this document' }],
      components: { securitySchemes: SECURITY_SCHEMES },
      webhooks: WEBHOOKS,
    },
    stripBasePath: false,
    transform: transformRoute,
    transformObject: transformDocument,
  });
  await app.register(swaggerUi, { routePrefix: DOCS, staticCSP: DOCS_CSP, uiConfig: { persistAuthorization: false } });
  app.get(DOCUMENT, { config: { public: true }, schema: { hide: true } }, () => app.swagger());
}

const transformZod: Transform = createJsonSchemaTransform({ skipList: [] });

/** Adds what follows from a route's declaration: who may use it, the headers it wants, the problems it can answer. */
const transformRoute: Transform = (document) => {
  const route = (document as unknown as { route: Route }).route;
  const own = document.schema as Schema | undefined;
  if (!own || own.hide) return transformZod(document);
  const response = describe({ ...own.response, ...problemsOf(route, own) });
  const { schema, url } = transformZod({ ...document, schema: { ...own, ...headersOf(route), response } });
  const rights = rightsOf(route.config);
  const holders = [...new Set(rights.flatMap(holdersOf))];
  const operationId = operationIdOf(String(route.method), document.url);
  const security = own.security ?? securityOf(String(route.method), holders);
  const forWhom = rights.length === 0 ? undefined : `Right: ${rights.join(' or ')}. For: ${holders.join(', ')}.`;
  const description = [own.description, forWhom].filter(Boolean).join(' ') || undefined;
  return { url, schema: { ...schema, operationId, description, security } as never };
};

/** Good answers go by the name of their status where they have no description. */
function describe(responses: Record<string, unknown>): Record<string, unknown> {
  const described = Object.entries(responses).map(([status, schema]) => {
    // The library leaves out the content of a schema of type null.
    if (!(schema instanceof z.ZodType) || status === '204') return [status, schema];
    const description = schema.description ?? STATUS_CODES[status] ?? 'Done';
    return [status, { description, content: { 'application/json': { schema } } }];
  });
  return Object.fromEntries(described);
}

function headersOf({ method, config }: Route): { headers?: z.ZodType } {
  if (config?.public || config?.asksOnly) return {};
  if (method === 'POST') {
    const key = z.string().max(255).optional().meta({ description: 'Makes the request happen once, for 24 h' });
    const isMatched = config?.errors?.includes('precondition.stale') ?? false;
    return { headers: z.object({ 'idempotency-key': key, ...(isMatched ? { 'if-match': MATCH.optional() } : {}) }) };
  }
  if (config?.unversioned || !['PATCH', 'DELETE'].includes(String(method))) return {};
  return { headers: z.object({ 'if-match': MATCH }) };
}

const MATCH = z.string().meta({ description: 'The ETag you read, or a list of such; not `*`' });

/** Leaves out the schemas that nothing refers to: each is offered as input and as output, and few are used as both. */
const transformDocument: typeof jsonSchemaTransformObject = (document) => {
  const whole = jsonSchemaTransformObject(document) as { components: { schemas: Record<string, unknown> } };
  const { schemas, ...parts } = whole.components;
  const used = new Set<string>();
  const visit = (part: unknown) => {
    for (const [, name = ''] of JSON.stringify(part).matchAll(/"#\/components\/schemas\/([^"]+)"/g)) {
      if (used.has(name)) continue;
      used.add(name);
      visit(schemas[name] ?? null);
    }
  };
  visit({ ...whole, components: parts });
  const kept = Object.entries(schemas).filter(([name]) => used.has(name));
  return { ...whole, components: { ...parts, schemas: Object.fromEntries(kept) } } as never;
};

/** One response per status, listing its codes. */
function problemsOf(route: Route, schema: Schema): Record<string, unknown> {
  const byStatus = new Map<number, ErrorCode[]>();
  for (const code of codesOf(route, schema)) {
    const { status } = ERRORS[code];
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  const entries = [...byStatus].map(([status, codes]) => [
    status,
    {
      description: codes.map((code) => `\`${code}\`: ${ERRORS[code].text}`).join('\n\n'),
      content: { [PROBLEM_TYPE]: { schema: problem } },
    },
  ]);
  return Object.fromEntries(entries);
}

function codesOf({ method, config }: Route, schema: Schema): ErrorCode[] {
  const writes = ['POST', 'PATCH'].includes(String(method));
  const versioned = !config?.unversioned && ['PATCH', 'DELETE'].includes(String(method));
  const codes: ErrorCode[] = ['request.rate', 'internal', 'store.unavailable'];
  if (!config?.public) codes.push('auth.required', 'auth.forbidden');
  if (schema.params) codes.push('not-found');
  if (schema.querystring || writes) codes.push('request.invalid');
  if (hasCursor(schema.querystring)) codes.push('request.cursor');
  if (writes) codes.push('request.malformed', 'request.too-large', 'request.media-type', 'request.too-slow');
  if (method === 'POST') codes.push('idempotency.mismatch', 'idempotency.running');
  if (versioned) codes.push('precondition.missing', 'precondition.stale');
  return [...codes, ...(config?.errors ?? [])];
}

function hasCursor(querystring: unknown): boolean {
  return 'cursor' in ((querystring as { shape?: object } | undefined)?.shape ?? {});
}
