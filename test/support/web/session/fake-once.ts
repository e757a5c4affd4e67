import type { FastifyInstance } from 'fastify';

interface Kept {
  request: string;
  status: number;
  body: string;
}

/** Knows a request again by its Idempotency-Key, as the gateway does, and leaves out what it tells once. */
export function rememberAnswers(app: FastifyInstance): void {
  const kept = new Map<string, Kept>();
  const textOf = ({ url, body }: { url: string; body: unknown }) => `${url} ${JSON.stringify(body)}`;
  app.addHook('preHandler', async (request, reply) => {
    const before = kept.get(String(request.headers['idempotency-key']));
    if (request.method !== 'POST' || !before) return;
    if (before.request !== textOf(request)) return reply.code(422).send({ code: 'idempotency.mismatch' });
    return reply.code(before.status).type('application/json').send(before.body);
  });
  app.addHook('onSend', async (request, reply, payload) => {
    const { 'idempotency-key': key } = request.headers;
    if (request.method !== 'POST' || typeof key !== 'string' || reply.statusCode >= 400) return payload;
    if (kept.has(key) || typeof payload !== 'string') return payload;
    const { token, secret, code, ...rest } = JSON.parse(payload);
    const told = token ?? secret ?? code;
    const body = JSON.stringify({ ...rest, ...(told !== undefined && { secretWithheld: true }) });
    kept.set(key, { request: textOf(request), status: reply.statusCode, body });
    return payload;
  });
}
