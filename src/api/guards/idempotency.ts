import { createHmac } from 'node:crypto';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { CitywatchError, messageOf } from '../../core/errors.ts';
import type { KeyedRequest } from '../../platform/records/idempotency.ts';
import type { ApiDeps } from '../deps.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Set while this request holds an Idempotency-Key; null when it has none or is answered from memory. */
    keyed: KeyedRequest | null;
    /** Set by a handler that could not do a part of it now: the same request may do that part when it comes again. */
    isUnfinished: boolean;
  }
}

const KEY = /^[\x21-\x7e]{1,255}$/;

/**
 * Makes a POST with an Idempotency-Key happen once: the same request again gets the first answer (marked
 * `idempotency-replayed`), without the one-time secret, which is never kept. An answer that is an error frees the key,
 * because nothing was done, and so does one of a request that is unfinished.
 */
export function honourIdempotencyKeys(app: FastifyInstance, { idempotency, observer, settings }: ApiDeps): void {
  const log = observer.log.child({ part: 'api' });
  app.decorateRequest('keyed', null);
  app.decorateRequest('isUnfinished', false);
  app.addHook('preHandler', async (request, reply) => {
    const keyed = keyedRequest(request, settings.cursorKey);
    if (!keyed) return;
    const before = await idempotency.begin(keyed);
    if (!before) {
      request.keyed = keyed;
      return;
    }
    reply.code(before.status).type('application/json; charset=utf-8').header('idempotency-replayed', 'true');
    return reply.serializer((body) => String(body)).send(before.response);
  });
  app.addHook('onSend', async (request, reply, payload) => {
    const { keyed } = request;
    if (!keyed || outcomeUnknown(request)) return payload;
    const secret = request.routeOptions.config.oneTimeSecret;
    const good = reply.statusCode < 400 && !request.isUnfinished && typeof payload === 'string';
    const kept = good
      ? idempotency.finish(keyed, { status: reply.statusCode, response: withoutSecret(payload, secret) })
      : idempotency.abandon(keyed);
    // The work is done and its answer known: the client gets it even if it cannot be kept.
    await kept.catch((error: unknown) => {
      log.error({ requestId: request.id, error: messageOf(error) }, 'answer could not be kept');
    });
    return payload;
  });
}

function keyedRequest(request: FastifyRequest, hashKey: Buffer): KeyedRequest | null {
  const header = request.headers['idempotency-key'];
  const { caller, body } = request;
  if (request.method !== 'POST' || header === undefined || !caller) return null;
  if (request.routeOptions.config.asksOnly) return null;
  if (typeof header !== 'string' || !KEY.test(header)) {
    throw new CitywatchError('request.invalid', {
      issues: [{ path: 'Idempotency-Key', message: 'must be 1 to 255 printable ASCII characters without spaces' }],
    });
  }
  // Keyed, because a body may hold a camera's password and the hash is stored.
  const hash = createHmac('sha256', hashKey).update(Buffer.isBuffer(body) ? body : JSON.stringify(body ?? null));
  return {
    caller: `${caller.type}:${caller.id}`,
    key: header,
    route: `${request.method} ${request.url}`,
    bodyHash: hash.digest('hex'),
  };
}

/** A handler that ran out of time may still do its work, so its key stays claimed. */
function outcomeUnknown(request: FastifyRequest): boolean {
  return (request.signal.reason as { code?: string } | undefined)?.code === 'FST_ERR_HANDLER_TIMEOUT';
}

/** The secret is left out wherever it stands: at the top, or in each item of a list. */
function withoutSecret(payload: string, field: string | undefined): string {
  if (field === undefined) return payload;
  const whole = JSON.parse(payload, (_, value: unknown) => {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, field)) return value;
    const { [field]: _shownOnce, ...rest } = value as Record<string, unknown>;
    return { ...rest, secretWithheld: true };
  });
  return JSON.stringify(whole);
}
