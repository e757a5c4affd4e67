/** What is due next of many things: a binary heap by time. */
export class Heap<Item> {
  readonly #items: { dueMs: number; item: Item }[] = [];

  get size(): number {
    return this.#items.length;
  }

  /** When the first of them is due; Infinity when there is none. */
  get dueMs(): number {
    return this.#items[0]?.dueMs ?? Number.POSITIVE_INFINITY;
  }

  clear(): void {
    this.#items.length = 0;
  }

  push(dueMs: number, item: Item): void {
    const items = this.#items;
    items.push({ dueMs, item });
    let at = items.length - 1;
    while (at > 0) {
      const above = (at - 1) >> 1;
      if (items[above]!.dueMs <= items[at]!.dueMs) return;
      [items[above], items[at]] = [items[at]!, items[above]!];
      at = above;
    }
  }

  /** Takes the first out; null when there is none. */
  pop(): Item | null {
    const items = this.#items;
    const first = items[0];
    const last = items.pop();
    if (!first || !last) return null;
    if (items.length > 0) {
      items[0] = last;
      this.#sink();
    }
    return first.item;
  }

  #sink(): void {
    const items = this.#items;
    for (let at = 0; ; ) {
      let least = at;
      for (const below of [2 * at + 1, 2 * at + 2]) {
        if (below < items.length && items[below]!.dueMs < items[least]!.dueMs) least = below;
      }
      if (least === at) return;
      [items[least], items[at]] = [items[at]!, items[least]!];
      at = least;
    }
  }
}
