import type { ConditionState } from '../conditions/condition.ts';

/**
 * The states of one subject by their keys. Subjects of one kind have mostly the same keys, so those that are of a whole
 * rule lie in one row, in places that the kind has once: with ten thousand devices, what a reading waits for is memory.
 */
export class States {
  readonly #places: Places;
  readonly #row: (ConditionState | undefined)[] = [];
  /** Of parts, such as lanes. */
  #parts: Map<string, ConditionState> | null = null;

  constructor(places: Places) {
    this.#places = places;
  }

  get(key: string): ConditionState | undefined {
    const place = this.#places.get(key);
    return place === undefined ? this.#parts?.get(key) : this.#row[place];
  }

  set(key: string, state: ConditionState): void {
    const place = this.#placeOf(key);
    if (place === null) {
      this.#parts ??= new Map();
      this.#parts.set(key, state);
      return;
    }
    while (this.#row.length <= place) this.#row.push(undefined);
    this.#row[place] = state;
  }

  /** Whether there was one. */
  delete(key: string): boolean {
    const place = this.#places.get(key);
    if (place === undefined) return this.#parts?.delete(key) ?? false;
    const had = this.#row[place] !== undefined;
    if (had) this.#row[place] = undefined;
    return had;
  }

  *[Symbol.iterator](): Generator<[string, ConditionState]> {
    for (const [key, place] of this.#places) {
      const state = this.#row[place];
      if (state) yield [key, state];
    }
    if (this.#parts) yield* this.#parts;
  }

  *keys(): Generator<string> {
    for (const [key] of this) yield key;
  }

  #placeOf(key: string): number | null {
    const known = this.#places.get(key);
    if (known !== undefined) return known;
    if (key.includes('#')) return null;
    this.#places.set(key, this.#places.size);
    return this.#places.size - 1;
  }
}

/** Of one kind: where the state of each rule lies. Rules that are gone keep their places until the next start. */
export type Places = Map<string, number>;
