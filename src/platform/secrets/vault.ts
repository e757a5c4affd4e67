import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { CitywatchError } from '../../core/errors.ts';

const KEY_BYTES = 32;
const IV_BYTES = 12;
const TAG_BYTES = 16;
const WRAPPED_BYTES = IV_BYTES + TAG_BYTES + KEY_BYTES;
const PREFIX = 'v1.';

/**
 * Envelope encryption of passwords that we must be able to use again (cameras). Each secret has a data key of its own,
 * and only that key is encrypted by the vault key: changing the vault key rewraps 32 bytes per secret. AES-256-GCM;
 * what a secret belongs to is bound in, so that a sealed text copied to another row does not open.
 */
export class Vault {
  readonly #key: Buffer;

  /** `key` is 32 random bytes. */
  constructor(key: Buffer) {
    if (key.length !== KEY_BYTES) throw new RangeError('the vault key must be 32 bytes');
    this.#key = key;
  }

  /** `owner` names what the secret belongs to, such as `onvif/cam-1`; the same text opens it. */
  seal(secret: string, owner: string): string {
    const dataKey = randomBytes(KEY_BYTES);
    const wrapped = encrypt(this.#key, dataKey, owner);
    return (
      PREFIX + Buffer.concat([wrapped, encrypt(dataKey, Buffer.from(secret, 'utf8'), owner)]).toString('base64url')
    );
  }

  /** Fails with `service.failed` when the vault key is another one or the text was changed. */
  open(sealed: string, owner: string): string {
    try {
      if (!sealed.startsWith(PREFIX)) throw new RangeError('unknown format');
      const bytes = Buffer.from(sealed.slice(PREFIX.length), 'base64url');
      const dataKey = decrypt(this.#key, bytes.subarray(0, WRAPPED_BYTES), owner);
      return decrypt(dataKey, bytes.subarray(WRAPPED_BYTES), owner).toString('utf8');
    } catch (cause) {
      const detail =
        'A stored password cannot be opened: the vault key (CITYWATCH_VAULT_KEY_FILE) is not the one that sealed it.';
      throw new CitywatchError('service.failed', { detail, cause });
    }
  }
}

function encrypt(key: Buffer, plain: Buffer, owner: string): Buffer {
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(Buffer.from(owner, 'utf8'));
  const body = Buffer.concat([cipher.update(plain), cipher.final()]);
  return Buffer.concat([iv, cipher.getAuthTag(), body]);
}

function decrypt(key: Buffer, sealed: Buffer, owner: string): Buffer {
  const tag = sealed.subarray(IV_BYTES, IV_BYTES + TAG_BYTES);
  if (tag.length !== TAG_BYTES) throw new RangeError('too short');
  const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, IV_BYTES))
    .setAAD(Buffer.from(owner, 'utf8'))
    .setAuthTag(tag);
  return Buffer.concat([decipher.update(sealed.subarray(IV_BYTES + TAG_BYTES)), decipher.final()]);
}
