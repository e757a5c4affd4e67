import { isUtf8 } from 'node:buffer';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { CitywatchError } from '../core/errors.ts';

/**
 * Takes JSON only, and only as UTF-8: a name with replaced characters would be stored as if it had been sent.
 * Keys that reach for prototypes are refused.
 */
export function parseJsonBodies(app: FastifyInstance): void {
  const parseText = app.getDefaultJsonParser('error', 'error');
  app.removeAllContentTypeParsers();
  app.addContentTypeParser<Buffer>('application/json', { parseAs: 'buffer' }, (request, body, done) => {
    const refusal = refuse(request, body);
    if (refusal) return done(refusal);
    parseText(request, body.toString('utf8'), done);
  });
}

/** Hands the bytes of a JSON body on as they came: what the journal keeps is what the device sent. */
export function keepRawBodies(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser<Buffer>('application/json', { parseAs: 'buffer' }, (request, body, done) => {
    done(refuse(request, body), body);
  });
}

function refuse(request: FastifyRequest, body: Buffer): CitywatchError | null {
  const encoding = request.headers['content-encoding'];
  if (encoding !== undefined && encoding !== 'identity') {
    return new CitywatchError('request.media-type', { detail: 'Send the body without Content-Encoding.' });
  }
  return isUtf8(body) ? null : new CitywatchError('request.malformed', { detail: 'The body is not UTF-8.' });
}
