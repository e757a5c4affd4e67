import { access, readdir, readFile, rm, rmdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type Clock, HOUR_MS } from '../../core/clock.ts';
import { ensureDirectory, TEMPORARY, writeFileDurable } from '../files/files.ts';
import { BLOB_NAME, type BlobFound, type BlobLevel, BlobRefusal, type Blobs, checkBlobKey } from './blobs.ts';

export interface LocalBlobsDeps {
  /** Names it to people: `images`. */
  name: string;
  /** Nothing else may be kept there. */
  directory: string;
  /** Knows whether the directory is the disk whose files the database names. */
  volume: { problem(): Promise<string | null> };
  clock: Clock;
  /** Free bytes of the disk that holds a directory. */
  freeBytes(directory: string): Promise<number>;
  /** Free bytes that are left to what matters more. */
  reserveBytes: number;
}

/** A younger one may belong to somebody who is not done. */
const LEFT_ALONE_MS = HOUR_MS;
/** A folder may be taken away, being empty, while somebody begins to write into it. */
const PUT_TRIES = 3;
const NO_ROOM = ['ENOSPC', 'EDQUOT'];

/** Blobs as files below a directory, readable by us alone. Folders come and go with their files. */
export class LocalBlobs implements Blobs {
  readonly #deps: LocalBlobsDeps;

  constructor(deps: LocalBlobsDeps) {
    this.#deps = deps;
  }

  get name(): string {
    return this.#deps.name;
  }

  async put(key: string, bytes: Uint8Array): Promise<void> {
    checkBlobKey(key);
    await this.#refuseForeign();
    try {
      if ((await this.room()) < bytes.length) throw this.#full();
      await this.#write(join(this.#deps.directory, key), bytes);
    } catch (error) {
      throw NO_ROOM.includes(codeOf(error)) ? this.#full(error) : error;
    }
  }

  async get(key: string): Promise<Buffer | null> {
    checkBlobKey(key);
    const found = await readFile(join(this.#deps.directory, key)).catch(ifAbsent(null));
    if (found === null) await this.#refuseForeign();
    return found;
  }

  async has(key: string): Promise<boolean> {
    checkBlobKey(key);
    const found = await access(join(this.#deps.directory, key)).then(() => true, ifAbsent(false));
    if (!found) await this.#refuseForeign();
    return found;
  }

  async delete(key: string): Promise<void> {
    checkBlobKey(key);
    await this.#refuseForeign();
    const path = join(this.#deps.directory, key);
    await rm(path, { force: true });
    await this.#removeEmpty(dirname(path));
  }

  async list(prefix: string): Promise<BlobLevel> {
    await this.#refuseForeign();
    const path = this.#folder(prefix);
    const entries = await readdir(path, { withFileTypes: true }).catch(ifAbsent([]));
    // What is no key of ours was put there by somebody else.
    const ours = entries.filter(({ name }) => BLOB_NAME.test(name));
    const folders = ours.filter((entry) => entry.isDirectory()).map(({ name }) => name);
    const blobs: BlobFound[] = [];
    for (const { name } of ours.filter((entry) => entry.isFile())) {
      const found = await stat(join(path, name)).catch(ifAbsent(null));
      if (found) blobs.push({ name, putAtMs: found.mtimeMs });
    }
    return { folders: folders.sort(), blobs };
  }

  async sweep(prefix: string): Promise<number> {
    await this.#refuseForeign();
    const path = this.#folder(prefix);
    const entries = await readdir(path, { withFileTypes: true }).catch(ifAbsent([]));
    let removed = 0;
    for (const { name } of entries.filter((entry) => entry.isFile() && TEMPORARY.test(entry.name))) {
      const found = await stat(join(path, name)).catch(ifAbsent(null));
      if (found === null || this.#deps.clock.nowMs() - found.mtimeMs < LEFT_ALONE_MS) continue;
      await rm(join(path, name), { force: true });
      removed += 1;
    }
    await this.#removeEmpty(path);
    return removed;
  }

  async room(): Promise<number> {
    const { directory, freeBytes, reserveBytes } = this.#deps;
    await ensureDirectory(directory, 0o700);
    return Math.max(0, (await freeBytes(directory)) - reserveBytes);
  }

  problem(): Promise<string | null> {
    return this.#deps.volume.problem();
  }

  async #write(path: string, bytes: Uint8Array): Promise<void> {
    for (let tries = 1; ; tries += 1) {
      try {
        await ensureDirectory(dirname(path), 0o700);
        await writeFileDurable(path, bytes, { mode: 0o600 });
        return;
      } catch (error) {
        if (codeOf(error) !== 'ENOENT' || tries === PUT_TRIES) throw error;
      }
    }
  }

  /** A folder that holds nothing, and those above it that then hold nothing; never the store itself. */
  async #removeEmpty(path: string): Promise<void> {
    const { directory } = this.#deps;
    for (let folder = path; folder !== directory && folder.startsWith(`${directory}/`); folder = dirname(folder)) {
      const isGone = await rmdir(folder).then(
        () => true,
        (error: unknown) => {
          if (['ENOTEMPTY', 'EEXIST', 'ENOENT', 'EBUSY'].includes(codeOf(error))) return false;
          throw error;
        },
      );
      if (!isGone) return;
    }
  }

  #folder(prefix: string): string {
    if (prefix === '') return this.#deps.directory;
    checkBlobKey(prefix.slice(0, -1));
    return join(this.#deps.directory, prefix.slice(0, -1));
  }

  async #refuseForeign(): Promise<void> {
    const problem = await this.problem();
    if (problem !== null) throw new BlobRefusal('away', problem);
  }

  #full(cause?: unknown): BlobRefusal {
    return new BlobRefusal('full', `The disk has no room for more ${this.#deps.name}.`, cause);
  }
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? '';
}

function ifAbsent<Value>(value: Value): (error: unknown) => Value {
  return (error) => {
    if (codeOf(error) === 'ENOENT') return value;
    throw error;
  };
}
