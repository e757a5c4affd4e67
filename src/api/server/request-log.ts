import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Counter, Histogram, type Observer } from '../../core/observe.ts';

const PATH_LENGTH_MAX = 160;
const SECONDS = [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25];

/**
 * One line and one count per answered request. Neither the query (it may hold a cursor or, by mistake, a secret) nor a
 * body is ever written; the logger escapes what a client put into the path.
 */
export function logRequests(app: FastifyInstance, observer: Observer): void {
  const log = observer.log.child({ part: 'api' });
  const requests = new Counter({
    name: 'citywatch_http_requests_total',
    help: 'Answered requests.',
    labelNames: ['method', 'route', 'status'] as const,
    registers: [observer.metrics],
  });
  const seconds = new Histogram({
    name: 'citywatch_http_request_seconds',
    help: 'From the first byte of a request to the last byte of its answer.',
    labelNames: ['route'] as const,
    buckets: SECONDS,
    registers: [observer.metrics],
  });
  app.addHook('onResponse', async (request, reply) => {
    const route = routeOf(request);
    requests.inc({ method: route === UNKNOWN ? UNKNOWN : request.method, route, status: reply.statusCode });
    seconds.observe({ route }, reply.elapsedTime / 1000);
    log[levelOf(request, reply)]({ ...lineOf(request), status: reply.statusCode, ms: msOf(reply) }, 'request');
  });
  app.addHook('onRequestAbort', async (request) => {
    requests.inc({ method: request.method, route: routeOf(request), status: 'aborted' });
    log.info(lineOf(request), 'client hung up');
  });
}

/** Requests for paths and methods that do not exist share one label, so that no client can make new ones. */
const UNKNOWN = 'unknown';

function routeOf(request: FastifyRequest): string {
  return request.is404 ? UNKNOWN : (request.routeOptions.url ?? UNKNOWN);
}

/** What happens many times a minute in a healthy city is not news. */
function levelOf(request: FastifyRequest, reply: FastifyReply): 'debug' | 'info' | 'warn' {
  if (reply.statusCode >= 500) return 'warn';
  const { config } = request.routeOptions;
  const routine = request.caller?.type === 'device' || config.public === true || config.metrics === true;
  return reply.statusCode < 400 && routine ? 'debug' : 'info';
}

function msOf(reply: FastifyReply): number {
  return Math.round(reply.elapsedTime);
}

function lineOf(request: FastifyRequest) {
  return {
    requestId: request.id,
    method: request.method,
    path: request.url.split('?', 1)[0]?.slice(0, PATH_LENGTH_MAX),
    caller: request.caller ? `${request.caller.type}:${request.caller.id}` : null,
    address: request.socket.remoteAddress,
  };
}
