/**
 * New rows that are drawn whole for one picture of the page. One costs 4 to 7 ms of layout and paint on a slow desk,
 * and a wheel turned fast brings ten at a time; a task over 50 ms is felt.
 */
export const NEW_PER_PICTURE = 2;

/**
 * Which rows of a long list are drawn whole. Where many come into sight at once all of them are sketched first: with a
 * wheel turned fast most are gone with the next picture. Those that stay are whole some pictures later.
 */
export class WholeRows {
  /** Told when rows that were sketched can be drawn whole. */
  onMore: () => void = () => undefined;
  readonly #nextPicture: (run: () => void) => void;
  #whole = new Set<string>();
  #drawn: ReadonlySet<string> = new Set();
  #list: readonly string[] | null = null;
  #left = NEW_PER_PICTURE;
  #isAsked = false;
  #areSketched = false;

  /** `nextPicture` runs what it is given before the next picture of the page is drawn. */
  constructor(nextPicture: (run: () => void) => void) {
    this.#nextPicture = nextPicture;
  }

  /** Which of `drawn` are drawn whole, those most wanted first. All are where `list` has none of those before. */
  of(list: readonly string[], drawn: readonly string[]): ReadonlySet<string> {
    const isOther = this.#isOther(list);
    this.#list = list;
    this.#whole = new Set(isOther ? drawn : drawn.filter((id) => this.#whole.has(id)));
    const come = drawn.filter((id) => !this.#drawn.has(id)).length;
    this.#drawn = new Set(drawn);
    if (come > NEW_PER_PICTURE) this.#left = 0;
    for (const id of drawn) {
      if (this.#left === 0) break;
      if (this.#whole.has(id)) continue;
      this.#whole.add(id);
      this.#left -= 1;
    }
    this.#areSketched = this.#whole.size < drawn.length;
    if (this.#left < NEW_PER_PICTURE) this.#refill();
    return this.#whole;
  }

  /** Whether it has other rows, as with other filters; one that grew while it is scrolled has the old ones, too. */
  #isOther(list: readonly string[]): boolean {
    return this.#list !== list && !list.some((id) => this.#drawn.has(id));
  }

  #refill(): void {
    if (this.#isAsked) return;
    this.#isAsked = true;
    this.#nextPicture(() => {
      this.#isAsked = false;
      this.#left = NEW_PER_PICTURE;
      if (this.#areSketched) this.onMore();
    });
  }
}
