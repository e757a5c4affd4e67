/**
 * Due times by key, kept in one-second slots. A key has at most one entry: a later due time is found when the old slot
 * comes up, so resetting the clock of a device that reports twenty times a second costs one map write.
 */
export class Timers {
  readonly #due = new Map<string, number>();
  readonly #slots = new Map<number, string[]>();
  #nextSlot: number | null = null;

  get size(): number {
    return this.#due.size;
  }

  set(key: string, dueAtMs: number): void {
    const before = this.#due.get(key);
    this.#due.set(key, dueAtMs);
    if (before === undefined || dueAtMs < before) this.#enter(key, dueAtMs);
  }

  cancel(key: string): void {
    this.#due.delete(key);
  }

  /** Removes and returns the keys due at or before `nowMs`, earliest first. */
  take(nowMs: number): { key: string; dueAtMs: number }[] {
    if (this.#nextSlot === null) return [];
    const taken: { key: string; dueAtMs: number }[] = [];
    const last = slotOf(nowMs);
    // Asked for every message, and most come within the same second.
    if (last === this.#nextSlot && !this.#slots.has(last)) return taken;
    for (const slot of this.#slotsUpTo(last)) {
      const keys = this.#slots.get(slot) ?? [];
      this.#slots.delete(slot);
      for (const key of keys) this.#look(key, nowMs, taken);
    }
    this.#nextSlot = last;
    return taken.sort((a, b) => a.dueAtMs - b.dueAtMs);
  }

  #look(key: string, nowMs: number, taken: { key: string; dueAtMs: number }[]): void {
    const dueAtMs = this.#due.get(key);
    if (dueAtMs === undefined) return;
    if (dueAtMs <= nowMs) {
      this.#due.delete(key);
      taken.push({ key, dueAtMs });
    } else {
      this.#enter(key, dueAtMs);
    }
  }

  /** After a long pause there are fewer slots in use than seconds gone by, so the shorter list is walked. */
  #slotsUpTo(last: number): number[] {
    const first = this.#nextSlot ?? last;
    if (last - first > this.#slots.size) {
      return [...this.#slots.keys()].filter((slot) => slot <= last).sort((a, b) => a - b);
    }
    return Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => first + index);
  }

  #enter(key: string, dueAtMs: number): void {
    const slot = slotOf(dueAtMs);
    const keys = this.#slots.get(slot);
    if (keys) keys.push(key);
    else this.#slots.set(slot, [key]);
    if (this.#nextSlot === null || slot < this.#nextSlot) this.#nextSlot = slot;
  }
}

function slotOf(atMs: number): number {
  return Math.floor(atMs / 1000);
}
