import { type Clock, deadline } from '../../core/clock.ts';
import { messageOf } from '../../core/errors.ts';
import { orAborted } from '../../core/mechanisms/abort.ts';
import { BoundedMap } from '../../core/mechanisms/bounded.ts';
import { SayOnce } from '../../core/mechanisms/say-once.ts';
import type { Logger } from '../../core/observe.ts';
import type { DeviceId } from '../../core/types.ts';
import type { CameraLease, Leases } from './leases.ts';
import { StreamFailure } from './types.ts';

export interface RightsDeps {
  clock: Clock;
  log: Logger;
  leases: Leases;
}

/** A use of the lease of a camera. */
export interface Right {
  /** Epoch of the lease. */
  readonly epoch: number;
  /** Aborted, with a {@link StreamFailure}, when the lease is lost: nothing more may be taken from the camera. */
  readonly lost: AbortSignal;
  /** Ends the use; after the last one the lease is given up. */
  drop(): void;
}

interface Held extends CameraLease {
  /** Until when nobody else can have taken it, on the monotonic clock. */
  untilMs: number;
  uses: number;
  lost: AbortController;
}

/** Leases are renewed when this part of them has passed. */
const RENEW_SHARE = 1 / 12;
/** This part of a lease before its end the holder no longer relies on it. */
const MARGIN_SHARE = 1 / 12;
/** How often it is looked whether it is time to renew; part of a lease. */
const LOOK_SHARE = 1 / 60;
/** A process that did nothing for this part of a lease stood still: no load makes one so late. */
const STOOD_STILL_SHARE = 1 / 2;
/** Longest wait for an answer of the store. */
const ANSWER_MS = 3_000;
/** For so long after a refusal nobody asks again, however many want to see the camera. */
const REFUSED_MS = 1_000;
const REFUSED_MAX = 5_000;

/**
 * The leases of the cameras that this gateway pulls: each is asked for once, shared by all that use it, and renewed
 * with all others in one statement. A lease is lost when the store answers that it is no longer ours. While nobody
 * answers it is kept, also past its end: then another gateway may pull the camera, too. Only a process that stood still
 * for at least half a lease, and past the end of one, asks before it goes on.
 */
export class Rights {
  readonly #deps: RightsDeps;
  readonly #held = new Map<DeviceId, Held>();
  readonly #asked = new Map<DeviceId, Promise<Held>>();
  readonly #refused = new BoundedMap<DeviceId, { failure: StreamFailure; untilMs: number }>(REFUSED_MAX);
  readonly #quiet: SayOnce;
  readonly #stopping = new AbortController();
  #renewAtMs = 0;
  /** When this process was last seen to run. */
  #seenMs = 0;
  #renewing = false;
  #stopLooking: (() => void) | null = null;

  constructor(deps: RightsDeps) {
    this.#deps = deps;
    this.#quiet = new SayOnce(deps.clock);
  }

  /** The right to pull a camera. Rejects with a {@link StreamFailure}: another gateway has it, or nobody can say. */
  async take(device: DeviceId): Promise<Right> {
    for (;;) {
      const held = this.#held.get(device) ?? (await this.#ask(device));
      // Whoever shared the question may have given the lease up meanwhile.
      if (this.#held.get(device) === held) return this.#use(held);
    }
  }

  /** Another use of a lease that is held; null where it is not. Asks nobody. */
  share(device: DeviceId): Right | null {
    const held = this.#held.get(device);
    return held ? this.#use(held) : null;
  }

  /** Runs `run` with the right to pull `device` and a signal that also tells of its loss. */
  async during(
    device: DeviceId,
    signal: AbortSignal,
    run: (epoch: number, signal: AbortSignal) => Promise<StreamFailure>,
  ): Promise<StreamFailure> {
    const right = await this.take(device).catch((failure: StreamFailure) => failure);
    if (right instanceof StreamFailure) return right;
    try {
      return await run(right.epoch, AbortSignal.any([signal, right.lost]));
    } finally {
      right.drop();
    }
  }

  /** Leases that are used past their end, because nobody answers: another gateway may pull these cameras, too. */
  get unrenewed(): number {
    const nowMs = this.#deps.clock.monotonicMs();
    return [...this.#held.values()].filter(({ untilMs }) => nowMs >= untilMs).length;
  }

  /**
   * Notices whether this process stood still, as one that was stopped does; then what ran out meanwhile is lost. Call
   * it before what comes from a camera is passed on.
   */
  notice(): void {
    const { clock, leases } = this.#deps;
    const nowMs = clock.monotonicMs();
    const stoodStill = nowMs - this.#seenMs >= leases.ttlMs * STOOD_STILL_SHARE;
    this.#seenMs = nowMs;
    if (!stoodStill) return;
    for (const held of this.#held.values()) if (nowMs >= held.untilMs) this.#lose(held, overslept());
  }

  /** From now on nothing is given; who still waits is told. */
  refuse(): void {
    this.#stopping.abort(new StreamFailure('stopped'));
  }

  /** Gives up every lease; call it when nothing is pulled any more. Never rejects: else they end by themselves. */
  async stop(): Promise<void> {
    this.refuse();
    this.#stopLooking?.();
    const all = [...this.#held.values()];
    this.#held.clear();
    await this.#giveUp(all);
  }

  #use(held: Held): Right {
    held.uses += 1;
    let used = true;
    const drop = () => {
      if (!used) return;
      used = false;
      held.uses -= 1;
      if (held.uses > 0 || this.#stopping.signal.aborted || this.#held.get(held.device) !== held) return;
      this.#held.delete(held.device);
      void this.#giveUp([held]);
    };
    return { epoch: held.epoch, lost: held.lost.signal, drop };
  }

  #ask(device: DeviceId): Promise<Held> {
    const known = this.#asked.get(device);
    if (known) return known;
    const asked = this.#acquire(device).finally(() => this.#asked.delete(device));
    this.#asked.set(device, asked);
    return asked;
  }

  async #acquire(device: DeviceId): Promise<Held> {
    const { clock, leases } = this.#deps;
    const refused = this.#refused.get(device);
    const askedAtMs = clock.monotonicMs();
    this.notice();
    if (refused && askedAtMs < refused.untilMs) throw refused.failure;
    this.#stopping.signal.throwIfAborted();
    const question = leases.acquire(device);
    try {
      const outcome = await this.#answer(question);
      if ('leftMs' in outcome) throw elsewhere(outcome.node, outcome.leftMs);
      const untilMs = this.#limit(askedAtMs);
      // Read after a sleep that was noticed already: nothing else would ever lose it.
      if (clock.monotonicMs() >= untilMs) throw overslept();
      const held = { ...outcome, untilMs, uses: 0, lost: new AbortController() };
      this.#held.set(device, held);
      this.#stopLooking ??= clock.every(leases.ttlMs * LOOK_SHARE, () => this.#look());
      return held;
    } catch (error) {
      // An answer that comes too late must not leave a lease behind that nobody uses.
      void question.then((late) => ('epoch' in late ? leases.release([late]) : undefined)).catch(() => {});
      const failure = error instanceof StreamFailure ? error : unanswered(error);
      this.#refused.set(device, { failure, untilMs: clock.monotonicMs() + REFUSED_MS });
      throw failure;
    }
  }

  #look(): void {
    this.notice();
    const nowMs = this.#deps.clock.monotonicMs();
    if (nowMs >= this.#renewAtMs && !this.#renewing && this.#held.size > 0) void this.#renew();
  }

  async #renew(): Promise<void> {
    const { clock, log, leases } = this.#deps;
    this.#renewing = true;
    const all = [...this.#held.values()];
    const askedAtMs = clock.monotonicMs();
    try {
      const kept = await this.#answer(leases.renew(all));
      this.#renewAtMs = askedAtMs + leases.ttlMs * RENEW_SHARE;
      for (const held of all) {
        if (kept.has(held.device)) held.untilMs = this.#limit(askedAtMs);
        else if (this.#held.get(held.device) === held) this.#lose(held, elsewhere());
      }
    } catch (error) {
      const fields = { error: messageOf(error), held: all.length, pastTheirEnd: this.unrenewed };
      if (this.#quiet.due()) log.warn(fields, 'the leases of cameras are not renewed; what is pulled goes on');
    } finally {
      this.#renewing = false;
    }
  }

  #lose(held: Held, failure: StreamFailure): void {
    const { device, epoch } = held;
    this.#held.delete(device);
    this.#deps.log.error({ deviceId: device, epoch, reason: failure.reason }, 'the lease of a camera is lost');
    held.lost.abort(failure);
  }

  async #giveUp(leases: readonly CameraLease[]): Promise<void> {
    if (leases.length === 0) return;
    await this.#answer(this.#deps.leases.release(leases), null).catch((error: unknown) => {
      if (this.#quiet.due()) this.#deps.log.warn({ error: messageOf(error) }, 'leases of cameras are not given up');
    });
  }

  async #answer<T>(question: Promise<T>, until: AbortSignal | null = this.#stopping.signal): Promise<T> {
    const limit = deadline(this.#deps.clock, ANSWER_MS, until ?? undefined);
    try {
      return await orAborted(question, limit.signal);
    } finally {
      limit.cancel();
    }
  }

  /** Counted from before the question: the store's own limit can only be later. */
  #limit(askedAtMs: number): number {
    return askedAtMs + this.#deps.leases.ttlMs * (1 - MARGIN_SHARE);
  }
}

function elsewhere(node?: string, leftMs = 0): StreamFailure {
  if (node === undefined) return new StreamFailure('elsewhere', 'It has taken it over.');
  const leftS = Math.ceil(leftMs / 1000);
  return new StreamFailure('elsewhere', `It is ${node}; if that one is gone, its lease ends in ${leftS} s.`);
}

function overslept(): StreamFailure {
  return new StreamFailure('no-lease', 'This gateway stood still for longer than its lease; it is asked again.');
}

function unanswered(cause: unknown): StreamFailure {
  return new StreamFailure('no-lease', 'The database does not answer; it is asked again.', cause);
}
