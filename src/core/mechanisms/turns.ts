import type { Clock } from '../clock.ts';

/** So many at a time; who comes first is first. */
export class Turns {
  readonly #clock: Clock;
  #free: number;
  readonly #line = new Set<() => void>();

  constructor(clock: Clock, atOnce: number) {
    this.#clock = clock;
    this.#free = atOnce;
  }

  /** Resolves with true when it is the caller's turn, which ends with {@link leave}; with false after `withinMs`. */
  async enter(withinMs: number): Promise<boolean> {
    if (this.#free > 0) {
      this.#free -= 1;
      return true;
    }
    return await new Promise((resolve) => {
      const take = (): void => {
        giveUp();
        resolve(true);
      };
      const giveUp = this.#clock.after(withinMs, () => {
        this.#line.delete(take);
        resolve(false);
      });
      this.#line.add(take);
    });
  }

  leave(): void {
    const [next] = this.#line;
    if (!next) {
      this.#free += 1;
      return;
    }
    this.#line.delete(next);
    next();
  }
}
