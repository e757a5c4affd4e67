import type { FastifyInstance, FastifyRequest } from 'fastify';
import { CitywatchError } from '../../core/errors.ts';
import type { Observer } from '../../core/observe.ts';
import { sendProblem, toCitywatchError } from './problems.ts';

/** Makes every error a problem document. The text of an unexpected one goes to the log and never to the client. */
export function answerErrors(app: FastifyInstance, observer: Observer): void {
  const log = observer.log.child({ part: 'api' });
  app.setErrorHandler((thrown, request, reply) => {
    const error = errorOf(thrown, request);
    if (error.status >= 500) log.error({ requestId: request.id, code: error.code, err: thrown }, 'request failed');
    return sendProblem(reply, request, error);
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
