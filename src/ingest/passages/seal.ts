import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import { CitywatchError } from '../../core/errors.ts';

const IV_BYTES = 12;
const TAG_BYTES = 16;
const KEY_BYTES = 32;

/**
 * Encrypts plates by AES-256-GCM under a key made of the vault's. Not the vault's own envelope: at half a million a day
 * its data key for each text would be four fifths of what is stored. One key is good for 2^32 plates, 19 years of them.
 */
export class PlateSeal {
  readonly #key: Buffer;

  constructor(vaultKey: Buffer) {
    this.#key = Buffer.from(hkdfSync('sha256', vaultKey, '', 'citywatch passages', KEY_BYTES));
  }

  /** `owner` is bound in: a sealed plate copied to another row does not open. */
  seal(plate: string, owner: string): Buffer {
    const iv = randomBytes(IV_BYTES);
    const cipher = createCipheriv('aes-256-gcm', this.#key, iv).setAAD(Buffer.from(owner, 'utf8'));
    const body = Buffer.concat([cipher.update(plate, 'utf8'), cipher.final()]);
    return Buffer.concat([iv, cipher.getAuthTag(), body]);
  }

  /** Errors: `service.failed` when the key is another one or the bytes were changed. */
  open(sealed: Buffer, owner: string): string {
    try {
      const tag = sealed.subarray(IV_BYTES, IV_BYTES + TAG_BYTES);
      const decipher = createDecipheriv('aes-256-gcm', this.#key, sealed.subarray(0, IV_BYTES), {
        authTagLength: TAG_BYTES,
      })
        .setAAD(Buffer.from(owner, 'utf8'))
        .setAuthTag(tag);
      return Buffer.concat([decipher.update(sealed.subarray(IV_BYTES + TAG_BYTES)), decipher.final()]).toString('utf8');
    } catch (cause) {
      const detail =
        'A stored plate cannot be opened: the vault key (CITYWATCH_VAULT_KEY_FILE) is not the one that sealed it.';
      throw new CitywatchError('service.failed', { detail, cause });
    }
  }
}
