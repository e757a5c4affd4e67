import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { MINUTE_MS } from '../../core/clock.ts';
import { CitywatchError } from '../../core/errors.ts';
import type { ApiLimits } from '../deps.ts';
import type { ShareLimits } from '../guards/shares.ts';

/** The limits of a gateway. */
export const API_LIMITS: ApiLimits = {
  connectionsMax: 4000,
  unprovenMax: 2000,
  unprovenPerAddressMax: 250,
  addressPerMinute: 60_000,
  failedAuthPerMinute: 120,
  callerPerMinute: 6000,
  callerAtOnce: 64,
  heavyAtOnce: 12,
  heavyPerCaller: 4,
};

/**
 * Times after which the server gives up on a peer. Node looks at its connections only every `checkMs`, so a request
 * that drips in is cut after at most 12 s.
 */
export const TIMEOUTS = {
  requestMs: 10_000,
  headersMs: 8000,
  checkMs: 2000,
  idleMs: 30_000,
  keepAliveMs: 10_000,
  handlerMs: 25_000,
};

export const BODY_BYTES_MAX = 1024 * 1024;
export const TELEMETRY_BODY_BYTES_MAX = 256 * 1024;
export const IMAGE_BODY_BYTES_MAX = 2 * 1024 * 1024;
/** As telephones make them. */
export const PHOTO_BODY_BYTES_MAX = 8 * 1024 * 1024;

/** Addresses and callers whose counts are remembered at the same time; the least recently seen is forgotten. */
const KEYS_MAX = 20_000;

/** Shares of questions that the stores answer slowly. */
export function heavyShares({ heavyAtOnce: total, heavyPerCaller: perCaller }: ApiLimits): ShareLimits {
  return { total, perCaller, retryAfterS: 1 };
}

type Window = (request: FastifyRequest) => Promise<void>;

export interface RateLimits {
  /** Counts a request of this address. */
  address: Window;
  /** Counts a refused credential of this address. */
  failedAuth: Window;
  /** Counts a request of this caller. */
  caller: Window;
}

/**
 * Counters per minute. Correct credentials are never refused because of somebody else's wrong ones: a whole district
 * may stand behind one address.
 */
export function createRateLimits(app: FastifyInstance, limits: ApiLimits): RateLimits {
  const window = (max: number, keyGenerator?: (request: FastifyRequest) => string): Window => {
    const options = { max, timeWindow: MINUTE_MS, cache: KEYS_MAX, ...(keyGenerator ? { keyGenerator } : {}) };
    const count = app.createRateLimit(options);
    return async (request) => {
      const result = await count(request);
      if (result.isAllowed || !result.isExceeded) return;
      throw new CitywatchError('request.rate', { retryAfterS: Math.max(1, result.ttlInSeconds) });
    };
  };
  return {
    address: window(limits.addressPerMinute),
    failedAuth: window(limits.failedAuthPerMinute),
    caller: window(limits.callerPerMinute, (request) => callerKey(request)),
  };
}

function callerKey(request: FastifyRequest): string {
  return request.caller ? `${request.caller.type}:${request.caller.id}` : '';
}

/** Counts what is being worked on at the same time; over `max` the request is refused instead of queued. */
class Gate {
  readonly #max: number;
  readonly #busy = new Map<string, number>();

  constructor(max: number) {
    this.#max = max;
  }

  /** Errors: `request.rate` when `key` is at its limit. */
  enter(key: string): void {
    const busy = this.#busy.get(key) ?? 0;
    if (busy >= this.#max) throw new CitywatchError('request.rate', { retryAfterS: 1, detail: 'Too many at once.' });
    this.#busy.set(key, busy + 1);
  }

  leave(key: string): void {
    const busy = (this.#busy.get(key) ?? 0) - 1;
    if (busy > 0) this.#busy.set(key, busy);
    else this.#busy.delete(key);
  }
}

/**
 * Bounds the requests of one caller that are being worked on at the same time. Lasting answers are not among them: live
 * readers must not keep the same caller from acting on what they read. Their routes have shares of their own.
 */
export function limitWorkAtOnce(app: FastifyInstance, limits: ApiLimits): void {
  const gate = new Gate(limits.callerAtOnce);
  app.addHook('onRequest', async (request, reply) => {
    if (!request.caller || request.routeOptions.config.lasting) return;
    leaveWhenAnswered(gate, callerKey(request), reply);
  });
}

/** Enters a gate until the request is answered or its client has gone. Errors: `request.rate`. */
function leaveWhenAnswered(gate: Gate, key: string, reply: FastifyReply): void {
  gate.enter(key);
  let inside = true;
  const leave = () => {
    if (inside) gate.leave(key);
    inside = false;
  };
  // 'close' and not only 'finish': a client that hangs up early never finishes.
  reply.raw.once('finish', leave).once('close', leave);
}
