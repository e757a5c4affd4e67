import type { Clock } from '../../../core/clock.ts';
import { backoffMs, jittered } from '../../../core/mechanisms/backoff.ts';
import { type Random, systemRandom } from '../../../core/random.ts';
import type { NewMessage, Receipt } from '../../../core/types.ts';
import type { MqttStats } from './stats.ts';

export interface WillDeps {
  accept(message: NewMessage): Promise<Receipt>;
  clock: Clock;
  stats: MqttStats;
  waitingMax: number;
  /** {@link systemRandom} unless a test brings its own. */
  random?: Random;
}

const TRIES_MAX = 10;
const RETRY_PAUSES = { minMs: 200, maxMs: 5_000 };
const SPREAD = [0.75, 1.25] as const;

/**
 * Delivers what devices asked us to say when they vanish. A will is tried about half a minute while the journal refuses
 * it; `superseded` stops that, because an old "offline" must not follow the device's own newer word.
 */
export class WillQueue {
  readonly #deps: WillDeps;
  readonly #end = new AbortController();
  #waiting = 0;

  constructor(deps: WillDeps) {
    this.#deps = deps;
  }

  async deliver(message: NewMessage, superseded: () => boolean): Promise<void> {
    const { stats, waitingMax } = this.#deps;
    if (this.#waiting >= waitingMax) {
      stats.willsLost += 1;
      return;
    }
    this.#waiting += 1;
    const delivered = await this.#attempt(message, superseded);
    this.#waiting -= 1;
    if (delivered) stats.wills += 1;
    else stats.willsLost += 1;
  }

  close(): void {
    this.#end.abort();
  }

  async #attempt(message: NewMessage, superseded: () => boolean): Promise<boolean> {
    const { accept, clock } = this.#deps;
    for (let tries = 0; tries < TRIES_MAX; tries += 1) {
      if (tries > 0 && (this.#end.signal.aborted || superseded())) return false;
      try {
        await accept(message);
        return true;
      } catch {
        await clock.sleep(
          jittered(backoffMs(RETRY_PAUSES, tries), this.#deps.random ?? systemRandom, SPREAD),
          this.#end.signal,
        );
      }
    }
    return false;
  }
}
