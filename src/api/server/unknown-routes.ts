import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { CitywatchError } from '../../core/errors.ts';

declare module 'fastify' {
  interface FastifyInstance {
    /** The methods that the path of a URL takes, sorted; none where nothing is served there. */
    methodsOf(url: string): string[];
  }
}

/** Answers what no route takes: a known path with another method by 405 and what it does take, the rest by 404. */
export function answerUnknownRoutes(app: FastifyInstance): void {
  app.decorate('methodsOf', collectMethods(app));
  // Before the body is read: its type and size are nobody's business where nobody takes it.
  app.addHook('preParsing', async (request, reply) => {
    if (request.is404) throw refusalOf(request, reply);
  });
  app.setNotFoundHandler(async (request, reply) => {
    throw refusalOf(request, reply);
  });
}

function refusalOf(request: FastifyRequest, reply: FastifyReply): CitywatchError {
  const allowed = request.server.methodsOf(request.url);
  if (allowed.length === 0 || allowed.includes(request.method)) return new CitywatchError('not-found');
  reply.header('allow', allowed.join(', '));
  return new CitywatchError('request.method');
}

/** Remembers every route that is served. */
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
