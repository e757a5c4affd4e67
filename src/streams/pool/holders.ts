import { USES, type Use } from './uses.ts';

/** Who holds a pull, by what for. */
export class Holders {
  readonly #counts = new Map<Use, number>();
  #total = 0;

  get total(): number {
    return this.#total;
  }

  /** What it is held for at present, the most urgent first. */
  get uses(): Use[] {
    return USES.filter((use) => (this.#counts.get(use) ?? 0) > 0);
  }

  change(use: Use, by: 1 | -1): void {
    this.#counts.set(use, (this.#counts.get(use) ?? 0) + by);
    this.#total += by;
  }
}
