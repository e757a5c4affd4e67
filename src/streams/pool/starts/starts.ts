import type { Clock } from '../../../core/clock.ts';

/**
 * Who is connected first where not all can be at once: a camera that somebody looks at, one that was well until now,
 * one that failed several times.
 */
export const LANES = ['looked-at', 'fresh', 'failing'] as const;

export type Lane = (typeof LANES)[number];

/** How fast cameras are connected. */
export interface StartLimits {
  /** Connections to cameras begun a second, whatever the cause. */
  connectsPerS: number;
  /** Cameras of one network (IPv4: /24, IPv6: /64) whose first picture is waited for at the same time. */
  perNetwork: number;
}

/**
 * 500 cameras are all asked within 20 s. A switch that comes back passes on the key frames of 32 cameras at a time, and
 * those of a network that do not answer give their places back after the 5 s that a connection may take.
 */
export const START_LIMITS: StartLimits = { connectsPerS: 25, perNetwork: 32 };

/** Begun at once after a rest, so that a wall of pictures need not wait. */
const BURST = 10;

interface Waiting {
  network: string;
  go(): void;
}

/**
 * Paces the connections to cameras: when the power of a site returns, or the gateway starts, they come one after the
 * other, and of one network only so many at a time. Who waits holds nothing but its place in the queue.
 */
export class Starts {
  readonly #clock: Clock;
  readonly #limits: StartLimits;
  /** In the order in which they came. */
  readonly #waiting: Readonly<Record<Lane, Set<Waiting>>> = {
    'looked-at': new Set(),
    fresh: new Set(),
    failing: new Set(),
  };
  readonly #busy = new Map<string, number>();
  #allowance = BURST;
  #countedAtMs: number;
  #isTimed = false;

  constructor(clock: Clock, limits: StartLimits) {
    this.#clock = clock;
    this.#limits = limits;
    this.#countedAtMs = clock.monotonicMs();
  }

  /** Cameras that wait for their turn. */
  get waiting(): number {
    return LANES.reduce((sum, lane) => sum + this.#waiting[lane].size, 0);
  }

  /**
   * Resolves when a camera of `network` may be connected, with how to give its place in the network back: once its
   * first picture is there, or it failed. Rejects with the reason of `signal` when that is aborted.
   */
  turn(network: string, lane: Lane, signal: AbortSignal): Promise<() => void> {
    return new Promise((resolve, reject) => {
      signal.throwIfAborted();
      const queue = this.#waiting[lane];
      const aborted = () => {
        queue.delete(one);
        reject(signal.reason);
      };
      const go = () => {
        queue.delete(one);
        signal.removeEventListener('abort', aborted);
        resolve(this.#place(network));
      };
      const one = { network, go };
      signal.addEventListener('abort', aborted, { once: true });
      queue.add(one);
      this.#next();
    });
  }

  #next(): void {
    const { connectsPerS } = this.#limits;
    const nowMs = this.#clock.monotonicMs();
    this.#allowance = Math.min(BURST, this.#allowance + ((nowMs - this.#countedAtMs) / 1000) * connectsPerS);
    this.#countedAtMs = nowMs;
    for (let one = this.#first(); one; one = this.#first()) {
      if (this.#allowance < 1) {
        this.#later(1000 / connectsPerS);
        return;
      }
      this.#allowance -= 1;
      one.go();
    }
  }

  #later(ms: number): void {
    if (this.#isTimed) return;
    this.#isTimed = true;
    this.#clock.after(ms, () => {
      this.#isTimed = false;
      this.#next();
    });
  }

  /** The most urgent whose network has room. */
  #first(): Waiting | null {
    for (const lane of LANES) {
      for (const one of this.#waiting[lane]) {
        if ((this.#busy.get(one.network) ?? 0) < this.#limits.perNetwork) return one;
      }
    }
    return null;
  }

  #place(network: string): () => void {
    this.#busy.set(network, (this.#busy.get(network) ?? 0) + 1);
    let isMine = true;
    return () => {
      if (!isMine) return;
      isMine = false;
      const left = this.#busy.get(network)! - 1;
      if (left > 0) this.#busy.set(network, left);
      else this.#busy.delete(network);
      this.#next();
    };
  }
}
