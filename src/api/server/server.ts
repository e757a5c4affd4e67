import { randomUUID } from 'node:crypto';
import type { Socket } from 'node:net';
import helmet from '@fastify/helmet';
import rateLimit from '@fastify/rate-limit';
import websocket from '@fastify/websocket';
import Fastify, {
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  type FastifyServerOptions,
} from 'fastify';
import { serializerCompiler } from 'fastify-type-provider-zod';
import { PageCursors } from '../cursors.ts';
import type { ApiDeps, TlsFiles } from '../deps.ts';
import { authenticate, refuseUnknownQueries, requireDeclaredRights } from '../guards/auth.ts';
import { honourIdempotencyKeys } from '../guards/idempotency.ts';
import { Shares } from '../guards/shares.ts';
import { endWithdrawnAnswers, refuseWithdrawnAnswers } from '../guards/withdrawal.ts';
import { describeApi, openDocs } from '../openapi/openapi.ts';
import { ROOT_ROUTES, V1_ROUTES } from '../routes/index.ts';
import type { ApiApp } from '../routes/route.ts';
import { parseJsonBodies } from './bodies.ts';
import { watchConnections } from './connections.ts';
import { serveConsole } from './console.ts';
import { answerErrors } from './errors.ts';
import { cutSlowStreams, overTls } from './http2.ts';
import { BODY_BYTES_MAX, createRateLimits, heavyShares, limitWorkAtOnce, TIMEOUTS } from './limits.ts';
import { answerBrokenRequest, sendProblem, toCitywatchError } from './problems.ts';
import { logRequests } from './request-log.ts';
import { refuseEditsWithoutRoom } from './room.ts';
import { answerUnknownRoutes } from './unknown-routes.ts';
import { validatorCompiler } from './validation.ts';

export { listen, reloadTls } from './listen.ts';

const PARAM_LENGTH_MAX = 128;
/** A message of a page to us; video goes the other way. */
const ORDER_BYTES_MAX = 4_096;

/** Builds the API, ready for `listen` and for `inject`; opens no port. Stop it with `close()`. */
export async function buildServer(deps: ApiDeps): Promise<FastifyInstance> {
  const { limits } = deps.settings;
  const app = create(deps.settings.tls);
  if (deps.settings.tls) cutSlowStreams(app, deps.clock);
  watchConnections(app, limits, deps.observer.metrics);
  // Hooks on routes see only what is registered after them, so these come first.
  answerErrors(app, deps.observer);
  answerUnknownRoutes(app);
  openDocs(app);
  requireDeclaredRights(app);
  refuseUnknownQueries(app);
  await app.register(helmet, {
    contentSecurityPolicy: { useDefaults: false, directives: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] } },
    strictTransportSecurity: deps.settings.tls !== undefined,
  });
  await app.register(rateLimit, { global: false });
  await app.register(websocket, { options: { maxPayload: ORDER_BYTES_MAX, perMessageDeflate: false } });
  parseJsonBodies(app);
  logRequests(app, deps.observer);
  const stopping = nameAnswers(app);
  const rates = createRateLimits(app, limits);
  authenticate(app, deps, rates);
  endWithdrawnAnswers(app, deps);
  refuseWithdrawnAnswers(app, deps);
  limitWorkAtOnce(app, limits);
  refuseEditsWithoutRoom(app, deps.room);
  honourIdempotencyKeys(app, deps);
  await describeApi(app, deps.settings.version);

  const cursors = new PageCursors(deps.settings.cursorKey);
  const context = { ...deps, cursors, heavy: new Shares(heavyShares(limits)), rates, stopping };
  for (const part of ROOT_ROUTES) await app.register(async (child) => part(child as unknown as ApiApp, context));
  for (const part of V1_ROUTES) {
    await app.register(async (child) => part(child as unknown as ApiApp, context), { prefix: '/api/v1' });
  }
  if (deps.pages) serveConsole(app, deps.pages);
  await app.ready();
  return app;
}

/**
 * Gives every answer its id, and while stopping tells each client not to use its connection again. The signal is
 * aborted when stopping begins.
 */
function nameAnswers(app: FastifyInstance): AbortSignal {
  const stopping = new AbortController();
  app.addHook('preClose', async () => stopping.abort());
  app.addHook('onRequest', async (request, reply) => {
    reply.header('x-request-id', request.id);
  });
  app.addHook('onSend', async (request, reply, payload) => {
    // HTTP/2 has no such header; its server says by itself that it goes.
    if (stopping.signal.aborted && request.raw.httpVersionMajor < 2) reply.header('connection', 'close');
    return payload;
  });
  return stopping.signal;
}

function create(tls: TlsFiles | undefined): FastifyInstance {
  const node = { connectionsCheckingInterval: TIMEOUTS.checkMs, headersTimeout: TIMEOUTS.headersMs };
  const options: FastifyServerOptions = {
    logger: false,
    trustProxy: false,
    genReqId: () => randomUUID(),
    requestTimeout: TIMEOUTS.requestMs,
    connectionTimeout: TIMEOUTS.idleMs,
    keepAliveTimeout: TIMEOUTS.keepAliveMs,
    handlerTimeout: TIMEOUTS.handlerMs,
    bodyLimit: BODY_BYTES_MAX,
    // While stopping, a request that already has its connection is served and told that it was the last.
    return503OnClosing: false,
    // zod checks and writes here. To have none but that keeps Fastify from loading what is for JSON schemas.
    schemaController: { compilersFactory: { buildValidator: notForJsonSchemas, buildSerializer: notForJsonSchemas } },
    routerOptions: { maxParamLength: PARAM_LENGTH_MAX },
    clientErrorHandler: (error, socket) => answerBrokenRequest(error, socket as Socket, (url) => app.methodsOf(url)),
    frameworkErrors: (error, request, reply) => {
      sendProblem(reply as unknown as FastifyReply, request as unknown as FastifyRequest, toCitywatchError(error));
    },
  };
  const made = tls
    ? Fastify({ ...options, ...overTls(tls, node) } as unknown as FastifyServerOptions)
    : Fastify({ ...options, forceCloseConnections: 'idle', http: node });
  const app = made as unknown as FastifyInstance;
  return app.setValidatorCompiler(validatorCompiler).setSerializerCompiler(serializerCompiler);
}

function notForJsonSchemas(): never {
  throw new Error('a route has a schema that is not made with zod');
}
