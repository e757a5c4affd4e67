/** Moving pictures of a machine, counted in small ones. */
export interface BudgetLimits {
  /** It never shows fewer. */
  least: number;
  most: number;
}

/** A full picture has about four times the points of a small one. */
export const COSTS = { main: 4, sub: 1 } as const;

/** Of the pictures that were due so many were left out: the machine cannot follow. */
const TOO_MANY_LOST = 0.2;
/** So few are left out by chance. */
const HARDLY_LOST = 0.02;
/** Fewer pictures than this say nothing. */
const PICTURES_MIN = 20;
/** One more is tried after so long without loss; each try that failed makes the next come later. */
const CALM_MS = 60_000;
const CALM_MAX_MS = 15 * 60_000;

/** What a small computer decodes by its processors: 16 small pictures on two. */
export function limitsOf(processors: number): BudgetLimits {
  const most = Math.min(64, Math.max(8, Math.floor(processors) * 8));
  return { least: 4, most };
}

/**
 * How many moving pictures this machine is given. It begins with all, takes a quarter of those that are shown away
 * when they lose pictures, and tries one more after a calm time: what else the machine does counts by itself.
 */
export class DecoderBudget {
  readonly #limits: BudgetLimits;
  #units: number;
  #calmSinceMs: number | null = null;
  #calmMs = CALM_MS;
  #triedAtMs = Number.NEGATIVE_INFINITY;

  constructor(limits: BudgetLimits) {
    this.#limits = limits;
    this.#units = limits.most;
  }

  get units(): number {
    return this.#units;
  }

  /** Some seconds have passed in which `used` units were shown: of `due` pictures `lost` were not. */
  judge({ used, due, lost }: { used: number; due: number; lost: number }, nowMs: number): void {
    if (due < PICTURES_MIN) return;
    const share = lost / due;
    if (share > TOO_MANY_LOST) this.#less(used, nowMs);
    else if (share > HARDLY_LOST) this.#calmSinceMs = null;
    else this.#more(nowMs);
  }

  #less(used: number, nowMs: number): void {
    if (nowMs - this.#triedAtMs < this.#calmMs) this.#calmMs = Math.min(CALM_MAX_MS, this.#calmMs * 2);
    this.#units = Math.max(this.#limits.least, Math.floor(Math.min(used, this.#units) * 0.75));
    this.#calmSinceMs = null;
  }

  #more(nowMs: number): void {
    this.#calmSinceMs ??= nowMs;
    if (nowMs - this.#calmSinceMs < this.#calmMs || this.#units >= this.#limits.most) return;
    this.#units += 1;
    this.#triedAtMs = nowMs;
    this.#calmSinceMs = nowMs;
  }
}

export interface Applicant {
  key: string;
  cost: number;
}

/** Which of those that want to move may: in their order, as far as the units go. */
export function granted(applicants: readonly Applicant[], units: number): { keys: ReadonlySet<string>; used: number } {
  const keys = new Set<string>();
  let used = 0;
  for (const { key, cost } of applicants) {
    // The first is what somebody looks at: it moves, whatever it costs.
    if (used + cost > units && keys.size > 0) continue;
    used += cost;
    keys.add(key);
  }
  return { keys, used };
}
