import type { Clock } from '../../../core/clock.ts';
import { TokenBucket } from '../../../core/mechanisms/bounded.ts';
import { Counter, Gauge, type Observer } from '../../../core/observe.ts';
import type { DeviceKind } from '../../../core/types.ts';

/** What an uplink asks before it takes more messages of a kind. */
export interface KindRates {
  /** Takes one message of the kind and returns 0; or takes none and returns the milliseconds to wait at least. */
  take(kind: string): number;
  /** Calls `enter` once a message of the kind is taken for it, first come first served; what it returns cancels. */
  wait(kind: string, enter: () => void): () => void;
}

/** Packets a second of one device, where its kind says otherwise than the uplink. */
export interface DeviceRates {
  devicePerS(kind: string): number | undefined;
}

/** For tests and benchmarks: the devices of one kind may send as fast as they can. */
export const UNLIMITED_RATES: KindRates & DeviceRates = {
  take: () => 0,
  wait: () => () => {},
  devicePerS: () => undefined,
};

export interface RateBudgetDeps {
  kinds: { latest(kind: string): DeviceKind | undefined };
  clock: Clock;
  observer: Observer;
}

/**
 * Of one kind without a limit of its own: more than one small machine takes in (docs/performance.md), so that it only
 * cuts what nothing would be left beside.
 */
export const KIND_PER_S = 30_000;
/** What may come at once after a quiet time, in seconds of the rate. */
const BURST_S = 1;
/** Those who wait are let in this often, not one by one. */
const STEP_MS = 10;
/** Who cannot wait here, as over HTTP, is sent away for at least this long. */
const RETRY_MIN_MS = 50;

interface Budget {
  perS: number;
  bucket: TokenBucket;
  /** In order of arrival. */
  waiting: Set<() => void>;
  cancel: (() => void) | null;
  holds: number;
}

/**
 * Messages a second that all devices of one kind may send together, so that a kind gone mad cannot starve the others.
 * Nothing is ever dropped here: who gets no turn is not read, not acknowledged, or told to come again. Devices of the
 * kind wait in one row, one message each, so a loud one gets no more turns than a quiet one.
 */
export class RateBudget implements KindRates, DeviceRates {
  readonly #deps: RateBudgetDeps;
  readonly #budgets = new Map<string, Budget>();

  constructor(deps: RateBudgetDeps) {
    this.#deps = deps;
    const budgets = this.#budgets;
    const labelNames = ['kind'];
    const registers = [deps.observer.metrics];
    new Counter({
      name: 'citywatch_kind_rate_holds_total',
      labelNames,
      registers,
      help: 'Times a message had to wait, or was sent away, because its kind was over its rate.',
      collect() {
        this.reset();
        for (const [kind, { holds }] of budgets) if (holds > 0) this.inc({ kind }, holds);
      },
    });
    new Gauge({
      name: 'citywatch_kind_rate_waiting',
      labelNames,
      registers,
      help: 'Devices (at a broker: messages) that wait for their turn because their kind is over its rate.',
      collect() {
        this.reset();
        for (const [kind, { waiting }] of budgets) this.set({ kind }, waiting.size);
      },
    });
  }

  take(kind: string): number {
    const budget = this.#of(kind);
    // Nobody overtakes those who wait.
    const waitMs = budget.waiting.size > 0 ? RETRY_MIN_MS : budget.bucket.take(1, this.#deps.clock.monotonicMs());
    if (waitMs === 0) return 0;
    budget.holds += 1;
    return Math.max(RETRY_MIN_MS, waitMs);
  }

  wait(kind: string, enter: () => void): () => void {
    const budget = this.#of(kind);
    // The same function may wait twice.
    const turn = () => enter();
    budget.waiting.add(turn);
    budget.cancel ??= this.#deps.clock.after(STEP_MS, () => this.#admit(budget));
    return () => void budget.waiting.delete(turn);
  }

  /** Packets a second of one device of the kind; undefined where the listener's own limit holds. */
  devicePerS(kind: string): number | undefined {
    return this.#deps.kinds.latest(kind)?.rate?.devicePerS;
  }

  #admit(budget: Budget): void {
    budget.cancel = null;
    const nowMs = this.#deps.clock.monotonicMs();
    for (const turn of budget.waiting) {
      const waitMs = budget.bucket.take(1, nowMs);
      if (waitMs > 0) {
        budget.cancel = this.#deps.clock.after(Math.max(STEP_MS, waitMs), () => this.#admit(budget));
        return;
      }
      budget.waiting.delete(turn);
      turn();
    }
  }

  #of(kind: string): Budget {
    const perS = this.#deps.kinds.latest(kind)?.rate?.totalPerS ?? KIND_PER_S;
    const known = this.#budgets.get(kind);
    if (known?.perS === perS) return known;
    const bucket = new TokenBucket(perS, Math.max(1, perS * BURST_S), this.#deps.clock.monotonicMs());
    if (known) return Object.assign(known, { perS, bucket });
    const budget: Budget = { perS, bucket, waiting: new Set(), cancel: null, holds: 0 };
    this.#budgets.set(kind, budget);
    return budget;
  }
}
