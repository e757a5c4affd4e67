/**
 * Timers of many, by the second: what is due is found without a look at the rest, so that a tick costs what is due and
 * not what there is. Each has one time at most, and an earlier one replaces it; a later one does not, because whoever
 * is asked too early says when to ask again.
 */
export class Wheel<Key> {
  readonly #buckets = new Map<number, Key[]>();
  readonly #armed = new Map<Key, number>();
  #doneS: number;

  constructor(nowMs: number) {
    this.#doneS = Math.floor(nowMs / 1_000);
  }

  /** Those that have a time. */
  get size(): number {
    return this.#armed.size;
  }

  /** To be asked at `atMs`, rounded up to the second. */
  arm(key: Key, atMs: number): void {
    const second = Math.max(this.#doneS + 1, Math.ceil(atMs / 1_000));
    const before = this.#armed.get(key);
    if (before !== undefined && before <= second) return;
    this.#armed.set(key, second);
    const bucket = this.#buckets.get(second);
    if (bucket) bucket.push(key);
    else this.#buckets.set(second, [key]);
  }

  forget(key: Key): void {
    this.#armed.delete(key);
  }

  /** All that are due, each once; they have no time any more. */
  due(nowMs: number): Key[] {
    const last = Math.floor(nowMs / 1_000);
    const due: Key[] = [];
    for (; this.#doneS < last; this.#doneS += 1) {
      const second = this.#doneS + 1;
      for (const key of this.#buckets.get(second) ?? []) {
        if (this.#armed.get(key) !== second) continue;
        this.#armed.delete(key);
        due.push(key);
      }
      this.#buckets.delete(second);
    }
    return due;
  }
}
