import type { Fragment } from './wall-clock.ts';

/** A part that is not the last of its segment lasts at least so much of the target (RFC 8216bis §4.4.4.9). */
const SHORTEST_SHARE = 0.85;
/** Stamps of pictures jitter; much more, and a part that ends at a key frame would be too short. */
const ROOM = 1.03;
/** Fragments after which it is known how long they are. */
const LEARNT_AFTER = 5;

/**
 * Whether the fragments of a camera can be the parts of low-latency HLS, and how long they are at most. A playlist
 * that promised a length keeps it; a camera whose fragments do not (key frames at odd times, a clock that wanders) is
 * shown without parts until every player is gone.
 */
export class PartRule {
  #seen = 0;
  #longestMs = 0;
  #shortestMs = Number.POSITIVE_INFINITY;
  #promisedMs: number | null = null;

  /** A fragment came; `before` is the one it follows in its segment, if there is one. */
  note(fragment: Fragment, before: Fragment | undefined): void {
    this.#seen += 1;
    this.#longestMs = Math.max(this.#longestMs, fragment.durationMs);
    if (before) this.#shortestMs = Math.min(this.#shortestMs, before.durationMs);
  }

  /** Whether it is known by now if there are parts. */
  get known(): boolean {
    return this.#seen >= LEARNT_AFTER;
  }

  /** What no part is longer than, ms; null where there are none. */
  get targetMs(): number | null {
    const ms = this.#promisedMs ?? Math.ceil(this.#longestMs * ROOM);
    const keeps = this.#longestMs <= ms && this.#shortestMs >= ms * SHORTEST_SHARE;
    return this.known && keeps ? ms : null;
  }

  /** Whether a fragment is too short to be followed by another part of its segment. */
  isShort({ durationMs }: Fragment): boolean {
    const { targetMs } = this;
    return targetMs !== null && durationMs < targetMs * SHORTEST_SHARE;
  }

  /** Holds {@link targetMs} to what a player is told now. */
  promise(): number | null {
    this.#promisedMs ??= this.targetMs;
    return this.targetMs;
  }

  /** Every player is gone: the next is promised what was learnt, unless that was of no use. */
  reset(): void {
    const isOfUse = this.targetMs !== null;
    this.#promisedMs = null;
    if (isOfUse) return;
    this.#seen = 0;
    this.#longestMs = 0;
    this.#shortestMs = Number.POSITIVE_INFINITY;
  }
}
