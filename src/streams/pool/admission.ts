import type { Clock } from '../../core/clock.ts';
import { BoundedMap } from '../../core/mechanisms/bounded.ts';
import type { Quality } from './types.ts';
import { type Load, SHARES, type Use, type WallLevel, type WallState, wallStep } from './uses.ts';

/** What a pool can carry. */
export interface Capacity {
  /** Cameras and qualities pulled at the same time. */
  pullsMax: number;
  /** Video taken from all cameras together, megabits a second. */
  megabitsMax: number;
}

export interface AdmissionDeps {
  clock: Clock;
  capacity: Capacity;
  /** Pulls under way, with what each takes; null where that is not known yet. */
  pulls(): Iterable<{ key: string; quality: Quality; bitsPerS: number | null }>;
  /** Processor time of this process so far, as seconds of the whole machine: 1 a second is all of it. */
  processorS(): number;
}

/** What a pull is taken to need before it was ever measured. */
const USUAL_BITS_PER_S: Readonly<Record<Quality, number>> = { main: 4_000_000, sub: 512_000 };
/** Pulls are added up at most so often; what is opened in between is added as it comes. */
const ADD_UP_MS = 1_000;
const REMEMBERED_MAX = 4_096;
/** Weight of the newest second in the processor time that counts. */
const NEWEST = 0.1;

/** Decides what is pulled where not everything can be: by what pulls were measured to take, and what they are for. */
export class Admission {
  readonly #deps: AdmissionDeps;
  /** What a pull took when it was last measured, also after it ended. */
  readonly #measured = new BoundedMap<string, number>(REMEMBERED_MAX);
  #sum = { pulls: 0, bitsPerS: 0, atMs: Number.NEGATIVE_INFINITY };
  #wall: WallState = { level: 'as-asked', changedAtMs: Number.NEGATIVE_INFINITY };
  #processor: { share: number; seenS: number; atMs: number } | null = null;

  constructor(deps: AdmissionDeps) {
    this.#deps = deps;
  }

  /** How walls are shown at present. */
  get wall(): WallLevel {
    return this.#wall.level;
  }

  /** Megabits a second that are taken, and how many can be. */
  get megabits(): { taken: number; max: number } {
    return { taken: this.#added().bitsPerS / 1_000_000, max: this.#deps.capacity.megabitsMax };
  }

  /** Whether one more pull may be opened for `use`; with true it is counted at once. */
  take({ key, quality }: { key: string; quality: Quality }, use: Use): boolean {
    const { pullsMax, megabitsMax } = this.#deps.capacity;
    const sum = this.#added();
    const bitsPerS = this.#measured.get(key) ?? USUAL_BITS_PER_S[quality];
    const share = SHARES[use];
    if (sum.pulls + 1 > pullsMax * share) return false;
    if (sum.bitsPerS + bitsPerS > megabitsMax * 1_000_000 * share) return false;
    sum.pulls += 1;
    sum.bitsPerS += bitsPerS;
    return true;
  }

  /** To be called once a second. */
  tick(): void {
    const nowMs = this.#deps.clock.monotonicMs();
    this.#wall = wallStep(this.#wall, this.#load(nowMs), nowMs);
  }

  #load(nowMs: number): Load {
    const { pullsMax, megabitsMax } = this.#deps.capacity;
    const sum = this.#added();
    const pulled = Math.max(sum.pulls / pullsMax, sum.bitsPerS / 1_000_000 / megabitsMax);
    return { pulled, processor: this.#busy(nowMs) };
  }

  #busy(nowMs: number): number {
    const seenS = this.#deps.processorS();
    const before = this.#processor;
    const forS = before ? (nowMs - before.atMs) / 1000 : 0;
    if (!before || forS <= 0) {
      this.#processor = { share: before?.share ?? 0, seenS, atMs: nowMs };
      return this.#processor.share;
    }
    const share = before.share + ((seenS - before.seenS) / forS - before.share) * NEWEST;
    this.#processor = { share, seenS, atMs: nowMs };
    return share;
  }

  #added(): { pulls: number; bitsPerS: number } {
    const nowMs = this.#deps.clock.monotonicMs();
    if (nowMs - this.#sum.atMs < ADD_UP_MS) return this.#sum;
    this.#sum = { pulls: 0, bitsPerS: 0, atMs: nowMs };
    for (const { key, quality, bitsPerS } of this.#deps.pulls()) {
      if (bitsPerS !== null) this.#measured.set(key, bitsPerS);
      this.#sum.pulls += 1;
      this.#sum.bitsPerS += bitsPerS ?? this.#measured.get(key) ?? USUAL_BITS_PER_S[quality];
    }
    return this.#sum;
  }
}
