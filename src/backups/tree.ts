import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { link, lstat, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { CitywatchError } from '../core/errors.ts';
import type { BackedUpFile } from './manifest.ts';

/** A file or directory below a root, by its path from there. */
interface Entry {
  path: string;
  directory: boolean;
  bytes: number;
  ino: number;
}

/** Name of the directory of links that a snapshot makes beside what it holds; nobody else uses it. */
export const LINKS = '.backup';

/** Where a backup makes them. One that was killed leaves them, and they hold on to files that were deleted since. */
export const LINKED_BY_BACKUPS = ['influx', 'journal/identities', 'journal/bulk-identities'] as const;

const isGone = (error: NodeJS.ErrnoException): boolean => error.code === 'ENOENT';

/** Collects what is written into a backup. */
export class BackupTree {
  readonly #root: string;
  readonly files: BackedUpFile[] = [];
  readonly directories: string[] = [];

  constructor(root: string) {
    this.#root = root;
  }

  /** A file of our own making. */
  async write(path: string, text: string): Promise<void> {
    await mkdir(dirname(join(this.#root, path)), { recursive: true, mode: 0o700 });
    await writeFile(join(this.#root, path), text, { flag: 'wx', mode: 0o600 });
    const sha256 = createHash('sha256').update(text).digest('hex');
    this.files.push({ path, bytes: Buffer.byteLength(text), sha256 });
  }

  /**
   * Copies what is below `from` to `to`, file by file while others write on: each as it is when its turn comes. What
   * goes away meanwhile is left out. `skip` is told the path from `from`.
   */
  async copy(from: string, to: string, skip: (path: string) => boolean = () => false): Promise<void> {
    for (const entry of await entriesBelow(from, skip)) await this.#take(from, to, entry);
  }

  /**
   * Copies what is below `from` as it is at one moment: all files are linked until nothing came or went meanwhile, and
   * of each only what it held then is copied. Fits stores that write by appending and by new files.
   */
  async copyMoment(from: string, to: string): Promise<void> {
    const links = join(from, LINKS);
    try {
      for (const entry of await linkAll(from, links)) {
        await this.#take(entry.directory ? from : links, to, entry, { whole: true });
      }
    } finally {
      await rm(links, { recursive: true, force: true });
    }
  }

  async #take(from: string, to: string, entry: Entry, { whole = false } = {}): Promise<void> {
    const path = join(to, entry.path);
    if (entry.directory) {
      await mkdir(join(this.#root, path), { recursive: true, mode: 0o700 });
      if (!this.directories.includes(path)) this.directories.push(path);
      return;
    }
    const limit = whole ? entry.bytes : Number.POSITIVE_INFINITY;
    const copied = await copyFile(join(from, entry.path), join(this.#root, path), limit);
    if (copied) this.files.push({ path, ...copied });
    // A link that we made goes away only when somebody starts a gateway on the directory.
    else if (whole) throw new CitywatchError('service.failed', { detail: `${path} went away; take the backup again.` });
  }
}

async function linkAll(from: string, links: string): Promise<Entry[]> {
  const list = (): Promise<Entry[]> => entriesBelow(from, (path) => path === LINKS);
  const same = (entries: Entry[]): string => JSON.stringify(entries.map(({ path, ino }) => [path, ino]));
  for (let round = 0; round < ROUNDS_MAX; round += 1) {
    await rm(links, { recursive: true, force: true });
    const entries = await list();
    if (entries.length === 0) return [];
    await mkdir(links, { mode: 0o700 });
    const isLinked = await linkEach(entries, from, links);
    if (isLinked && same(entries) === same(await list())) return entries;
  }
  throw new CitywatchError('service.failed', { detail: `${from} does not stand still for a moment; try again later.` });
}

/** A round takes milliseconds; what is linked changes every few seconds at most. */
const ROUNDS_MAX = 100;

async function linkEach(entries: Entry[], from: string, links: string): Promise<boolean> {
  try {
    for (const { path, directory } of entries) {
      if (directory) await mkdir(join(links, path), { recursive: true, mode: 0o700 });
      else await link(join(from, path), join(links, path));
    }
    return true;
  } catch (error) {
    if (isGone(error as NodeJS.ErrnoException)) return false;
    throw error;
  }
}

/** Parents before what is in them. Sockets and links are no data of ours. */
async function entriesBelow(root: string, skip: (path: string) => boolean, under = ''): Promise<Entry[]> {
  const names = await readdir(join(root, under)).catch((error: NodeJS.ErrnoException) => {
    if (isGone(error)) return [];
    throw error;
  });
  const entries: Entry[] = [];
  for (const name of names.sort()) {
    const path = join(under, name);
    if (skip(path)) continue;
    const found = await lstat(join(root, path)).catch(() => null);
    if (!found || !(found.isFile() || found.isDirectory())) continue;
    entries.push({ path, directory: found.isDirectory(), bytes: found.size, ino: found.ino });
    if (found.isDirectory()) entries.push(...(await entriesBelow(root, skip, path)));
  }
  return entries;
}

/** Copies at most `limit` bytes into a new file; null where there is nothing to copy any more. */
async function copyFile(from: string, to: string, limit: number): Promise<{ bytes: number; sha256: string } | null> {
  const sum = createHash('sha256');
  let bytes = 0;
  const measure = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length;
      sum.update(chunk);
      done(null, chunk);
    },
  });
  await mkdir(dirname(to), { recursive: true, mode: 0o700 });
  try {
    if (limit === 0) await writeFile(to, '', { flag: 'wx', mode: 0o600 });
    else {
      const source = createReadStream(from, { end: limit - 1 });
      await pipeline(source, measure, createWriteStream(to, { flags: 'wx', mode: 0o600 }));
    }
  } catch (error) {
    const { code, path } = error as NodeJS.ErrnoException;
    if (code !== 'ENOENT' || path !== from) throw error;
    await rm(to, { force: true });
    return null;
  }
  return { bytes, sha256: sum.digest('hex') };
}
