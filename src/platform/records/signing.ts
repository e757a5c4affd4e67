import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';

/** PKCS #8 of an Ed25519 key (RFC 8410) up to its 32 bytes. */
const PKCS8_HEAD = Buffer.from('302e020100300506032b657004220420', 'hex');

const PEM = /-----BEGIN PUBLIC KEY-----[\sA-Za-z0-9+/=]+-----END PUBLIC KEY-----/g;
const KEYS_MAX = 100;

/** Signs by Ed25519 what is kept outside the database. */
export class Signer {
  readonly #key: KeyObject;
  /** Tells this key from others: 16 hex digits of the hash of its public half. */
  readonly keyId: string;
  /** The public half, to be given to those who verify. */
  readonly publicPem: string;

  /** `seed`: 32 random bytes. */
  constructor(seed: Buffer) {
    this.#key = createPrivateKey({ key: Buffer.concat([PKCS8_HEAD, seed]), format: 'der', type: 'pkcs8' });
    const publicKey = createPublicKey(this.#key);
    this.keyId = keyIdOf(publicKey);
    this.publicPem = publicKey.export({ format: 'pem', type: 'spki' }).toString();
  }

  sign(text: string): Buffer {
    return sign(null, Buffer.from(text), this.#key);
  }
}

/** A key that verifies, and the id by which signed lines name it. */
export interface PublicKey {
  id: string;
  pem: string;
}

/** Whose signatures are believed. */
export class PublicKeys {
  readonly #keys: ReadonlyMap<string, KeyObject>;

  private constructor(keys: ReadonlyMap<string, KeyObject>) {
    this.#keys = keys;
  }

  /** Reads one or more public keys in PEM; null where there is none, or one that is no Ed25519 key. */
  static parse(text: string): PublicKeys | null {
    const blocks = text.match(PEM) ?? [];
    if (blocks.length === 0 || blocks.length > KEYS_MAX) return null;
    try {
      const keys = blocks.map((block) => createPublicKey(block));
      if (keys.some(({ asymmetricKeyType }) => asymmetricKeyType !== 'ed25519')) return null;
      return new PublicKeys(new Map(keys.map((key) => [keyIdOf(key), key])));
    } catch {
      return null;
    }
  }

  get ids(): string[] {
    return [...this.#keys.keys()];
  }

  /** The keys themselves, in the order in which they were read. */
  get all(): PublicKey[] {
    return [...this.#keys].map(([id, key]) => ({ id, pem: key.export({ format: 'pem', type: 'spki' }).toString() }));
  }

  isSigned(keyId: string, text: string, signature: Buffer): boolean {
    const key = this.#keys.get(keyId);
    return key !== undefined && verify(null, Buffer.from(text), key, signature);
  }
}

function keyIdOf(key: KeyObject): string {
  return createHash('sha256')
    .update(key.export({ format: 'der', type: 'spki' }))
    .digest('hex')
    .slice(0, 16);
}
