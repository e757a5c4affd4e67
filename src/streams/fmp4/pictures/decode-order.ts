/** Most pictures that one can be shown before although they are decoded earlier (H.264 A.3.1, H.265 A.4.2). */
const REORDER_MAX = 16;
/** Times that a stream may go back further than its pictures can be out of order, before its order is not believed. */
const RESTARTS_MAX = 3;

/** When a picture is decoded and shown, in ticks. */
export interface PictureTimes {
  decoded: number;
  shown: number;
}

/**
 * Tells when pictures are decoded, which only say when they are shown: each as it comes, the n-th at the n-th of all
 * times of showing, later by as many pictures as may be out of order (B-frames). Where the stream does not say how
 * many these are, it is learnt from it. Decode times always grow, and no two pictures are shown at once.
 */
export class DecodeOrder {
  readonly #most: number;
  readonly #usual: number;
  #depth: number;
  /** Times of showing that are not yet given to a picture as its decode time, in order. */
  readonly #waiting: number[] = [];
  /** Times of showing of the pictures before, as they came. */
  readonly #recent: number[] = [];
  #held = 0;
  #decoded = Number.NEGATIVE_INFINITY;
  #newest = Number.NEGATIVE_INFINITY;
  #shift = 0;
  #restarts = 0;

  /** `reorder`: how many pictures may be out of order, null where that is not known; `usual`: ticks of a picture. */
  constructor(reorder: number | null, usual: number) {
    this.#most = Math.min(reorder ?? REORDER_MAX, REORDER_MAX);
    this.#depth = reorder === null ? 0 : this.#most;
    this.#usual = usual;
  }

  /** The times of the next picture, which says it is shown at `told`; null where its stream has no order. */
  next(told: number): PictureTimes | null {
    const shown = this.#shownAt(told + this.#shift);
    if (shown === null) return null;
    this.#remember(shown);
    const due = this.#waiting.length > this.#depth ? this.#waiting.shift()! : this.#beforeFirst(shown);
    this.#decoded = Math.max(due, this.#decoded + 1);
    return { decoded: this.#decoded, shown };
  }

  #shownAt(wanted: number): number | null {
    let shown = wanted;
    const later = this.#recent.filter((one) => one > shown).length;
    if (later > this.#most) {
      // Its clock went back: time goes on from the newest picture.
      this.#restarts += 1;
      if (this.#restarts > RESTARTS_MAX) return null;
      this.#shift += this.#newest + this.#usual - shown;
      shown = this.#newest + this.#usual;
    } else this.#depth = Math.max(this.#depth, later);
    while (this.#recent.includes(shown)) shown += 1;
    return shown;
  }

  #remember(shown: number): void {
    this.#newest = Math.max(this.#newest, shown);
    this.#recent.push(shown);
    if (this.#recent.length > REORDER_MAX + 1) this.#recent.shift();
    const at = this.#waiting.findLastIndex((one) => one < shown);
    this.#waiting.splice(at + 1, 0, shown);
  }

  /** Of the first pictures, whose times of showing belong to later ones. */
  #beforeFirst(shown: number): number {
    if (this.#decoded === Number.NEGATIVE_INFINITY) this.#held = this.#depth;
    else this.#held = Math.max(0, this.#held - 1);
    const first = this.#waiting[0] ?? shown;
    return Math.max(0, first - this.#held * this.#usual);
  }
}
