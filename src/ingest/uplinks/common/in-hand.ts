import type { Clock } from '../../../core/clock.ts';
import type { UplinkStatus } from '../uplink.ts';

const STOP_POLL_MS = 5;

/** Of an uplink whose connections are somebody else's: whether it takes messages, and what it still has in hand. */
export class InHand {
  readonly #clock: Clock;
  #count = 0;
  #reason: string | null = 'not started yet';

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Whether it was started and not stopped. */
  get isOpen(): boolean {
    return this.#reason === null;
  }

  open(): void {
    this.#reason = null;
  }

  /** Takes nothing more, and resolves once nothing is in hand, or at `signal`. */
  async close(signal: AbortSignal): Promise<void> {
    this.#reason = 'stopped';
    while (this.#count > 0 && !signal.aborted) await this.#clock.sleep(STOP_POLL_MS, signal);
  }

  /** Without addresses: those are told by whoever has the connections. */
  status(): UplinkStatus {
    return { ok: this.isOpen, reason: this.#reason, urls: [] };
  }

  /** Has a message in hand until `work` has ended. */
  async hold<Result>(work: () => Promise<Result>): Promise<Result> {
    this.#count += 1;
    try {
      return await work();
    } finally {
      this.#count -= 1;
    }
  }
}
