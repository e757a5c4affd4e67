import { type Clock, MINUTE_MS } from '../../core/clock.ts';
import { CitywatchError } from '../../core/errors.ts';
import { backoffMs } from '../../core/mechanisms/backoff.ts';
import { BoundedMap } from '../../core/mechanisms/bounded.ts';

/** Who tries to log in, and from where: one address, or one /64 of IPv6. */
export interface LoginAttempt {
  name: string;
  address: string;
}

interface Failures {
  count: number;
  lastAtMs: number;
}

interface Patience {
  /** So many failures cost nothing. */
  free: number;
  /** Pause after the next one; each further one doubles it. */
  firstMs: number;
  maxMs: number;
}

/**
 * Wrong passwords for one name from one address: somebody guesses there. The pause stays below the time a request has.
 * For a name from anywhere, and from an address for any name, it is short: others are there who know their passwords.
 */
const PATIENCE = {
  pair: { free: 3, firstMs: 1_000, maxMs: 15_000 },
  name: { free: 20, firstMs: 250, maxMs: 2_000 },
  address: { free: 30, firstMs: 250, maxMs: 2_000 },
} satisfies Record<string, Patience>;
const FORGOTTEN_MS = 15 * MINUTE_MS;
const KEYS_MAX = 20_000;
/** Logins that may wait at the same time, so that guessing does not become faster by asking side by side. */
const WAITING_OF_PAIR = 4;
const WAITING_OF_ADDRESS = 256;

/**
 * Makes guessing slow and never locks anybody out: failures are counted by name and address and make the next login
 * wait before its password is compared, longer each time. The right password is taken after that wait.
 */
export class LoginGuard {
  readonly #clock: Clock;
  readonly #failures = new BoundedMap<string, Failures>(KEYS_MAX);
  readonly #waiting = new Map<string, number>();
  /** Logins that wait or are compared: each counts as a failure until it is none, or a crowd would be free. */
  readonly #underWay = new Map<string, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Runs `compare` when its turn has come. Errors: `request.rate` when too many wait, and those of `compare`. */
  async run<Result>({ name, address }: LoginAttempt, compare: () => Promise<Result>): Promise<Result> {
    const keys = { pair: `pair ${address} ${name}`, name: `name ${name}`, address: `address ${address}` };
    const waitMs = Math.max(
      ...(['pair', 'name', 'address'] as const).map((of) => this.#waitOf(keys[of], PATIENCE[of])),
    );
    const leave = enter(this.#underWay, Object.values(keys));
    try {
      if (waitMs > 0) await this.#wait(keys, waitMs);
      const result = await compare();
      this.#failures.delete(keys.pair);
      return result;
    } catch (error) {
      if (error instanceof CitywatchError && error.status === 401) Object.values(keys).forEach(this.#count);
      throw error;
    } finally {
      leave();
    }
  }

  #waitOf(key: string, { free, firstMs, maxMs }: Patience): number {
    const nowMs = this.#clock.monotonicMs();
    const failures = this.#failures.get(key);
    const underWay = this.#underWay.get(key) ?? 0;
    const count = (failures?.count ?? 0) + underWay;
    if (count < free) return 0;
    const pauseMs = backoffMs({ minMs: firstMs, maxMs }, count - free);
    const fromMs = underWay > 0 ? nowMs : (failures?.lastAtMs ?? nowMs);
    return Math.max(0, fromMs + pauseMs - nowMs);
  }

  async #wait({ pair, address }: { pair: string; address: string }, waitMs: number): Promise<void> {
    const retryAfterS = Math.ceil(waitMs / 1000);
    for (const [key, max] of [
      [pair, WAITING_OF_PAIR],
      [address, WAITING_OF_ADDRESS],
    ] as const) {
      if ((this.#waiting.get(key) ?? 0) < max) continue;
      throw new CitywatchError('request.rate', { retryAfterS, detail: 'Too many logins wait for their turn.' });
    }
    const leave = enter(this.#waiting, [pair, address]);
    await this.#clock.sleep(waitMs).finally(leave);
  }

  readonly #count = (key: string): void => {
    const nowMs = this.#clock.monotonicMs();
    const before = this.#failures.get(key);
    const isOld = !before || nowMs - before.lastAtMs > FORGOTTEN_MS;
    this.#failures.set(key, { count: isOld ? 1 : before.count + 1, lastAtMs: nowMs });
  };
}

/** Counts one more under each key, until the returned function is called. */
function enter(counts: Map<string, number>, keys: readonly string[]): () => void {
  for (const key of keys) counts.set(key, (counts.get(key) ?? 0) + 1);
  return () => {
    for (const key of keys) {
      const left = (counts.get(key) ?? 0) - 1;
      if (left > 0) counts.set(key, left);
      else counts.delete(key);
    }
  };
}
