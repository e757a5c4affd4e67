import type { Clock } from '../../core/clock.ts';

/** After a commit its work is begun at once; what has not been by then belongs to a transaction that failed. */
const BEGUN_WITHIN_MS = 2_000;
/** And is asked after this long: by then the transaction has come to its end, whatever that was. */
const ASKED_FOR_MS = 15_000;

/** Work that was offered room while it was noted and has not been begun. */
export class Offers {
  readonly #clock: Clock;
  readonly #byQueue = new Map<string, Map<string, number>>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  made(queue: string, key: string): void {
    const keys = this.#byQueue.get(queue) ?? new Map<string, number>();
    this.#byQueue.set(queue, keys.set(key, this.#clock.monotonicMs()));
  }

  /** It was begun, or its claim was not written. */
  ended(queue: string, key: string): void {
    this.#byQueue.get(queue)?.delete(key);
  }

  /** Keys whose transaction must have failed, or was committed without our being told. */
  overdue(queue: string): string[] {
    const keys = this.#byQueue.get(queue);
    if (!keys?.size) return [];
    const nowMs = this.#clock.monotonicMs();
    for (const [key, atMs] of keys) if (nowMs - atMs > ASKED_FOR_MS) keys.delete(key);
    return [...keys].filter(([, atMs]) => nowMs - atMs > BEGUN_WITHIN_MS).map(([key]) => key);
  }
}
