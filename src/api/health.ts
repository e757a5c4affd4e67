import { type Clock, deadline } from '../core/clock.ts';
import { CitywatchError, messageOf } from '../core/errors.ts';
import { orAborted } from '../core/mechanisms/abort.ts';
import type { HealthSource, PartHealth, PartName, Parts, ReaderStanding } from './deps.ts';

/**
 * How one part is asked: resolves when it is well (with a sentence, where somebody should know something all the same),
 * rejects with the reason when it is not.
 */
export type Check = (signal: AbortSignal) => unknown;

/** A part that has not answered by then counts as down: the answer to "are you well" must not hang itself. */
const CHECK_DEADLINE_MS = 2_000;
/** Many may ask at once; the parts are asked once a second. */
const FRESH_MS = 1_000;

export interface PartCheck {
  /** Whether the gateway is not ready without it. */
  needed: boolean;
  check: Check;
}

export interface HealthDeps {
  clock: Clock;
  checks: Record<PartName, PartCheck> & Record<string, PartCheck>;
  readers(): ReaderStanding[];
}

/** Asks every part, at most once a second, each under its own deadline. */
export class Health implements HealthSource {
  readonly #clock: Clock;
  readonly #checks: HealthDeps['checks'];
  readonly #readers: HealthDeps['readers'];
  #last: { atMs: number; answer: Promise<Parts> } | null = null;

  constructor({ clock, checks, readers }: HealthDeps) {
    this.#clock = clock;
    this.#checks = checks;
    this.#readers = readers;
  }

  readers(): ReaderStanding[] {
    return this.#readers();
  }

  check(): Promise<Parts> {
    const nowMs = this.#clock.monotonicMs();
    if (this.#last && nowMs - this.#last.atMs < FRESH_MS) return this.#last.answer;
    const answer = this.#ask();
    this.#last = { atMs: nowMs, answer };
    return answer;
  }

  async #ask(): Promise<Parts> {
    const parts = Object.entries(this.#checks);
    const answers = await Promise.all(parts.map(async ([name, part]) => [name, await this.#one(part)] as const));
    return Object.fromEntries(answers) as Parts;
  }

  async #one({ needed, check }: PartCheck): Promise<PartHealth> {
    const limit = deadline(this.#clock, CHECK_DEADLINE_MS);
    try {
      const note = await orAborted(Promise.resolve(check(limit.signal)), limit.signal);
      return { ok: true, needed, ...(typeof note === 'string' && { reason: note }) };
    } catch (error) {
      const reason = error instanceof CitywatchError ? (error.detail ?? error.message) : messageOf(error);
      return { ok: false, needed, reason };
    } finally {
      limit.cancel();
    }
  }
}
