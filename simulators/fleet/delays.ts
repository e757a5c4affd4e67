/** Each step is so much longer than the one before: a quantile is right to 2 %. */
const STEP = 1.02;
const LOG_STEP = Math.log(STEP);
/** Up to ten minutes. */
const STEPS = Math.ceil(Math.log(600_000) / LOG_STEP) + 1;

/** Delays in ms, kept as counts of steps: as much memory for a million of them as for one. */
export class Delays {
  readonly #counts = new Float64Array(STEPS);
  #count = 0;
  #maxMs = 0;

  get count(): number {
    return this.#count;
  }

  get maxMs(): number {
    return this.#maxMs;
  }

  add(ms: number): void {
    const step = ms <= 1 ? 0 : Math.min(STEPS - 1, Math.ceil(Math.log(ms) / LOG_STEP));
    this.#counts[step]! += 1;
    this.#count += 1;
    this.#maxMs = Math.max(this.#maxMs, ms);
  }

  /** The delay that a share of all did not exceed; 0 where there is none. */
  quantile(share: number): number {
    const wanted = Math.ceil(this.#count * share);
    let seen = 0;
    for (let step = 0; step < STEPS; step += 1) {
      seen += this.#counts[step]!;
      if (seen >= wanted && wanted > 0) return Math.min(this.#maxMs, Math.round(STEP ** step * 10) / 10);
    }
    return this.#maxMs;
  }

  /** Counts of delays up to each of these limits, and above the last, for a plot. */
  spread(limitsMs: readonly number[]): number[] {
    const counts = new Array<number>(limitsMs.length + 1).fill(0);
    for (let step = 0; step < STEPS; step += 1) {
      const at = limitsMs.findIndex((limit) => STEP ** step <= limit);
      counts[at === -1 ? limitsMs.length : at]! += this.#counts[step]!;
    }
    return counts;
  }
}
