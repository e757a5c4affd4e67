import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { parseChallenges } from '../../platform/outbound/http-auth.ts';

export const REALM = 'citywatch';

/**
 * Asks the other side of one connection for a login by Digest (RFC 7616 with MD5 and without `qop`, the one form that
 * every player has). The nonce is of this connection alone, so that what was overheard on one is worth nothing on
 * another. The secret has 256 random bits: what MD5 lacks does not help to guess it.
 */
export class DigestCheck {
  readonly #nonce = randomBytes(16).toString('hex');

  /** The value of `WWW-Authenticate`. */
  get challenge(): string {
    return `Digest realm="${REALM}", nonce="${this.#nonce}"`;
  }

  /** Who sent this `Authorization`, if the secret that `secretOf` knows of them was used for it; else null. */
  userOf(header: string, method: string, secretOf: (user: string) => string | null): string | null {
    const [given] = parseChallenges(header);
    if (given?.scheme !== 'digest') return null;
    const [user, nonce, uri, response] = ['username', 'nonce', 'uri', 'response'].map((one) => given.params.get(one));
    if (!user || nonce !== this.#nonce || uri === undefined || response === undefined) return null;
    const secret = secretOf(user);
    if (secret === null) return null;
    const expected = md5(`${md5(`${user}:${REALM}:${secret}`)}:${nonce}:${md5(`${method}:${uri}`)}`);
    const [mine, theirs] = [Buffer.from(expected), Buffer.from(response.toLowerCase())];
    return mine.length === theirs.length && timingSafeEqual(mine, theirs) ? user : null;
  }
}

function md5(text: string): string {
  return createHash('md5').update(text).digest('hex');
}
