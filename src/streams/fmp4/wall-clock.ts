import type { ParsedFragment } from './parser.ts';

/** A fragment with the time of its first picture. */
export interface Fragment extends ParsedFragment {
  /** By the gateway's clock at receipt, Unix ms, not rounded; never before that of the fragment it follows. */
  startsAtMs: number;
}

/** A fragment that begins this far from the end of the one before is told by its receipt, else by that end. */
const DRIFT_MAX_MS = 1_000;
/** Time that is ahead of the clock is not taken back: it passes at this rate until the clock has caught up. */
const SLOWEST = 0.5;

/**
 * Tells when the pictures of one stream were taken, over all its runs, as far as their receipt tells. Receipt jitters
 * by what the network and ffmpeg hold back, so within a run fragments follow each other. A pause moves the time on;
 * what would move it back (the machine's clock is set back, a camera sends what a pause held up) only makes it slower,
 * so that pictures in order have times in order.
 */
export class WallClock {
  #last: Fragment | null = null;
  #follows = false;

  /** The next fragment begins a run: it need not follow the one before. */
  begin(): void {
    this.#follows = false;
  }

  /** `fragment`, received at `atMs` (Unix time), with its time. */
  stamp(fragment: ParsedFragment, atMs: number): Fragment {
    const startsAtMs = this.#startOf(atMs - fragment.durationMs);
    this.#follows = true;
    this.#last = { ...fragment, startsAtMs };
    return this.#last;
  }

  #startOf(toldMs: number): number {
    if (!this.#last) return toldMs;
    const { startsAtMs, durationMs } = this.#last;
    const dueMs = startsAtMs + durationMs;
    if (this.#follows && Math.abs(toldMs - dueMs) <= DRIFT_MAX_MS) return dueMs;
    return Math.max(toldMs, startsAtMs + durationMs * SLOWEST);
  }
}
