/** A connection that stopped reading because the budget was spent. */
export interface Waiting {
  budgetFreed(): void;
}

/**
 * Bytes that may be held for all connections together. Who finds it `spent` stops reading and is called, first come
 * first served, once a quarter of it is free again.
 */
export class ByteBudget {
  readonly #maxBytes: number;
  readonly #waiting = new Set<Waiting>();
  bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get spent(): boolean {
    return this.bytes >= this.#maxBytes;
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  take(bytes: number): void {
    this.bytes += bytes;
  }

  wait(who: Waiting): void {
    this.#waiting.add(who);
  }

  forget(who: Waiting): void {
    this.#waiting.delete(who);
  }

  give(bytes: number): void {
    this.bytes -= bytes;
    if (this.#waiting.size === 0 || this.bytes > this.#maxBytes * 0.75) return;
    for (const who of this.#waiting) {
      if (this.spent) return;
      this.#waiting.delete(who);
      who.budgetFreed();
    }
  }
}
