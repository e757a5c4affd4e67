import { createHash, createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { type Clock, DAY_MS, toRfc3339 } from '../core/clock.ts';
import { CitywatchError, type Issue, messageOf } from '../core/errors.ts';
import { Joined } from '../core/mechanisms/one-at-a-time.ts';
import { Gauge, type Observer } from '../core/observe.ts';
import type { TlsMaterial } from '../ingest/uplinks/uplink.ts';
import type { Config } from './config/config.ts';

/** How often it is looked whether the files changed; by content, since a renewal may keep size or time of change. */
const LOOK_EVERY_MS = 5_000;
const FILE_BYTES_MAX = 1024 * 1024;
/** From when on a certificate that nobody renewed is worth a line a day. */
const WARN_BEFORE_MS = 30 * DAY_MS;
const PEM_CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

const NAMES = {
  cert: 'CITYWATCH_TLS_CERT_FILE',
  key: 'CITYWATCH_TLS_KEY_FILE',
  ca: 'CITYWATCH_CLIENT_CA_FILE',
} as const;

type Part = keyof typeof NAMES;

interface Deps {
  clock: Clock;
  observer: Observer;
}

/**
 * The certificate of HTTPS and MQTTS, checked before it is used and read again when its files change. A pair that is
 * wrong is refused at start; later it is named once in the log and the one in use stays.
 */
export class TlsFiles {
  readonly #paths: Record<Part, string | null>;
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

  private constructor(paths: Record<Part, string | null>, deps: Deps) {
    this.#paths = paths;
    this.#deps = deps;
    this.#expiry = new Gauge({
      name: 'citywatch_tls_certificate_expires_seconds',
      help: 'Unix time at which the certificate of HTTPS and MQTTS ends; 0 without TLS.',
      registers: [deps.observer.metrics],
    });
  }

  /** Errors: `config.invalid` naming each setting whose file cannot be used, and why. */
  static async open({ certFile, keyFile, clientCaFile }: Config['tls'], deps: Deps): Promise<TlsFiles> {
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
    const content = await readAll(this.#paths);
    const fingerprint = createHash('sha256')
      .update(JSON.stringify(Object.values(content).map(String)))
      .digest('hex');
    if (fingerprint === this.#inUse) return false;
    const expiresAtMs = check(content, this.#paths, this.#deps.clock.nowMs());
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
    observer.log.warn({ part: 'tls', until, setting: NAMES.cert }, 'the certificate ends soon; renew it');
  }
}

type Content = Partial<Record<Part, Buffer>>;

async function readAll(paths: Record<Part, string | null>): Promise<Content> {
  const content: Content = {};
  const issues: Issue[] = [];
  for (const part of ['cert', 'key', 'ca'] as const) {
    const path = paths[part];
    if (path === null) continue;
    try {
      content[part] = await readBounded(path);
    } catch (error) {
      issues.push({ path: NAMES[part], message: `${path} cannot be read (${messageOf(error)})` });
    }
  }
  refuse(issues);
  return content;
}

async function readBounded(path: string): Promise<Buffer> {
  // A pipe without a writer would be waited for.
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const info = await file.stat();
    if (!info.isFile()) throw new Error('not a file');
    if (info.size > FILE_BYTES_MAX) throw new Error('too long for certificates');
    return await file.readFile();
  } finally {
    await file.close();
  }
}

/** Throws what is wrong with each file, or answers when the certificate ends. */
function check({ cert, key, ca }: Content, paths: Record<Part, string | null>, nowMs: number): number {
  const issues: Issue[] = [];
  const say = (part: Part, what: string): void =>
    void issues.push({ path: NAMES[part], message: `${paths[part]} ${what}` });
  const chain = cert ? certificatesIn(cert) : null;
  const leaf = chain?.[0] ?? null;
  if (leaf === null) say('cert', 'holds no certificate in PEM form (-----BEGIN CERTIFICATE-----)');
  const privateKey = key ? readKey(key, (what) => say('key', what)) : null;
  if (leaf && privateKey && !leaf.checkPrivateKey(privateKey)) {
    say('key', `is not the key of the first certificate in ${paths.cert}`);
  }
  const endsAtMs = leaf ? Date.parse(leaf.validTo) : 0;
  if (leaf && endsAtMs <= nowMs) say('cert', `has expired at ${toRfc3339(endsAtMs)}; renew it`);
  if (leaf && Date.parse(leaf.validFrom) > nowMs) {
    say('cert', `is valid only from ${toRfc3339(Date.parse(leaf.validFrom))}; is the clock right?`);
  }
  if (ca && !certificatesIn(ca)) say('ca', 'holds no certificate in PEM form (-----BEGIN CERTIFICATE-----)');
  refuse(issues);
  return endsAtMs;
}

function refuse(issues: Issue[]): void {
  if (issues.length > 0) throw new CitywatchError('config.invalid', { detail: 'TLS cannot be used.', issues });
}

/** Every certificate of a PEM file, or null when there is none or one of them cannot be read. */
function certificatesIn(pem: Buffer): X509Certificate[] | null {
  const blocks = pem.toString('latin1').match(PEM_CERTIFICATE) ?? [];
  try {
    return blocks.length > 0 ? blocks.map((block) => new X509Certificate(block)) : null;
  } catch {
    return null;
  }
}

function readKey(pem: Buffer, say: (what: string) => void): KeyObject | null {
  try {
    return createPrivateKey(pem);
  } catch {
    const isLocked = pem.includes('ENCRYPTED');
    say(isLocked ? 'is locked by a passphrase; store it without one, mode 0600' : 'holds no private key in PEM form');
    return null;
  }
}
