import { Seal } from '../platform/secrets/seal.ts';

/** Encrypts plates. At half a million a day the key is good for 19 years of them. */
export class PlateSeal {
  readonly #seal: Seal;

  constructor(vaultKey: Buffer) {
    this.#seal = new Seal(vaultKey, { purpose: 'citywatch passages', what: 'plate' });
  }

  /** `owner` is bound in: a sealed plate copied to another row does not open. */
  seal(plate: string, owner: string): Buffer {
    return this.#seal.seal(Buffer.from(plate, 'utf8'), owner);
  }

  /** Errors: `service.failed` when the key is another one or the bytes were changed. */
  open(sealed: Buffer, owner: string): string {
    return this.#seal.open(sealed, owner).toString('utf8');
  }
}
