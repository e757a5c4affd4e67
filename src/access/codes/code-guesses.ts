import { type Clock, DAY_MS, MINUTE_MS } from '../../core/clock.ts';
import { CitywatchError } from '../../core/errors.ts';
import { backoffMs } from '../../core/mechanisms/backoff.ts';
import { BoundedMap } from '../../core/mechanisms/bounded.ts';

interface Guesses {
  count: number;
  lastAtMs: number;
}

/** Wrong codes of one person that cost nothing. */
const FREE = 10;
const PAUSE = { minMs: 30_000, maxMs: 15 * MINUTE_MS };
const PEOPLE_MAX = 20_000;

/**
 * Counts wrong six-digit codes by person, from wherever they come: three of a million are right at any moment, and
 * whoever has a password and many addresses would find one within hours (RFC 4226 §7.3). Recovery codes need no limit.
 */
export class CodeGuesses {
  readonly #clock: Clock;
  readonly #wrong = new BoundedMap<string, Guesses>(PEOPLE_MAX);

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Errors: `request.rate` while no further code of this person is compared. */
  check(person: string): void {
    const wrong = this.#wrong.get(person);
    if (!wrong || wrong.count < FREE) return;
    const leftMs = wrong.lastAtMs + backoffMs(PAUSE, wrong.count - FREE) - this.#clock.monotonicMs();
    if (leftMs <= 0) return;
    const retryAfterS = Math.ceil(leftMs / 1_000);
    const detail = `Too many wrong codes were tried for you: wait ${retryAfterS} s, or send a recovery code.`;
    throw new CitywatchError('request.rate', { retryAfterS, detail });
  }

  wrong(person: string): void {
    const lastAtMs = this.#clock.monotonicMs();
    const before = this.#wrong.get(person);
    const isOld = !before || lastAtMs - before.lastAtMs > DAY_MS;
    this.#wrong.set(person, { count: isOld ? 1 : before.count + 1, lastAtMs });
  }

  right(person: string): void {
    this.#wrong.delete(person);
  }
}
