import { createHash } from 'node:crypto';

/** One challenge of a `WWW-Authenticate` header: the scheme and its parameters by lower-case name, unquoted. */
export interface Challenge {
  scheme: string;
  params: ReadonlyMap<string, string>;
}

export interface Login {
  username: string;
  password: string;
}

/** A login, and the certificate of whom alone it is for, see `HttpRequest.pin`. */
export interface PinnedLogin extends Login {
  fingerprint?: string | null | undefined;
}

export interface DigestRequest extends Login {
  challenge: Challenge;
  method: string;
  /** Path and query exactly as they stand in the request line. */
  uri: string;
  /** A fresh random text per request; hex or base64. */
  cnonce: string;
  /** How often this nonce was used with this one: 1 for the first. */
  count: number;
  /** Needed only for servers that insist on `qop=auth-int`. */
  body?: Uint8Array;
}

/** Strongest first (RFC 7616 §3.7); the values are names of Node's hashes. */
const HASHES: ReadonlyMap<string, string> = new Map([
  ['SHA-512-256', 'sha512-256'],
  ['SHA-256', 'sha256'],
  ['MD5', 'md5'],
]);

const HEADER_CHARACTERS_MAX = 8_192;
const TOKEN = /[!#$%&'*+.^_`|~0-9A-Za-z-]+/y;
const QUOTED = /"((?:[^"\\]|\\.)*)"/y;

/**
 * Parses one or several `WWW-Authenticate` headers, each with one or several challenges whose parameters stand in any
 * order. Quoted values may hold `=`, `:`, `,` and escaped quotes. What cannot be read ends the list; nothing throws.
 */
export function parseChallenges(headers: string | readonly string[]): Challenge[] {
  return [headers].flat().flatMap((header) => new ChallengeReader(header.slice(0, HEADER_CHARACTERS_MAX)).all());
}

class ChallengeReader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  all(): Challenge[] {
    const found: { scheme: string; params: Map<string, string> }[] = [];
    for (;;) {
      this.#skip(/[\s,]*/y);
      const name = this.#take(TOKEN);
      if (name === null) return found;
      const isParameter = this.#skip(/\s*=(?!=*\s*(?:,|$))/y);
      const current = found.at(-1);
      if (!isParameter) {
        found.push({ scheme: name.toLowerCase(), params: new Map() });
        this.#skip(/ +[A-Za-z0-9._~+/-]+=+(?=\s*(?:,|$))/y);
        continue;
      }
      const value = this.#value();
      if (!current || value === null) return found;
      const key = name.toLowerCase();
      if (!current.params.has(key)) current.params.set(key, value);
    }
  }

  #value(): string | null {
    this.#skip(/\s*/y);
    const quoted = this.#take(QUOTED);
    if (quoted !== null) return quoted.slice(1, -1).replace(/\\(.)/g, '$1');
    return this.#take(/[^\s,"]+/y);
  }

  #take(pattern: RegExp): string | null {
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.#text);
    if (!match) return null;
    this.#at = pattern.lastIndex;
    return match[0];
  }

  #skip(pattern: RegExp): boolean {
    return (this.#take(pattern) ?? '') !== '';
  }
}

/** The challenge to answer: the strongest digest we know, Basic only when `allowBasic` (over TLS), else null. */
export function chooseChallenge(challenges: readonly Challenge[], allowBasic: boolean): Challenge | null {
  const rank = [...HASHES.keys()];
  const digests = challenges
    .map((challenge) => ({ challenge, strength: rank.indexOf(algorithmOf(challenge)?.name ?? '') }))
    .filter(({ challenge, strength }) => strength >= 0 && canAnswer(challenge));
  digests.sort((a, b) => a.strength - b.strength);
  if (digests[0]) return digests[0].challenge;
  return (allowBasic && challenges.find(({ scheme }) => scheme === 'basic')) || null;
}

function canAnswer({ scheme, params }: Challenge): boolean {
  return scheme === 'digest' && params.has('nonce') && params.has('realm');
}

function algorithmOf({ params }: Challenge): { name: string; hash: string; session: boolean } | null {
  const written = (params.get('algorithm') ?? 'MD5').toUpperCase();
  const session = written.endsWith('-SESS');
  const name = session ? written.slice(0, -'-SESS'.length) : written;
  const hash = HASHES.get(name);
  return hash ? { name, hash, session } : null;
}

/** The `Authorization` value of RFC 7617, user and password in UTF-8. */
export function basicAuthorization({ username, password }: Login): string {
  return `Basic ${Buffer.from(`${username}:${password}`, 'utf8').toString('base64')}`;
}

/**
 * The `Authorization` value of RFC 7616 (and, where the server offers no qop, RFC 2069), or null when the challenge
 * wants something we do not do. Bytes above ASCII are UTF-8, written one character per byte as headers need.
 */
export function digestAuthorization(request: DigestRequest): string | null {
  const { challenge, username, uri } = request;
  const algorithm = algorithmOf(challenge);
  const qop = chooseQop(challenge, request.body);
  if (!algorithm || !canAnswer(challenge) || qop === null) return null;
  const digest = (text: string) => createHash(algorithm.hash).update(text, 'utf8').digest('hex');
  const realm = challenge.params.get('realm') ?? '';
  const nonce = challenge.params.get('nonce') ?? '';
  const count = request.count.toString(16).padStart(8, '0');
  const user = digest(`${username}:${realm}:${request.password}`);
  const a1 = algorithm.session ? digest(`${user}:${nonce}:${request.cnonce}`) : user;
  const body = qop === 'auth-int' ? `:${createHash(algorithm.hash).update(request.body!).digest('hex')}` : '';
  const a2 = digest(`${request.method}:${uri}${body}`);
  const middle = qop === '' ? nonce : `${nonce}:${count}:${request.cnonce}:${qop}`;
  const hashed = challenge.params.get('userhash')?.toLowerCase() === 'true';
  const parts = [
    `username=${quote(hashed ? digest(`${username}:${realm}`) : username)}`,
    `realm=${quote(realm)}`,
    `nonce=${quote(nonce)}`,
    `uri=${quote(uri)}`,
    `response="${digest(`${a1}:${middle}:${a2}`)}"`,
  ];
  // A server that named no algorithm may predate the parameter.
  if (challenge.params.has('algorithm')) parts.push(`algorithm=${challenge.params.get('algorithm')}`);
  if (challenge.params.has('opaque')) parts.push(`opaque=${quote(challenge.params.get('opaque')!)}`);
  if (qop !== '') parts.push(`qop=${qop}`, `nc=${count}`);
  if (qop !== '' || algorithm.session) parts.push(`cnonce=${quote(request.cnonce)}`);
  if (hashed) parts.push('userhash=true');
  return `Digest ${parts.join(', ')}`;
}

/** `''` where the server offers none (RFC 2069), null where it offers only what we cannot do. */
function chooseQop({ params }: Challenge, body: Uint8Array | undefined): 'auth' | 'auth-int' | '' | null {
  const offered = params
    .get('qop')
    ?.toLowerCase()
    .split(/[\s,]+/)
    .filter(Boolean);
  if (!offered || offered.length === 0) return '';
  if (offered.includes('auth')) return 'auth';
  return offered.includes('auth-int') && body ? 'auth-int' : null;
}

function quote(text: string): string {
  const bytes = Buffer.from(text, 'utf8').toString('latin1');
  return `"${bytes.replace(/[\\"]/g, '\\$&')}"`;
}
