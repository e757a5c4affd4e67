import { createHash, timingSafeEqual } from 'node:crypto';
import type { Account } from '../digest.ts';

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
/** A client that makes its token once a second may send it again for this long; anything later is a replay. */
const SAME_TOKEN_MS = 1_500;
const NONCES_MAX = 10_000;

/** Checks digests after the WS-Security UsernameToken Profile 1.0: SHA-1 of nonce, created and password. */
export class TokenCheck {
  readonly #nonces = new Map<string, number>();

  /** `nowMs` is the camera's own idea of the time. */
  check(token: UsernameToken, account: Account | null, nowMs: number): TokenVerdict {
    if (!account) return 'wrong';
    const nonce = Buffer.from(token.nonce, 'base64');
    const sum = createHash('sha1').update(nonce).update(token.created).update(account.password).digest();
    const given = Buffer.from(token.password, 'base64');
    if (token.username !== account.username || given.length !== sum.length) return 'wrong';
    if (!timingSafeEqual(given, sum)) return 'wrong';
    const createdMs = Date.parse(token.created);
    if (!(Math.abs(createdMs - nowMs) <= WINDOW_MS)) return 'stale';
    // libonvif seeds its generator with the second, so what it asks within one second carries the same token.
    const once = `${token.nonce} ${token.created}`;
    const firstMs = this.#nonces.get(once);
    if (firstMs !== undefined && nowMs - firstMs > SAME_TOKEN_MS) return 'replayed';
    if (firstMs === undefined) this.#nonces.set(once, nowMs);
    if (this.#nonces.size > NONCES_MAX) this.#nonces.delete(this.#nonces.keys().next().value ?? '');
    return 'right';
  }
}
