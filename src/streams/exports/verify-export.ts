import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join, relative } from 'node:path';
import type { PublicKeys } from '../../platform/records/signing.ts';
import {
  chainOf,
  MANIFEST,
  MANIFEST_SIGNATURE,
  type Manifest,
  manifestForm,
  PUBLIC_KEY,
  SUMS,
  SUMS_SIGNATURE,
  sumsOf,
} from './manifest.ts';
import { readTar } from './tar.ts';

/** What an export on this machine is, as far as it can be told. */
export interface ExportVerdict {
  /** What is wrong, each a sentence that names the file; none where it holds. */
  faults: string[];
  /** Null where there is none that can be read. */
  manifest: Manifest | null;
  /** Files that are as the manifest says. */
  whole: number;
}

/** What one file is. */
interface Seen {
  bytes: number;
  sha256: string;
  sm3: string | null;
  /** Of files that prove the others. */
  content: Buffer | null;
}

const OURS: ReadonlySet<string> = new Set([MANIFEST, MANIFEST_SIGNATURE, SUMS, SUMS_SIGNATURE]);
const CONTENT_BYTES_MAX = 256 * 1024 * 1024;

/**
 * Holds an export (its folder, or the archive as it was downloaded) against its manifest, and the manifest against the
 * keys. Reads every byte; needs nothing but the export and the public key. Throws where nothing can be read.
 */
export async function verifyExport(path: string, keys: PublicKeys): Promise<ExportVerdict> {
  const seen = new Map<string, Seen>();
  for await (const [name, found] of (await stat(path)).isDirectory() ? ofFolder(path) : ofArchive(path)) {
    seen.set(name, found);
  }
  const text = seen.get(MANIFEST)?.content?.toString('utf8');
  const manifest = text === undefined ? null : parsed(text);
  if (text === undefined || !manifest) {
    const what = text === undefined ? 'is missing' : 'cannot be read: it was changed, or is of a later version';
    return { faults: [`${MANIFEST} ${what}`], manifest: null, whole: 0 };
  }
  const files = filesOf(manifest, seen);
  const signatures = signaturesOf(manifest, text, { seen, keys });
  const listed = new Set(manifest.files.map((file) => file.path));
  const strangers = [...seen.keys()]
    .filter((name) => !listed.has(name) && !OURS.has(name) && name !== PUBLIC_KEY)
    .map((name) => `${name} is no part of the export`);
  return {
    faults: [...signatures, ...files, ...strangers],
    manifest,
    whole: manifest.files.length - new Set(files.map((fault) => fault.split(' ', 1)[0])).size,
  };
}

interface Judging {
  seen: ReadonlyMap<string, Seen>;
  keys: PublicKeys;
}

function signaturesOf(manifest: Manifest, text: string, { seen, keys }: Judging): string[] {
  const faults: string[] = [];
  const sums = seen.get(SUMS)?.content?.toString('utf8');
  const known = keys.ids.includes(manifest.key);
  if (!known) faults.push(`${MANIFEST} is signed by the key ${manifest.key}, which is none of those that were given`);
  for (const [name, signed, of] of [
    [MANIFEST_SIGNATURE, text, MANIFEST],
    [SUMS_SIGNATURE, sums, SUMS],
  ] as const) {
    const signature = seen.get(name)?.content;
    if (signed === undefined) faults.push(`${of} is missing`);
    else if (!signature) faults.push(`${name} is missing`);
    else if (known && !keys.isSigned(manifest.key, signed, signature)) {
      faults.push(`${of} is not what was signed: it or ${name} was changed`);
    }
  }
  if (sums !== undefined && sums !== sumsOf(manifest.files, text)) faults.push(`${SUMS} says other than ${MANIFEST}`);
  return faults;
}

function filesOf({ id, files }: Manifest, seen: ReadonlyMap<string, Seen>): string[] {
  const faults: string[] = [];
  let before = id;
  for (const file of files) {
    const { path, bytes, sha256, sm3 } = file;
    const found = seen.get(path);
    if (!found) faults.push(`${path} is missing`);
    else if (found.bytes !== bytes) faults.push(`${path} has ${found.bytes} bytes instead of ${bytes}`);
    else if (found.sha256 !== sha256 || (found.sm3 !== null && found.sm3 !== sm3)) faults.push(`${path} was changed`);
    before = chainOf(before, file);
    if (before !== file.chain) faults.push(`${path} is not where it was in the list of ${MANIFEST}`);
    before = file.chain;
  }
  return faults;
}

function parsed(text: string): Manifest | null {
  try {
    return manifestForm.parse(JSON.parse(text));
  } catch {
    return null;
  }
}

async function* ofFolder(folder: string): AsyncGenerator<[string, Seen]> {
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const whole = join(entry.parentPath, entry.name);
    const name = relative(folder, whole);
    yield [name, await look(name, createReadStream(whole))];
  }
}

/** All of it lies below one folder. */
async function* ofArchive(path: string): AsyncGenerator<[string, Seen]> {
  for await (const { name, chunks } of readTar(path)) {
    const inside = name.slice(name.indexOf('/') + 1);
    yield [inside, await look(inside, chunks)];
  }
}

async function look(name: string, chunks: AsyncIterable<Buffer>): Promise<Seen> {
  const sha256 = createHash('sha256');
  const sm3 = sm3Hash();
  const kept: Buffer[] | null = OURS.has(name) ? [] : null;
  let bytes = 0;
  for await (const chunk of chunks) {
    sha256.update(chunk);
    sm3?.update(chunk);
    bytes += chunk.length;
    if (bytes <= CONTENT_BYTES_MAX) kept?.push(chunk);
  }
  return {
    bytes,
    sha256: sha256.digest('hex'),
    sm3: sm3?.digest('hex') ?? null,
    content: kept && Buffer.concat(kept),
  };
}

/** Some builds of OpenSSL have no SM3; then SHA-256 alone is compared. */
function sm3Hash() {
  try {
    return createHash('sm3');
  } catch {
    return null;
  }
}
