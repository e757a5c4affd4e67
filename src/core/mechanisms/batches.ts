import { CitywatchError } from '../errors.ts';

export interface BatchesOptions<Item, Result> {
  /** Does all items together, or none of them; the results stand in the same order. */
  run(items: Item[]): Promise<Result[]>;
  /** Items of one run at most. */
  max: number;
}

interface Entry<Item, Result> {
  item: Item;
  resolve(result: Result): void;
  reject(error: unknown): void;
}

/**
 * Does together what comes in while the last run is under way, so that a single item never waits for company and a
 * thousand take a handful of runs. When a run is refused, each of its items is tried alone, so that a poisoned one
 * fails by itself; a failure that may pass (a server that is away) is everyone's. Holds what its callers wait for:
 * they are the limit.
 */
export class Batches<Item, Result> {
  readonly #options: BatchesOptions<Item, Result>;
  #waiting: Entry<Item, Result>[] = [];
  #running = false;

  constructor(options: BatchesOptions<Item, Result>) {
    this.#options = options;
  }

  add(item: Item): Promise<Result> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ item, resolve, reject });
      if (!this.#running) void this.#drain();
    });
  }

  /** Never rejects: every error goes to those who wait. */
  async #drain(): Promise<void> {
    this.#running = true;
    while (this.#waiting.length > 0) {
      // Whoever is read from a socket in the same turn of the event loop comes along.
      await new Promise((resolve) => setImmediate(resolve));
      const entries = this.#waiting.splice(0, this.#options.max);
      await this.#together(entries);
    }
    this.#running = false;
  }

  async #together(entries: Entry<Item, Result>[]): Promise<void> {
    try {
      const results = await this.#options.run(entries.map(({ item }) => item));
      for (const [index, { resolve }] of entries.entries()) resolve(results[index] as Result);
    } catch (error) {
      if (entries.length > 1 && !(error instanceof CitywatchError && error.retryable)) {
        for (const entry of entries) await this.#together([entry]);
      } else {
        for (const { reject } of entries) reject(error);
      }
    }
  }
}
