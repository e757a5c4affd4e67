import { randomBytes } from 'node:crypto';
import { hash, verify } from '@node-rs/argon2';
import { CitywatchError } from '../core/errors.ts';
import { InTurn } from '../core/mechanisms/one-at-a-time.ts';

/** The slow hash; a test that counts or hurries brings its own. */
export interface PasswordHash {
  hash(password: string): Promise<string>;
  verify(hashed: string, password: string): Promise<boolean>;
}

/** argon2id with 19 MiB, two passes and one lane (OWASP Password Storage Cheat Sheet). */
const PARAMETERS = { algorithm: 2, memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const;

const ARGON2ID: PasswordHash = {
  hash: (password) => hash(password, PARAMETERS),
  verify: (hashed, password) => verify(hashed, password),
};

/** Requests that may wait for their turn; at 50 ms each the last one waits for a little over a second. */
const WAITING_MAX = 24;

/**
 * Hashes and compares passwords of people, one at a time: each takes a core and a thread of the few that also sync the
 * journal, so a crowd at the login must not hold up what devices send.
 */
export class Passwords {
  readonly #slow: PasswordHash;
  readonly #turns = new InTurn();
  #waiting = 0;
  #nobody: string | null = null;

  constructor(slow: PasswordHash = ARGON2ID) {
    this.#slow = slow;
  }

  hash(password: string): Promise<string> {
    return this.#inTurn(() => this.#slow.hash(password));
  }

  /** Null stands for a person who does not exist: false, after the same work. Errors: `request.rate`. */
  matches(hashed: string | null, password: string): Promise<boolean> {
    return this.#inTurn(async () => {
      this.#nobody ??= await this.#slow.hash(randomBytes(16).toString('hex'));
      const right = await this.#slow.verify(hashed ?? this.#nobody, password);
      return right && hashed !== null;
    });
  }

  #inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.#waiting >= WAITING_MAX) {
      throw new CitywatchError('request.rate', { retryAfterS: 2, detail: 'Too many logins at once.' });
    }
    this.#waiting += 1;
    return this.#turns.run(work).finally(() => {
      this.#waiting -= 1;
    });
  }
}
