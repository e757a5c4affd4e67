/** Rows that are drawn, and where; heights in CSS px. */
export interface Span {
  /** First row, and the one behind the last. */
  from: number;
  to: number;
}

/** Rows drawn beyond what can be seen, at each side. */
const BEYOND = 8;
/** However high the window and however low the rows. */
const ROWS_MAX = 90;

/**
 * The heights of a long list of which few rows are drawn: those that were measured, and for the others what rows
 * usually have. Asked by index; rows are known by id, since they move.
 */
export class Heights {
  readonly gap: number;
  readonly #known = new Map<string, number>();
  #usual: number;
  #tops: number[] = [0];
  /** What stands in `#tops`; null: a height is another by now. */
  #laid: readonly string[] | null = null;

  /** `usual`: height of a row before any was measured; `gap` lies between rows. */
  constructor(usual: number, gap: number) {
    this.#usual = usual;
    this.gap = gap;
  }

  /** Takes in the rows as they stand now; the same ones cost nothing. */
  lay(ids: readonly string[]): void {
    if (this.#laid === ids) return;
    this.#laid = ids;
    const tops = [0];
    let top = 0;
    for (const id of ids) {
      top += (this.#known.get(id) ?? this.#usual) + this.gap;
      tops.push(top);
    }
    this.#tops = tops;
    if (this.#known.size > 4 * ids.length + 1_000) this.#forget(ids);
  }

  /** A row was drawn with this height. Answers whether rows stand elsewhere because of that. */
  measure(id: string, height: number): boolean {
    if (height <= 0) return false;
    const before = this.#known.get(id) ?? this.#usual;
    if (this.#known.size === 0) this.#usual = height;
    this.#known.set(id, height);
    if (before === height) return false;
    this.#laid = null;
    return true;
  }

  top(index: number): number {
    return this.#tops[index] ?? 0;
  }

  get total(): number {
    return Math.max(0, (this.#tops.at(-1) ?? 0) - this.gap);
  }

  /** Which rows are to be drawn to fill what lies between two places of the list. */
  span(fromPx: number, toPx: number): Span {
    const count = this.#tops.length - 1;
    const first = Math.max(0, this.at(fromPx) - BEYOND);
    const last = Math.min(count, this.at(toPx) + 1 + BEYOND);
    return { from: first, to: Math.min(last, first + ROWS_MAX) };
  }

  /** The row at a place, by halves. */
  at(px: number): number {
    let [low, high] = [0, Math.max(0, this.#tops.length - 2)];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.top(middle) <= px) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  #forget(ids: readonly string[]): void {
    const there = new Set(ids);
    for (const id of this.#known.keys()) if (!there.has(id)) this.#known.delete(id);
  }
}
