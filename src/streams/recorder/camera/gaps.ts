/** Why nothing was recorded of a camera that should be. */
export type GapCause =
  /** The camera gave nothing; the detail says why. */
  | 'camera'
  /** The gateway was not running. */
  | 'gateway'
  /** The disk could not keep up, or hung. */
  | 'disk-slow'
  /** The disk is full, or refuses to be written. */
  | 'disk-failed'
  /** The disk is nearly full, and all that is on it must be kept: the class of the camera gives way. */
  | 'disk-full'
  /** The directory of recordings is not the disk it should be. */
  | 'disk-away'
  /** Pictures came, and none that could be kept: the pool had no room, or no key frame came. */
  | 'stream';

export interface GapReason {
  cause: GapCause;
  detail: string | null;
}

/** What is to be written about holes. */
export type GapStep =
  | { type: 'begin'; fromMs: number; reason: GapReason }
  /** Another cause than the one told before: it is the one that lasts. */
  | { type: 'because'; reason: GapReason }
  | { type: 'end'; toMs: number }
  /** One that began and ended before anybody looked. */
  | { type: 'whole'; fromMs: number; toMs: number; reason: GapReason };

/** Holes shorter than this have no row (promise P5), ms. */
export const GAP_MIN_MS = 2_000;

/** So long a file that was lost may be looked for, ms. */
const UNSURE_MS = 15_000;

const UNKNOWN: GapReason = { cause: 'stream', detail: null };

/**
 * Follows what is kept of one camera, and tells each hole of {@link GAP_MIN_MS} or more once: while it lasts, so that
 * it is known before pictures return, and when it ends. Times are Unix ms by the gateway's clock, in whole ones as in
 * the rows of files: else a hole between two rows could be a hair too short for a row of its own.
 */
export class Gaps {
  /** End of what is kept. */
  #keptToMs: number;
  #reason: GapReason | null;
  #unsureToMs = 0;
  #open: GapReason | null;

  /** `sinceMs` is when it was to be recorded from; `open` the reason of a hole that was told before and lasts. */
  constructor(sinceMs: number, { reason, open }: { reason: GapReason | null; open: GapReason | null }) {
    this.#keptToMs = Math.round(sinceMs);
    this.#reason = reason;
    this.#open = open;
  }

  /** Pictures from `fromMs` to `toMs` are kept. */
  kept(fromMs: number, toMs: number): GapStep[] {
    const steps = this.#until(Math.round(fromMs));
    this.#keptToMs = Math.max(this.#keptToMs, Math.round(toMs));
    this.#reason = null;
    return steps;
  }

  /** A file that was {@link lost} is found to be whole up to `toMs`; why it ends there is known already. */
  found(toMs: number): void {
    this.#keptToMs = Math.max(this.#keptToMs, Math.round(toMs));
    this.#unsureToMs = 0;
  }

  /** Nothing is kept from now on, because of this. */
  trouble(reason: GapReason): GapStep[] {
    this.#reason = reason;
    if (!this.#open || isSame(this.#open, reason)) return [];
    this.#open = reason;
    return [{ type: 'because', reason }];
  }

  /**
   * A file that was being written since `fromMs` is lost: how much of it was kept is told soon, by {@link found}. Until
   * then, or for {@link UNSURE_MS}, no hole begins.
   */
  lost(fromMs: number, reason: GapReason): GapStep[] {
    this.#unsureToMs = this.#keptToMs + UNSURE_MS;
    this.#keptToMs = Math.min(this.#keptToMs, Math.round(fromMs));
    return this.trouble(reason);
  }

  /** Time has passed. */
  tick(nowMs: number): GapStep[] {
    if (this.#open || nowMs - this.#keptToMs < GAP_MIN_MS || nowMs < this.#unsureToMs) return [];
    this.#open = this.#reason ?? UNKNOWN;
    return [{ type: 'begin', fromMs: this.#keptToMs, reason: this.#open }];
  }

  /** Nothing more is to be recorded from `atMs` on: no hole goes on beyond it. */
  ended(atMs: number): GapStep[] {
    return this.#until(atMs);
  }

  #until(atMs: number): GapStep[] {
    const fromMs = this.#keptToMs;
    if (this.#open) {
      this.#open = null;
      return [{ type: 'end', toMs: Math.max(atMs, fromMs) }];
    }
    if (atMs - fromMs < GAP_MIN_MS) return [];
    return [{ type: 'whole', fromMs, toMs: atMs, reason: this.#reason ?? UNKNOWN }];
  }
}

function isSame(one: GapReason, other: GapReason): boolean {
  return one.cause === other.cause && one.detail === other.detail;
}
