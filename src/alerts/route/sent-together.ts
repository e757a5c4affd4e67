import type { Clock } from '../../core/clock.ts';
import type { Claim } from '../../platform/work/work.ts';
import type { Outbox, Outcome } from './outbox.ts';

/** An answer that takes longer is not waited for. */
const HELD_MAX_MS = 50;

/**
 * Writes down how attempts for one key ended, those with one statement that come close behind each other. What is held
 * when the process dies is sent again, as if it had died before it wrote that.
 */
export class SentTogether {
  readonly #outbox: Pick<Outbox, 'settle'>;
  readonly #clock: Pick<Clock, 'after'>;
  #held: Outcome[] = [];
  #stop: (() => void) | null = null;
  #underWay: Promise<unknown> = Promise.resolve();

  constructor(outbox: Pick<Outbox, 'settle'>, clock: Pick<Clock, 'after'>) {
    this.#outbox = outbox;
    this.#clock = clock;
  }

  /** Written with what is settled next, and within 50 ms. */
  hold(outcome: Outcome): void {
    this.#held.push(outcome);
    this.#stop ??= this.#clock.after(HELD_MAX_MS, () => {
      this.#underWay = Promise.all([this.#underWay, this.#write(null)]);
      // Whoever settles next meets the error.
      this.#underWay.catch(() => {});
    });
  }

  /** As {@link Outbox.settle}, once all that was held is written: a claim ends only with the last of them. */
  async settle(outcome: Outcome, claim: Claim | null): Promise<Claim | 'ended' | null> {
    await this.#underWay;
    this.#held.push(outcome);
    return await this.#write(claim);
  }

  async settleRest(): Promise<void> {
    await this.#underWay;
    if (this.#held.length > 0) await this.#write(null);
  }

  #write(claim: Claim | null): Promise<Claim | 'ended' | null> {
    this.#stop?.();
    this.#stop = null;
    return this.#outbox.settle({ outcomes: this.#held.splice(0), claim });
  }
}
