import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

export interface Account {
  username: string;
  password: string;
}

export type AuthScheme = 'none' | 'basic' | 'digest';

/** Who may come in, asked at each request: accounts may change under way. */
export interface Accounts {
  find(username: string): Account | null;
  /** Somebody brought a login that is not right. */
  wrong(): void;
}

export interface AuthQuestion {
  method: string;
  /** The URI of the request line. */
  uri: string;
  authorization: string | undefined;
}

/** `none`: no login was brought. */
type Verdict = 'right' | 'wrong' | 'stale' | 'none';

const NONCES_MAX = 1_000;
const NONCE_LIFE_MS = 5 * 60_000;

/** Server side of Basic and Digest (RFC 2617, MD5, with and without `qop=auth`) for HTTP and RTSP alike. */
export class AuthCheck {
  readonly #nonces = new Map<string, number>();
  readonly #realm: string;
  readonly #scheme: AuthScheme;
  readonly #qop: boolean;

  /** `qop` as cameras do it: offered over HTTP, absent over RTSP. */
  constructor({ realm, scheme, qop }: { realm: string; scheme: AuthScheme; qop: boolean }) {
    this.#realm = realm;
    this.#scheme = scheme;
    this.#qop = qop;
  }

  /** Null when the caller is one of these, else the value of `WWW-Authenticate`. */
  challenge(accounts: Accounts, question: AuthQuestion): string | null {
    if (this.#scheme === 'none') return null;
    const isBasic = this.#scheme === 'basic';
    const verdict = isBasic ? this.#basic(accounts, question) : this.#digest(accounts, question);
    if (verdict === 'right') return null;
    if (verdict === 'wrong') accounts.wrong();
    if (isBasic) return `Basic realm="${this.#realm}"`;
    const extra = `${this.#qop ? ', qop="auth"' : ''}${verdict === 'stale' ? ', stale="true"' : ''}`;
    return `Digest realm="${this.#realm}", nonce="${this.#newNonce()}", algorithm="MD5"${extra}`;
  }

  #basic(accounts: Accounts, { authorization }: AuthQuestion): Verdict {
    const match = /^Basic\s+([A-Za-z0-9+/=]+)$/i.exec(authorization ?? '');
    if (!match) return 'none';
    const given = Buffer.from(match[1] ?? '', 'base64');
    const account = accounts.find(given.toString().split(':')[0] ?? '');
    return account && same(given, Buffer.from(`${account.username}:${account.password}`)) ? 'right' : 'wrong';
  }

  #digest(accounts: Accounts, question: AuthQuestion): Verdict {
    const text = question.authorization ?? '';
    if (!/^Digest\s/i.test(text)) return 'none';
    const field = parseFields(text.slice(6));
    const bornAtMs = this.#nonces.get(field.get('nonce') ?? '');
    // An answer to a question that this camera never asked tells nothing of the password.
    if (bornAtMs === undefined) return 'none';
    const account = accounts.find(field.get('username') ?? '');
    if (field.get('realm') !== this.#realm || !account) return 'wrong';
    // Strict, as some cameras are: the digest must be for the very URI that is asked for.
    if (field.get('uri') !== question.uri) return 'wrong';
    const ha1 = md5(`${account.username}:${this.#realm}:${account.password}`);
    const ha2 = md5(`${question.method}:${question.uri}`);
    const middle = field.has('qop') ? `${field.get('nc')}:${field.get('cnonce')}:${field.get('qop')}:` : '';
    const expected = md5(`${ha1}:${field.get('nonce')}:${middle}${ha2}`);
    if (!same(Buffer.from(expected), Buffer.from(field.get('response') ?? ''))) return 'wrong';
    return Date.now() - bornAtMs > NONCE_LIFE_MS ? 'stale' : 'right';
  }

  #newNonce(): string {
    const nonce = randomBytes(16).toString('hex');
    this.#nonces.set(nonce, Date.now());
    if (this.#nonces.size > NONCES_MAX) this.#nonces.delete(this.#nonces.keys().next().value ?? '');
    return nonce;
  }
}

function parseFields(text: string): Map<string, string> {
  const fields = new Map<string, string>();
  for (const match of text.matchAll(/([a-z]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,]+))/gi)) {
    fields.set((match[1] ?? '').toLowerCase(), (match[2] ?? match[3] ?? '').replace(/\\(.)/g, '$1'));
  }
  return fields;
}

function md5(text: string): string {
  return createHash('md5').update(text).digest('hex');
}

function same(left: Buffer, right: Buffer): boolean {
  return left.length === right.length && timingSafeEqual(left, right);
}
