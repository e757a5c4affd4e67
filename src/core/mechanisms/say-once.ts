import { type Clock, MINUTE_MS } from '../clock.ts';
import { BoundedMap } from './bounded.ts';

export interface SayOnceLimits {
  /** How long the same is not said again; a minute unless given. */
  everyMs?: number;
  /** Keys that are remembered; the one asked for longest ago is forgotten, and may be said again early. */
  keysMax?: number;
}

const KEYS_MAX = 1_000;

/** Keeps a log readable while the same thing goes wrong again and again: each is said once in a while. */
export class SayOnce {
  readonly #clock: Pick<Clock, 'monotonicMs'>;
  readonly #everyMs: number;
  readonly #saidAtMs: BoundedMap<string, number>;

  constructor(clock: Pick<Clock, 'monotonicMs'>, { everyMs = MINUTE_MS, keysMax = KEYS_MAX }: SayOnceLimits = {}) {
    this.#clock = clock;
    this.#everyMs = everyMs;
    this.#saidAtMs = new BoundedMap(keysMax);
  }

  /** Whether `key` is due to be said; who is told so says it. */
  due(key = ''): boolean {
    const nowMs = this.#clock.monotonicMs();
    const saidAtMs = this.#saidAtMs.get(key);
    if (saidAtMs !== undefined && nowMs - saidAtMs < this.#everyMs) return false;
    this.#saidAtMs.set(key, nowMs);
    return true;
  }
}
