import { createHash, timingSafeEqual } from 'node:crypto';
import type { Account } from './digest.ts';

/** What a WS-Security UsernameToken carries. */
export interface UsernameToken {
  username: string;
  password: string;
  nonce: string;
  created: string;
}

export type TokenVerdict = 'right' | 'wrong' | 'stale' | 'replayed';

/** How far `Created` may be from the camera's clock; cameras take between 5 s and 5 min. */
const WINDOW_MS = 10_000;
const NONCES_MAX = 10_000;

/** Checks digests after the WS-Security UsernameToken Profile 1.0: SHA-1 of nonce, created and password. */
export class TokenCheck {
  readonly #nonces = new Map<string, number>();

  /** `nowMs` is the camera's own idea of the time. */
  check(token: UsernameToken, account: Account, nowMs: number): TokenVerdict {
    const nonce = Buffer.from(token.nonce, 'base64');
    const sum = createHash('sha1').update(nonce).update(token.created).update(account.password).digest();
    const given = Buffer.from(token.password, 'base64');
    if (token.username !== account.username || given.length !== sum.length) return 'wrong';
    if (!timingSafeEqual(given, sum)) return 'wrong';
    const createdMs = Date.parse(token.created);
    if (!(Math.abs(createdMs - nowMs) <= WINDOW_MS)) return 'stale';
    // A nonce alone is not refused: libonvif seeds its generator with the second and makes the same one again.
    const once = `${token.nonce} ${token.created}`;
    if (this.#nonces.has(once)) return 'replayed';
    this.#nonces.set(once, createdMs);
    if (this.#nonces.size > NONCES_MAX) this.#nonces.delete(this.#nonces.keys().next().value ?? '');
    return 'right';
  }
}
