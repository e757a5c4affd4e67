import { CitywatchError } from '../../../core/errors.ts';
import type { KindRates } from './rate-budget.ts';

/**
 * The messages of a broker that wait for the turn of their kind. Messages of other kinds are taken meanwhile; their
 * acknowledgements wait behind these, because MQTT wants them in order, so the broker may reach our receive maximum.
 */
export class Turns {
  readonly #kinds: KindRates;
  readonly #waiting = new Set<() => void>();

  constructor(kinds: KindRates) {
    this.#kinds = kinds;
  }

  /** Resolves when a message of the kind may be taken; rejects with `ingest.unavailable` when that is given up. */
  async enter(kind: string): Promise<void> {
    if (this.#kinds.take(kind) === 0) return;
    await new Promise<void>((resolve, reject) => {
      const leave = this.#kinds.wait(kind, () => {
        this.#waiting.delete(giveUp);
        resolve();
      });
      const giveUp = (): void => {
        leave();
        reject(new CitywatchError('ingest.unavailable'));
      };
      this.#waiting.add(giveUp);
    });
  }

  /** The connection is gone or we stop: what waits stays unacknowledged, and the broker sends it again. */
  giveUp(): void {
    for (const giveUp of this.#waiting) giveUp();
    this.#waiting.clear();
  }
}
