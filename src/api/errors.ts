import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { CitywatchError } from '../core/errors.ts';
import type { Observer } from '../core/observe.ts';
import { sendProblem, toCitywatchError } from './problems.ts';

/** Makes every error a problem document. The text of an unexpected one goes to the log and never to the client. */
export function answerErrors(app: FastifyInstance, observer: Observer): void {
  const log = observer.log.child({ part: 'api' });
  app.setErrorHandler((thrown, request, reply) => {
    const error = errorOf(thrown, request);
    if (error.status >= 500) log.error({ requestId: request.id, code: error.code, err: thrown }, 'request failed');
    return sendProblem(reply, request, error);
  });
  const methodsOf = collectMethods(app);
  app.setNotFoundHandler((request: FastifyRequest, reply: FastifyReply) => {
    const allowed = methodsOf(request.url);
    if (allowed.length === 0 || allowed.includes(request.method))
      return sendProblem(reply, request, new CitywatchError('not-found'));
    reply.header('allow', allowed.join(', '));
    return sendProblem(reply, request, new CitywatchError('request.method'));
  });
}

function errorOf(thrown: unknown, request: FastifyRequest): CitywatchError {
  if (isRefusedPath(thrown, request)) return new CitywatchError('not-found');
  const error = toCitywatchError(thrown);
  if (error === thrown || error.code !== 'request.too-large') return error;
  return new CitywatchError(error.code, { detail: `A body has at most ${request.routeOptions.bodyLimit} bytes here.` });
}

/** A path that a file server refuses (it climbs, it holds a NUL) names nothing that can exist. */
function isRefusedPath(thrown: unknown, request: FastifyRequest): boolean {
  const { statusCode = 500 } = (thrown ?? {}) as { statusCode?: number };
  return request.routeOptions.config.files === true && statusCode < 500;
}

/** Remembers every route, so that a known path with another method can answer 405 with what it does take. */
function collectMethods(app: FastifyInstance): (url: string) => string[] {
  const routes = new Map<string, { pattern: RegExp; methods: Set<string> }>();
  app.addHook('onRoute', ({ url, method }) => {
    const route = routes.get(url) ?? { pattern: patternOf(url), methods: new Set() };
    for (const each of [method].flat()) route.methods.add(each);
    routes.set(url, route);
  });
  return (url) => {
    const path = url.split('?', 1)[0] ?? '';
    const matching = [...routes.values()].filter(({ pattern }) => pattern.test(path));
    return [...new Set(matching.flatMap(({ methods }) => [...methods]))].sort();
  };
}

function patternOf(url: string): RegExp {
  const parts = url.split('/').map((part) => {
    if (part.startsWith(':')) return '[^/]+';
    return part.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replace('*', '.*');
  });
  return new RegExp(`^${parts.join('/')}$`);
}
