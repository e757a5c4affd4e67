import type { Clock } from '../../core/clock.ts';
import type { PtzHead, Velocity } from '../onvif/services/ptz.ts';
import type { AskOptions } from '../onvif/services/services.ts';

export interface DriverDeps {
  clock: Clock;
  /** Told of a stop that the camera did not take. */
  failed(error: unknown): void;
}

/** Without another order to move the camera is told to stop after so long: whoever moved it may be gone. */
export const DEADMAN_MS = 800;
/** One order to move may take so long, and a stop. */
const ORDER_MS = 2_000;
const STOP_MS = 1_000;
const STOP_TRIES = 3;

/**
 * Drives one head: one order at a time, and only the newest counts. A head that moves is stopped {@link DEADMAN_MS}
 * after the last order to move, whatever is on its way then; the camera also stops by itself a second after it.
 */
export class PtzDriver {
  readonly #deps: DriverDeps;
  readonly #head: PtzHead;
  #under = new AbortController();
  #last: Promise<unknown> = Promise.resolve();
  #disarm: (() => void) | null = null;

  constructor(head: PtzHead, deps: DriverDeps) {
    this.#head = head;
    this.#deps = deps;
  }

  get isMoving(): boolean {
    return this.#disarm !== null;
  }

  async move(velocity: Velocity): Promise<void> {
    this.#disarm?.();
    this.#disarm = this.#deps.clock.after(DEADMAN_MS, () => {
      void this.stop().catch((error: unknown) => this.#deps.failed(error));
    });
    await this.#order((how) => this.#head.move(velocity, how), ORDER_MS);
  }

  /** Tries more than once: a head that does not stop is worse than one that does not move. */
  async stop(): Promise<void> {
    this.#disarm?.();
    this.#disarm = null;
    await this.#order(async (how) => {
      for (let left = STOP_TRIES - 1; ; left -= 1) {
        try {
          return await this.#head.stop(how);
        } catch (error) {
          if (left === 0 || how.signal?.aborted) throw error;
        }
      }
    }, STOP_MS);
  }

  async goto(token: string): Promise<void> {
    this.#disarm?.();
    this.#disarm = null;
    await this.#order((how) => this.#head.goto(token, how), ORDER_MS);
  }

  /** Orders that a newer one has overtaken end without a word. */
  async #order(send: (how: AskOptions) => Promise<void>, deadlineMs: number): Promise<void> {
    this.#under.abort();
    const own = new AbortController();
    this.#under = own;
    const before = this.#last;
    const sent = before.then(() => (own.signal.aborted ? undefined : send({ deadlineMs, signal: own.signal })));
    this.#last = sent.catch(() => {});
    await sent.catch((error: unknown) => {
      if (!own.signal.aborted) throw error;
    });
  }
}
