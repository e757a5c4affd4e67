import { type Clock, DAY_MS } from '../../core/clock.ts';
import { BoundedMap } from '../../core/mechanisms/bounded.ts';
import type { DeviceId } from '../../core/types.ts';
import type { Database } from '../../platform/database/database.ts';
import type { Vault } from '../../platform/secrets/vault.ts';
import { type SecretTables, sealOwnerOf } from './secret-change-rows.ts';

/** So long after it was used a device may still say its new secret back: buffers of its own come late. */
const SAID_BACK_MS = DAY_MS;
/** More devices than this are not told secrets within a day; the one that is silent for longest is forgotten. */
const DEVICES_MAX = 100_000;
/** One that was overtaken by another one may be said back, too. */
const SECRETS_MAX = 2;
/** A star; nothing in JSON or a line of text ends or begins with it. */
const STAR = 0x2a;

export interface ToldSecretsDeps {
  database: Database;
  vault: Pick<Vault, 'open'>;
  clock: Pick<Clock, 'nowMs' | 'monotonicMs'>;
}

interface Told {
  secrets: readonly Buffer[];
  /** By the clock of durations; null until the newest one was used. */
  untilMs: number | null;
}

/**
 * The secrets that go to devices by command, so that none is written down where its device says it back: from before
 * the first word until a day after it was used. A start knows those that were not used yet.
 */
export class ToldSecrets {
  readonly #deps: ToldSecretsDeps;
  readonly #told = new BoundedMap<DeviceId, Told>(DEVICES_MAX);

  constructor(deps: ToldSecretsDeps) {
    this.#deps = deps;
  }

  /** Before any device is let in. */
  async load(): Promise<void> {
    const rows = this.#deps.database
      .tables<SecretTables>()
      .selectFrom('secret_change')
      .select(['id', 'device', 'secret']);
    const open = await rows.where('secret', '!=', '').where('state', 'in', ['running', 'unproven']).execute();
    for (const { id, device, secret } of open) {
      try {
        this.add(device, this.#deps.vault.open(secret, sealOwnerOf(id)));
      } catch {
        // Sealed by a key that was lost and given up (`adopt`): the start must not fail for it.
      }
    }
  }

  /** Before the command is committed. */
  add(device: DeviceId, secret: string): void {
    const [text, before] = [Buffer.from(secret), this.#told.get(device)?.secrets ?? []];
    const others = before.filter((one) => !one.equals(text));
    this.#told.set(device, { secrets: [text, ...others].slice(0, SECRETS_MAX), untilMs: null });
  }

  /** The device has come with its new secret. */
  used(device: DeviceId): void {
    const told = this.#told.get(device);
    if (told) told.untilMs = this.#deps.clock.monotonicMs() + SAID_BACK_MS;
  }

  /** What a device sent, with stars for each secret that it was told; the same bytes where there is none in it. */
  without(device: DeviceId, raw: Buffer): Buffer {
    const told = this.#told.get(device);
    if (!told) return raw;
    if (told.untilMs !== null && this.#deps.clock.monotonicMs() >= told.untilMs) {
      this.#told.delete(device);
      return raw;
    }
    return told.secrets.reduce(starred, raw);
  }
}

/** As long as before, so that what counts its bytes stays readable. */
function starred(raw: Buffer, secret: Buffer): Buffer {
  let at = raw.indexOf(secret);
  if (at === -1) return raw;
  const copy = Buffer.from(raw);
  for (; at !== -1; at = copy.indexOf(secret, at)) copy.fill(STAR, at, at + secret.length);
  return copy;
}
