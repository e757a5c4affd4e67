import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { CitywatchError } from '../../core/errors.ts';
import type { ApiDeps } from '../deps.ts';
import { stillAllowed } from './auth.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** When it was found out who asks, by the clock of durations. */
    admittedAtMs: number;
    /** Of a route that is `lasting`: aborted when the right to its answer is withdrawn. Never of any other. */
    withdrawn: AbortSignal;
  }
}

/**
 * Rights are asked for again this often. What was asked of the database counts for 5 s, so an answer ends 8 s after its
 * right at the latest, and within 3 s where the withdrawal went through this process or was heard of.
 */
const CHECK_MS = 3_000;
/** Rights that could not be confirmed for this long count as lost. */
const UNCONFIRMED_MS = 50_000;
/** Before what took longer goes out, the right to it is asked for again. */
const HELD_MS = 2_000;
/** A route that was told has this long to end its answer by itself. */
const LAST_WORDS_MS = 1_000;

/**
 * Refuses what was asked for when there was a right to it, and is ready when there is none any more: a still picture
 * of a camera that answered late. Of questions alone, as what others did is done. Where nobody can tell it goes out.
 */
export function refuseWithdrawnAnswers(app: FastifyInstance, deps: ApiDeps): void {
  const { clock } = deps;
  app.decorateRequest('admittedAtMs', 0);
  app.addHook('preParsing', async (request) => {
    request.admittedAtMs = clock.monotonicMs();
  });
  app.addHook('onSend', async (request, reply, payload) => {
    const { config } = request.routeOptions;
    const isQuestion = request.method === 'GET' && request.caller !== null && !config.lasting;
    if (!isQuestion || reply.statusCode >= 400 || clock.monotonicMs() - request.admittedAtMs < HELD_MS) return payload;
    if ((await stillAllowed(request, deps).catch(() => null)) !== false) return payload;
    throw new CitywatchError('auth.required');
  });
}

interface LastingAnswer {
  request: FastifyRequest;
  reply: FastifyReply;
  withdrawn: AbortController;
  confirmedAtMs: number;
}

/**
 * Ends every answer that goes on for long when its right is withdrawn: the token revoked or expired, the session ended,
 * the person disabled or given another role or area. Goes by the declaration `lasting` or `large` of the route, so that
 * no route can forget it; a route that does not end its answer has its connection cut.
 */
export function endWithdrawnAnswers(app: FastifyInstance, deps: ApiDeps): void {
  const { clock } = deps;
  const open = new Set<LastingAnswer>();
  const never = new AbortController().signal;
  app.decorateRequest('withdrawn', { getter: () => never });

  const check = async (answer: LastingAnswer): Promise<void> => {
    const allowed = await stillAllowed(answer.request, deps).catch(() => null);
    const nowMs = clock.monotonicMs();
    if (allowed) answer.confirmedAtMs = nowMs;
    if (allowed !== false && nowMs - answer.confirmedAtMs <= UNCONFIRMED_MS) return;
    // What is not ready yet is refused when it is, with an answer that says why.
    if (answer.request.routeOptions.config.large && !answer.reply.raw.headersSent) return;
    if (!open.delete(answer)) return;
    answer.withdrawn.abort();
    const cut = clock.after(LAST_WORDS_MS, () => answer.reply.raw.destroy());
    answer.reply.raw.once('close', cut);
  };

  let stop: (() => void) | null = null;
  const watch = (): void => {
    stop ??= clock.every(CHECK_MS, () => {
      for (const answer of open) void check(answer);
      if (open.size > 0) return;
      stop?.();
      stop = null;
    });
  };
  app.addHook('onClose', async () => stop?.());
  app.addHook('preParsing', async (request, reply) => {
    const { lasting, large } = request.routeOptions.config;
    if (!(lasting || large) || !request.caller) return;
    const answer = { request, reply, withdrawn: new AbortController(), confirmedAtMs: clock.monotonicMs() };
    Object.defineProperty(request, 'withdrawn', { value: answer.withdrawn.signal });
    open.add(answer);
    // A client that hangs up never finishes.
    reply.raw.once('close', () => open.delete(answer));
    watch();
  });
}
