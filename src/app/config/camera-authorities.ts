import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { Clock } from '../../core/clock.ts';
import { CitywatchError, messageOf } from '../../core/errors.ts';
import { Joined } from '../../core/mechanisms/one-at-a-time.ts';
import type { Observer } from '../../core/observe.ts';

const SETTING = 'CITYWATCH_CAMERA_CA_FILE';
const CERTIFICATE = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g;
/** How often it is looked whether the file changed; by content, since a renewal may keep size or time of change. */
const LOOK_EVERY_MS = 5_000;

/**
 * The certificates that cameras are trusted by over https, in place of those that the machine trusts; nothing where
 * none are named. Errors: `config.invalid` for a file that cannot be read or holds no certificate.
 */
export async function cameraAuthorities(path: string | null): Promise<{ cameras?: string }> {
  if (path === null) return {};
  return { cameras: (await readAuthorities(path)).pem };
}

/** The certificates of the file, one by one and as text. Errors: `config.invalid`. */
export async function readAuthorities(path: string): Promise<{ pem: string; certificates: X509Certificate[] }> {
  try {
    const found = (await readFile(path, 'utf8')).match(CERTIFICATE) ?? [];
    if (found.length === 0) throw new Error('it holds no certificate (PEM)');
    return { pem: found.join('\n'), certificates: found.map((one) => new X509Certificate(one)) };
  } catch (error) {
    throw new CitywatchError('config.invalid', {
      issues: [{ path: SETTING, message: `${path} cannot be used: ${messageOf(error)}` }],
    });
  }
}

export interface AuthorityWatchDeps {
  clock: Clock;
  observer: Observer;
  /** Takes over what is trusted from now on. */
  trust(pem: string): void;
}

/** Reads the file again when it changes. One that cannot be used is named once in the log, and the old one stays. */
export class AuthorityWatch {
  readonly #path: string;
  readonly #deps: AuthorityWatchDeps;
  readonly #looking = new Joined();
  #inUse: string;
  #complaint = '';
  #stop: () => void = () => {};

  /** `inUse` is what is trusted now. */
  constructor(path: string, inUse: string, deps: AuthorityWatchDeps) {
    this.#path = path;
    this.#inUse = inUse;
    this.#deps = deps;
  }

  start(): void {
    this.#stop = this.#deps.clock.every(LOOK_EVERY_MS, () => void this.#looking.run(() => this.#look()));
  }

  async stop(): Promise<void> {
    this.#stop();
    await this.#looking.settled();
  }

  async #look(): Promise<void> {
    const log = this.#deps.observer.log.child({ part: 'camera-authorities' });
    try {
      const { pem, certificates } = await readAuthorities(this.#path);
      this.#complaint = '';
      if (pem === this.#inUse) return;
      this.#inUse = pem;
      this.#deps.trust(pem);
      log.info({ certificates: certificates.length }, 'cameras are trusted by other certificates');
    } catch (error) {
      const what = messageOf(error);
      if (this.#complaint !== what)
        log.error({ reason: what }, 'the new file is not used; the certificates before stay');
      this.#complaint = what;
    }
  }
}
