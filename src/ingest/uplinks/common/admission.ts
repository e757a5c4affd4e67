import type { Clock } from '../../../core/clock.ts';
import { BoundedMap, TokenBucket } from '../../../core/mechanisms/bounded.ts';

/** Lets waiting things in at a pace, first come first served, at most `max` waiting. */
export class PacedQueue {
  readonly #clock: Clock;
  readonly #perS: number;
  readonly #max: number;
  readonly #bucket: TokenBucket;
  #waiting: (() => void)[] = [];
  #first = 0;
  #cancel: (() => void) | null = null;

  constructor(clock: Clock, perS: number, max: number) {
    this.#clock = clock;
    this.#perS = perS;
    this.#max = max;
    this.#bucket = new TokenBucket(perS, Math.max(1, perS / 10), clock.monotonicMs());
  }

  get size(): number {
    return this.#waiting.length - this.#first;
  }

  /** Calls `enter` now or when its turn has come. False when too many wait already. */
  push(enter: () => void): boolean {
    if (this.size === 0 && this.#bucket.take(1, this.#clock.monotonicMs()) === 0) {
      enter();
      return true;
    }
    if (this.size >= this.#max) return false;
    this.#waiting.push(enter);
    this.#cancel ??= this.#clock.after(this.#stepMs(), () => this.#admit());
    return true;
  }

  close(): void {
    this.#cancel?.();
    this.#cancel = null;
    this.#waiting = [];
    this.#first = 0;
  }

  #stepMs(): number {
    return Math.max(5, Math.ceil(1000 / this.#perS));
  }

  #admit(): void {
    this.#cancel = null;
    const nowMs = this.#clock.monotonicMs();
    while (this.size > 0 && this.#bucket.take(1, nowMs) === 0) {
      const enter = this.#waiting[this.#first]!;
      this.#first += 1;
      enter();
    }
    if (this.size === 0) {
      this.#waiting = [];
      this.#first = 0;
      return;
    }
    this.#cancel = this.#clock.after(this.#stepMs(), () => this.#admit());
  }
}

/** Messages a second of one device that its kind says nothing of, and how many at once after a rest. */
export const DEVICE_RATE = { perS: 500, burst: 2_000 };
/** A message counts one more for every full 16 KiB. */
const BYTES_PER_EXTRA_TOKEN = 16 * 1024;

/** What a message of `bytes` costs beyond one. */
export function extraCost(bytes: number): number {
  return Math.floor(bytes / BYTES_PER_EXTRA_TOKEN);
}

const KEYS_MAX = 20_000;

/** One token bucket per key, for the keys seen last; a forgotten key starts full again. */
export class Buckets {
  readonly #map = new BoundedMap<string, TokenBucket>(KEYS_MAX);
  readonly #clock: Clock;
  readonly #perS: number;
  readonly #burst: number;

  constructor(clock: Clock, perS: number, burst: number) {
    this.#clock = clock;
    this.#perS = perS;
    this.#burst = burst;
  }

  /** The bucket of `key`, the same one while it is remembered; `perS` only where it has a pace of its own. */
  of(key: string, perS = this.#perS): TokenBucket {
    let bucket = this.#map.get(key);
    if (bucket === undefined) {
      const burst = Math.max(1, (this.#burst * perS) / this.#perS);
      bucket = new TokenBucket(perS, burst, this.#clock.monotonicMs());
      this.#map.set(key, bucket);
    }
    return bucket;
  }

  /** Takes one token of `key`: 0, or the milliseconds until there is one. */
  take(key: string): number {
    return this.of(key).take(1, this.#clock.monotonicMs());
  }
}
