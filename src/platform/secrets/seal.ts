import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import { CitywatchError } from '../../core/errors.ts';

const IV_BYTES = 12;
const TAG_BYTES = 16;
const KEY_BYTES = 32;

/**
 * Encrypts what devices said by AES-256-GCM under a key made of the vault's, one for each purpose. Not the vault's own
 * envelope: its data key for each text would be most of what is stored. One key is good for 2^32 texts.
 */
export class Seal {
  readonly #key: Buffer;
  readonly #what: string;

  /** `purpose` makes the key; `what` names in an error what cannot be opened, such as `plate`. */
  constructor(vaultKey: Buffer, { purpose, what }: { purpose: string; what: string }) {
    this.#key = Buffer.from(hkdfSync('sha256', vaultKey, '', purpose, KEY_BYTES));
    this.#what = what;
  }

  /** `owner` is bound in: sealed bytes copied to another row do not open. */
  seal(bytes: Buffer, owner: string): Buffer {
    const iv = randomBytes(IV_BYTES);
    const cipher = createCipheriv('aes-256-gcm', this.#key, iv).setAAD(Buffer.from(owner, 'utf8'));
    const body = Buffer.concat([cipher.update(bytes), cipher.final()]);
    return Buffer.concat([iv, cipher.getAuthTag(), body]);
  }

  /** Errors: `service.failed` when the key is another one or the bytes were changed. */
  open(sealed: Buffer, owner: string): Buffer {
    try {
      const tag = sealed.subarray(IV_BYTES, IV_BYTES + TAG_BYTES);
      const decipher = createDecipheriv('aes-256-gcm', this.#key, sealed.subarray(0, IV_BYTES), {
        authTagLength: TAG_BYTES,
      })
        .setAAD(Buffer.from(owner, 'utf8'))
        .setAuthTag(tag);
      return Buffer.concat([decipher.update(sealed.subarray(IV_BYTES + TAG_BYTES)), decipher.final()]);
    } catch (cause) {
      const key = 'the vault key (CITYWATCH_VAULT_KEY_FILE) is not the one that sealed it';
      throw new CitywatchError('service.failed', { detail: `A stored ${this.#what} cannot be opened: ${key}.`, cause });
    }
  }
}
