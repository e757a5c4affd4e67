import { InTurnByKey } from '../../../core/mechanisms/one-at-a-time.ts';
import type { DeviceIdentity } from '../../../core/types.ts';

/**
 * Senders that are not in memory: each is looked for, and meanwhile its messages stay in their order, also when it
 * becomes known before the first of them is taken.
 */
export class Strangers {
  readonly #find: (id: string) => Promise<DeviceIdentity | undefined>;
  readonly #turns = new InTurnByKey<string>();
  readonly #waiting = new Map<string, number>();

  constructor(find: (id: string) => Promise<DeviceIdentity | undefined>) {
    this.#find = find;
  }

  /** Whether messages of it wait: those behind them must wait as well. */
  has(id: string): boolean {
    return this.#waiting.has(id);
  }

  /** Rejects as the search does, or `take`. */
  async take<Result>(id: string, take: (device: DeviceIdentity | undefined) => Promise<Result>): Promise<Result> {
    this.#waiting.set(id, (this.#waiting.get(id) ?? 0) + 1);
    try {
      return await this.#turns.run(id, async () => take(await this.#find(id)));
    } finally {
      const left = (this.#waiting.get(id) ?? 1) - 1;
      if (left === 0) this.#waiting.delete(id);
      else this.#waiting.set(id, left);
    }
  }
}
