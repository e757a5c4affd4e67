import { createHash } from 'node:crypto';
import { type Clock, DAY_MS, toRfc3339 } from '../../core/clock.ts';
import { messageOf } from '../../core/errors.ts';
import { Joined } from '../../core/mechanisms/one-at-a-time.ts';
import { Gauge, type Observer } from '../../core/observe.ts';
import { checkTls, readTls, TLS_SETTINGS, type TlsMaterial, type TlsPart } from './certificates.ts';

/** How often it is looked whether the files changed; by content, since a renewal may keep size or time of change. */
const LOOK_EVERY_MS = 5_000;
/** From when on a certificate that nobody renewed is worth a line a day. */
const WARN_BEFORE_MS = 30 * DAY_MS;

/** Files in PEM form; none without TLS. */
export interface TlsPaths {
  certFile: string | null;
  keyFile: string | null;
  /** Who signed the certificates that devices must show; null where they need none. */
  clientCaFile: string | null;
}

interface Deps {
  clock: Clock;
  observer: Observer;
}

/**
 * The certificate of HTTPS and MQTTS, checked before it is used and read again when its files change. A pair that is
 * wrong is refused at start; later it is named once in the log and the one in use stays.
 */
export class TlsFiles {
  readonly #paths: Record<TlsPart, string | null>;
  readonly #deps: Deps;
  readonly #expiry: Gauge;
  #material: TlsMaterial | null = null;
  #expiresAtMs = Number.POSITIVE_INFINITY;
  #warnedAtMs = Number.NEGATIVE_INFINITY;
  /** Fingerprint of the files in use. */
  #inUse = '';
  /** What was wrong with the files when they were last looked at. */
  #complaint = '';
  #stop: () => void = () => {};
  readonly #looking = new Joined();

  private constructor(paths: Record<TlsPart, string | null>, deps: Deps) {
    this.#paths = paths;
    this.#deps = deps;
    this.#expiry = new Gauge({
      name: 'citywatch_tls_certificate_expires_seconds',
      help: 'Unix time at which the certificate of HTTPS and MQTTS ends; 0 without TLS.',
      registers: [deps.observer.metrics],
    });
  }

  /** Errors: `config.invalid` naming each setting whose file cannot be used, and why. */
  static async open({ certFile, keyFile, clientCaFile }: TlsPaths, deps: Deps): Promise<TlsFiles> {
    const files = new TlsFiles({ cert: certFile, key: keyFile, ca: clientCaFile }, deps);
    if (certFile !== null) {
      await files.#read(() => {});
      files.#mindExpiry();
    }
    return files;
  }

  /** What the API server is given; nothing without TLS. */
  forApi(): { tls?: { cert: Buffer; key: Buffer } } {
    return this.#material ? { tls: { cert: this.#material.cert, key: this.#material.key } } : {};
  }

  /** What uplinks are given; null without TLS. */
  get material(): TlsMaterial | null {
    return this.#material;
  }

  /** From now on hands every new and right material to `apply`, which throws when it cannot use it. */
  watch(apply: (material: TlsMaterial) => void): void {
    if (this.#material === null) return;
    this.#stop = this.#deps.clock.every(LOOK_EVERY_MS, () => void this.#looking.run(() => this.#look(apply)));
  }

  async stop(): Promise<void> {
    this.#stop();
    await this.#looking.settled();
  }

  async #look(apply: (material: TlsMaterial) => void): Promise<void> {
    const log = this.#deps.observer.log.child({ part: 'tls' });
    try {
      if (await this.#read(apply)) log.info({ until: toRfc3339(this.#expiresAtMs) }, 'another certificate is in use');
      this.#complaint = '';
    } catch (error) {
      const what = messageOf(error);
      if (this.#complaint !== what)
        log.error({ reason: what }, 'the new certificate cannot be used; the old one stays');
      this.#complaint = what;
    }
    this.#mindExpiry();
  }

  /** Reads the files and, when they differ from what is in use, checks them and calls `use`. Answers whether it did. */
  async #read(use: (material: TlsMaterial) => void): Promise<boolean> {
    const content = await readTls(this.#paths);
    const fingerprint = createHash('sha256')
      .update(JSON.stringify(Object.values(content).map(String)))
      .digest('hex');
    if (fingerprint === this.#inUse) return false;
    const expiresAtMs = checkTls(content, this.#paths, this.#deps.clock.nowMs());
    const { cert, key, ca } = content;
    const material = { cert, key, ...(ca ? { ca } : {}) } as TlsMaterial;
    use(material);
    this.#inUse = fingerprint;
    this.#material = material;
    this.#expiresAtMs = expiresAtMs;
    this.#warnedAtMs = Number.NEGATIVE_INFINITY;
    this.#expiry.set(expiresAtMs / 1000);
    return true;
  }

  #mindExpiry(): void {
    const { clock, observer } = this.#deps;
    const nowMs = clock.nowMs();
    if (this.#expiresAtMs - nowMs > WARN_BEFORE_MS || nowMs - this.#warnedAtMs < DAY_MS) return;
    this.#warnedAtMs = nowMs;
    const until = toRfc3339(this.#expiresAtMs);
    observer.log.warn({ part: 'tls', until, setting: TLS_SETTINGS.cert }, 'the certificate ends soon; renew it');
  }
}
