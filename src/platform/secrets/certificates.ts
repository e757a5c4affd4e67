import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { toRfc3339 } from '../../core/clock.ts';
import { CitywatchError, type Issue, messageOf } from '../../core/errors.ts';

/** Contents of PEM files. With `ca`, a device must show a certificate from one of these. */
export interface TlsMaterial {
  cert: Buffer;
  key: Buffer;
  ca?: Buffer;
}

/** The settings that name the files. */
export const TLS_SETTINGS = {
  cert: 'CITYWATCH_TLS_CERT_FILE',
  key: 'CITYWATCH_TLS_KEY_FILE',
  ca: 'CITYWATCH_CLIENT_CA_FILE',
} as const;

export type TlsPart = keyof typeof TLS_SETTINGS;

const FILE_BYTES_MAX = 1024 * 1024;
const PEM_CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/** What stands in the files, as far as they are named. */
export type TlsContent = Partial<Record<TlsPart, Buffer>>;

/** Errors: `config.invalid` naming each setting whose file cannot be read. */
export async function readTls(paths: Record<TlsPart, string | null>): Promise<TlsContent> {
  const content: TlsContent = {};
  const issues: Issue[] = [];
  for (const part of ['cert', 'key', 'ca'] as const) {
    const path = paths[part];
    if (path === null) continue;
    try {
      content[part] = await readBounded(path);
    } catch (error) {
      issues.push({ path: TLS_SETTINGS[part], message: `${path} cannot be read (${messageOf(error)})` });
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

/** When the certificate ends, in unix ms. Errors: `config.invalid` saying what is wrong with each file. */
export function checkTls({ cert, key, ca }: TlsContent, paths: Record<TlsPart, string | null>, nowMs: number): number {
  const issues: Issue[] = [];
  const say = (part: TlsPart, what: string): void =>
    void issues.push({ path: TLS_SETTINGS[part], message: `${paths[part]} ${what}` });
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
