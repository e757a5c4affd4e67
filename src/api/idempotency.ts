import { createHash } from 'node:crypto';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { CitywatchError, messageOf } from '../core/errors.ts';
import { callerOf } from './auth.ts';
import type { ApiDeps, StoredAnswer } from './deps.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** The Idempotency-Key this request has claimed; null when it has none or is answered from memory. */
    idempotencyKey: string | null;
  }
}

const KEY = /^[\x21-\x7e]{1,255}$/;

/**
 * Makes a POST with an Idempotency-Key happen once: the same request again gets the first answer (marked
 * `idempotency-replayed`), without the one-time secret, which is never kept. An answer that is an error frees the key,
 * because nothing was done.
 */
export function honourIdempotencyKeys(app: FastifyInstance, { idempotency, observer }: ApiDeps): void {
  app.decorateRequest('idempotencyKey', null);
  app.addHook('preHandler', async (request, reply) => {
    const key = keyOf(request);
    if (key === null) return;
    const before = await idempotency.begin(callerOf(request), key, requestHash(request));
    if (!before) {
      request.idempotencyKey = key;
      return;
    }
    reply.code(before.status).type('application/json; charset=utf-8').header('idempotency-replayed', 'true');
    return reply.serializer((body) => String(body)).send(before.body);
  });
  app.addHook('onSend', async (request, reply, payload) => {
    const key = request.idempotencyKey;
    if (key === null || outcomeUnknown(request)) return payload;
    const good = reply.statusCode < 400 && typeof payload === 'string';
    const secret = request.routeOptions.config.oneTimeSecret;
    const answer = good ? { status: reply.statusCode, body: withoutSecret(payload, secret) } : null;
    await finish(request, key, answer);
    return payload;
  });

  async function finish(request: FastifyRequest, key: string, answer: StoredAnswer | null): Promise<void> {
    await idempotency.finish(callerOf(request), key, answer).catch((error: unknown) => {
      observer.log.error({ part: 'api', requestId: request.id, error: messageOf(error) }, 'answer could not be kept');
    });
  }
}

function keyOf(request: FastifyRequest): string | null {
  const header = request.headers['idempotency-key'];
  if (request.method !== 'POST' || header === undefined || !request.caller) return null;
  if (typeof header === 'string' && KEY.test(header)) return header;
  throw new CitywatchError('request.invalid', {
    issues: [{ path: 'Idempotency-Key', message: 'must be 1 to 255 printable ASCII characters without spaces' }],
  });
}

function requestHash(request: FastifyRequest): string {
  const hash = createHash('sha256').update(`${request.method} ${request.url}\n`);
  const { body } = request;
  return hash.update(Buffer.isBuffer(body) ? body : JSON.stringify(body ?? null)).digest('hex');
}

/** A handler that ran out of time may still do its work, so its key stays claimed. */
function outcomeUnknown(request: FastifyRequest): boolean {
  return (request.signal.reason as { code?: string } | undefined)?.code === 'FST_ERR_HANDLER_TIMEOUT';
}

function withoutSecret(payload: string, field: string | undefined): string {
  if (field === undefined) return payload;
  const { [field]: _shownOnce, ...rest } = JSON.parse(payload) as Record<string, unknown>;
  return JSON.stringify({ ...rest, secretWithheld: true });
}
