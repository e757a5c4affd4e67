import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

const SECRET_BYTES = 32;
const KEY_BYTES_MIN = 32;

/** 256 random bits as 43 characters of base64url. */
export function newSecret(): string {
  return randomBytes(SECRET_BYTES).toString('base64url');
}

/**
 * Keyed hash of secrets and tokens. They are random and long, so a fast hash is enough (and 3,000 connects a second
 * rule out a slow one); the key makes a stolen table useless for guessing those that people chose.
 */
export class SecretHasher {
  readonly #key: Buffer;

  /** `key` is at least 32 random bytes, kept outside the database. */
  constructor(key: Buffer) {
    if (key.length < KEY_BYTES_MIN) throw new RangeError('the key must be at least 32 bytes');
    this.#key = key;
  }

  /** HMAC-SHA256, 32 bytes. */
  hash(secret: string): Buffer {
    return createHmac('sha256', this.#key).update(secret, 'utf8').digest();
  }

  /** Takes the same time whether the secret is right or wrong. */
  matches(secret: string, hash: Buffer): boolean {
    return timingSafeEqual(this.hash(secret), hash);
  }
}
