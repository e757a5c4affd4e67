/** How many times as fast as it was. */
export const SPEEDS = [1, 2, 4, 8, 16, 32, 64] as const;
export type Speed = (typeof SPEEDS)[number];

/** Nobody is waited for longer: a camera that has no picture holds up no other. */
const WAIT_MAX_MS = 6_000;

/**
 * The moment that several cameras play together, Unix ms. It stands still while one of them waits for pictures, so that
 * all stay in step; not for long, and not again for the same one before that has gone on.
 */
export class PlaybackClock {
  readonly #now: () => number;
  readonly #waiting = new Map<string, number>();
  #atMs: number;
  #sinceMs: number;
  #speed: Speed = 1;
  #plays = true;

  /** `now`: milliseconds that only grow. */
  constructor(atMs: number, now: () => number) {
    this.#now = now;
    this.#atMs = atMs;
    this.#sinceMs = now();
  }

  get positionMs(): number {
    this.#settle();
    return this.#atMs;
  }

  get plays(): boolean {
    return this.#plays;
  }

  get speed(): Speed {
    return this.#speed;
  }

  /** Whether it stands still because somebody waits. */
  get isHeld(): boolean {
    return this.#plays && this.#heldUntilMs() > this.#now();
  }

  play(plays: boolean): void {
    this.#settle();
    this.#plays = plays;
  }

  seek(atMs: number): void {
    this.#atMs = atMs;
    this.#sinceMs = this.#now();
    this.#waiting.clear();
  }

  hasten(speed: Speed): void {
    this.#settle();
    this.#speed = speed;
  }

  /** Whether the camera `key` has no picture of this moment yet. */
  wait(key: string, waits: boolean): void {
    if (waits === this.#waiting.has(key)) return;
    this.#settle();
    if (waits) this.#waiting.set(key, this.#now());
    else this.#waiting.delete(key);
  }

  #heldUntilMs(): number {
    return Math.max(Number.NEGATIVE_INFINITY, ...[...this.#waiting.values()].map((since) => since + WAIT_MAX_MS));
  }

  /** Counts the time that has passed, less that in which somebody was waited for. */
  #settle(): void {
    const now = this.#now();
    const from = Math.max(this.#sinceMs, Math.min(now, this.#heldUntilMs()));
    if (this.#plays) this.#atMs += (now - from) * this.#speed;
    this.#sinceMs = now;
  }
}
