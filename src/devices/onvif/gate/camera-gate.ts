import { subnetOf } from '../../../core/address-block.ts';
import { type Clock, deadline } from '../../../core/clock.ts';
import { CitywatchError } from '../../../core/errors.ts';
import { type BackoffLimits, backoffMs, jittered } from '../../../core/mechanisms/backoff.ts';
import { Counter, Gauge, type Observer } from '../../../core/observe.ts';
import type { Random } from '../../../core/random.ts';
import { type FailureReason, failureReason, OutboundFailure } from '../../../platform/outbound/outbound.ts';
import { OnvifError } from '../problems.ts';
import type { CameraRequest, OnvifPorts } from '../session.ts';
import { type BreakerEffect, type BreakerInput, type BreakerState, breakerStep, CLOSED } from './breaker.ts';
import { type SubnetLimits, SubnetPlaces } from './subnet-places.ts';

export interface CameraGateDeps {
  outbound: OnvifPorts['outbound'];
  clock: Clock;
  observer: Observer;
  random: Random;
}

export interface CameraGateLimits extends SubnetLimits {
  failuresMax: number;
  pauses: BackoffLimits;
  /** Addresses that are remembered; who was not heard of for longest is forgotten, and so asked as ever. */
  addressesMax: number;
}

/**
 * The limits of a gateway. Who follows the events of a camera tries every 15 s: with a pause of 10 s its events resume
 * within the 30 s that are promised.
 */
export const CAMERA_GATE: CameraGateLimits = {
  failuresMax: 5,
  pauses: { minMs: 1_000, maxMs: 10_000 },
  perSubnet: 16,
  forPeople: 8,
  waitingMax: 1_024,
  addressesMax: 20_000,
};

/** What tells that the other side is not well. The rest is our own doing, or nobody's. */
const FAILURES: ReadonlySet<FailureReason> = new Set<FailureReason>([
  'dns',
  'unreachable',
  'timeout',
  'tls',
  'reset',
  'malformed',
  'too-big',
]);

/**
 * Through which everything goes that is asked of cameras over HTTP: a few requests at once in one subnet, whose link
 * bears video as well, and none for a while to an address that fails again and again. Answers that wait for something
 * to happen are not counted in the subnet: there is one for each camera at any time.
 */
export class CameraGate {
  readonly #deps: CameraGateDeps;
  readonly #places: SubnetPlaces;
  readonly #addressesMax: number;
  /** Who has failed lately; who was not heard of for longest comes first. */
  readonly #breakers = new Map<string, BreakerState>();
  readonly #step: ReturnType<typeof breakerStep>;
  readonly #turned: Counter<'to'>;
  readonly #refused: Counter<'reason'>;
  #open = 0;

  constructor(deps: CameraGateDeps, limits: CameraGateLimits) {
    this.#deps = deps;
    this.#places = new SubnetPlaces(limits);
    this.#addressesMax = limits.addressesMax;
    const pauseMs = (more: number): number => jittered(backoffMs(limits.pauses, more), deps.random);
    this.#step = breakerStep({ failuresMax: limits.failuresMax, pauseMs });
    const registers = [deps.observer.metrics];
    this.#turned = new Counter({
      name: 'citywatch_camera_breaker_turned_total',
      help: 'Camera addresses that are left alone after failures (open), are tried again, or answered (closed).',
      labelNames: ['to'],
      registers,
    });
    this.#refused = new Counter({
      name: 'citywatch_camera_requests_refused_total',
      help: 'Requests to cameras that were not sent: the address is left alone (paused), or too many wait (busy).',
      labelNames: ['reason'],
      registers,
    });
    this.#gauge('citywatch_camera_breakers_open', 'Camera addresses that are left alone now.', () => this.#open);
    this.#gauge('citywatch_camera_requests', 'Requests to cameras under way.', () => this.#places.busy);
    const waiting = 'Requests to cameras that wait for a place in their subnet.';
    this.#gauge('citywatch_camera_requests_waiting', waiting, () => this.#places.waiting);
  }

  /** For the gateway's own work: an address that fails is left alone ({@link OnvifError} `paused`). */
  readonly machines: OnvifPorts['outbound'] = { http: (request) => this.#send(request, false) };

  /** For what a person waits for: tried also where an address is left alone, one at a time; has places of its own. */
  readonly people: OnvifPorts['outbound'] = { http: (request) => this.#send(request, true) };

  async #send(request: CameraRequest, forced: boolean): ReturnType<OnvifPorts['outbound']['http']> {
    const { clock } = this.#deps;
    const url = URL.canParse(request.url) ? new URL(request.url) : null;
    // What is no address at all is refused by who would send it.
    if (!url) return await this.#deps.outbound.http(request);
    const beganMs = clock.monotonicMs();
    this.#refuse(this.#judge(url.origin, forced).effect);
    const leave = request.polls ? () => {} : await this.#enter(subnetOf(url.hostname), forced, request);
    try {
      this.#admit(url.origin, forced);
      return await this.#ask(url.origin, { ...request, deadlineMs: this.#left(request, beganMs) });
    } finally {
      leave();
    }
  }

  #left({ deadlineMs }: CameraRequest, beganMs: number): number {
    return Math.max(1, deadlineMs - (this.#deps.clock.monotonicMs() - beganMs));
  }

  async #ask(origin: string, request: CameraRequest): ReturnType<OnvifPorts['outbound']['http']> {
    const { clock, outbound } = this.#deps;
    try {
      const { polls: _polls, ...rest } = request;
      const answer = await outbound.http(rest);
      this.#tell(origin, { type: 'answered' });
      return answer;
    } catch (error) {
      const reason = failureReason(error);
      const type = reason !== null && FAILURES.has(reason) ? 'failed' : 'dropped';
      this.#tell(origin, { type, atMs: clock.monotonicMs() });
      throw error;
    }
  }

  /** Waits within the time of the request. */
  async #enter(subnet: string, forPerson: boolean, { deadlineMs, signal }: CameraRequest): Promise<() => void> {
    const limit = deadline(this.#deps.clock, deadlineMs, signal);
    try {
      const leave = await this.#places.enter(subnet, forPerson, limit.signal);
      if (leave) return leave;
    } catch {
      // Whoever asked may have gone; for the others it took too long.
      throw failed(signal?.aborted ? 'aborted' : 'busy');
    } finally {
      limit.cancel();
    }
    this.#refused.inc({ reason: 'busy' });
    throw failed('busy');
  }

  /** Once more after the wait: much may have failed meanwhile. */
  #admit(origin: string, forced: boolean): void {
    const { input, effect } = this.#judge(origin, forced);
    this.#tell(origin, input);
    this.#refuse(effect);
  }

  /** What would become of a request now. */
  #judge(origin: string, forced: boolean): { input: BreakerInput; effect: BreakerEffect | undefined } {
    const input: BreakerInput = { type: 'asked', atMs: this.#deps.clock.monotonicMs(), forced };
    return { input, effect: this.#step(this.#breakers.get(origin) ?? CLOSED, input).effects[0] };
  }

  #refuse(effect: BreakerEffect | undefined): void {
    if (effect?.type !== 'refuse') return;
    this.#refused.inc({ reason: 'paused' });
    const detail = `it failed several times in a row, and is asked again in ${Math.ceil(effect.forMs / 1_000)} s`;
    throw new OnvifError('paused', { detail });
  }

  #tell(origin: string, input: BreakerInput): void {
    const before = this.#breakers.get(origin) ?? CLOSED;
    const { state } = this.#step(before, input);
    if (state === before) return;
    if (state.type !== before.type) this.#turned.inc({ to: state.type });
    this.#forget(origin);
    if (state === CLOSED) return;
    const oldest = this.#breakers.keys().next();
    if (this.#breakers.size >= this.#addressesMax && !oldest.done) this.#forget(oldest.value);
    this.#breakers.set(origin, state);
    if (state.type !== 'closed') this.#open += 1;
  }

  #forget(origin: string): void {
    const known = this.#breakers.get(origin);
    if (known && known.type !== 'closed') this.#open -= 1;
    this.#breakers.delete(origin);
  }

  #gauge(name: string, help: string, read: () => number): void {
    new Gauge({
      name,
      help,
      registers: [this.#deps.observer.metrics],
      collect() {
        this.set(read());
      },
    });
  }
}

function failed(reason: FailureReason): CitywatchError {
  const cause = new OutboundFailure(reason);
  return new CitywatchError('outbound.failed', { detail: `The camera was not asked: ${cause.message}.`, cause });
}
