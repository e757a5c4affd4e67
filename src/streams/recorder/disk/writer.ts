import { createHash, type Hash } from 'node:crypto';
import {
  closeSync,
  fdatasyncSync,
  fsyncSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  statfsSync,
  statSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { AWAY } from './disk-health.ts';
import type { DiskOrder, DiskReport } from './disk-protocol.ts';

/** Files that are being written. A directory of its own, so that a start need not look through the days. */
export const OPEN = 'open';
/** Files that are whole and durable, and have no row yet. */
export const WHOLE = 'whole';
/**
 * Ends the name of a file in {@link OPEN} that could not be made durable. The system counts what it has of it in memory
 * as written from then on, and a second attempt to make it durable would succeed for nothing: only a copy can be.
 */
export const UNSURE = '.unsure';

/** What is done with files. */
export type FileOrder = Exclude<DiskOrder, { type: 'look' }>;

interface OpenFile {
  fd: number;
  name: string;
  bytes: number;
  hash: Hash;
}

export const FILE_MODE = 0o640;
const DIRECTORY_MODE = 0o750;

/**
 * Writes the files of one disk. It waits for the disk in each call, and nothing else waits with it: it has a process of
 * its own. What it has written survives the death of every process at once; a power cut takes what came since the last
 * {@link sync}.
 */
export class Writer {
  readonly #directory: string;
  readonly #tell: (report: DiskReport) => void;
  /** Which directory is there at the start: device and inode. */
  #place = '';
  readonly #files = new Map<number, OpenFile>();
  readonly #broken: string[] = [];

  constructor(directory: string, tell: (report: DiskReport) => void) {
    this.#directory = directory;
    this.#tell = tell;
  }

  /** Throws where the directory cannot be used. */
  prepare(): void {
    this.#place = placeOf(this.#directory);
    for (const name of [OPEN, WHOLE]) mkdirSync(join(this.#directory, name), { recursive: true, mode: DIRECTORY_MODE });
    syncDirectory(this.#directory);
  }

  /** Never throws: what goes wrong is told. */
  do(said: FileOrder, payload: Buffer): void {
    try {
      this.#do(said, payload);
    } catch (error) {
      if ('id' in said) this.#failed(said.id, error);
    }
  }

  /** Makes durable what was written so far, and tells how much room there is. Throws where the disk is gone. */
  sync(): void {
    this.#requireDisk();
    for (const [id, { fd }] of [...this.#files]) {
      try {
        fdatasyncSync(fd);
      } catch (error) {
        this.#unsure(id, error);
      }
    }
    const { bavail, blocks, bsize } = statfsSync(this.#directory);
    this.#tell({ type: 'room', freeBytes: bavail * bsize, totalBytes: blocks * bsize });
  }

  /** Names of files that failed since the last call: what is whole of them can be saved. */
  broken(): string[] {
    return this.#broken.splice(0);
  }

  /** It cannot be made durable. */
  #unsure(id: number, error: unknown): void {
    const file = this.#files.get(id);
    if (file) file.name = unsure(this.#directory, file.name);
    this.#failed(id, error);
  }

  #failed(id: number, error: unknown): void {
    const file = this.#files.get(id);
    if (file) this.#broken.push(file.name);
    this.#give(id);
    this.#tell({ type: 'failed', id, code: String((error as NodeJS.ErrnoException).code ?? 'UNKNOWN') });
  }

  #do(said: FileOrder, payload: Buffer): void {
    switch (said.type) {
      case 'open':
        this.#open(said.id, said.name, payload);
        return;
      case 'write':
        this.#append(said.id, payload);
        return;
      case 'close':
        this.#close(said.id);
        return;
      case 'keep':
        this.#keep(said.name, said.path);
        return;
      case 'remove':
        for (const path of said.paths) rmSync(join(this.#directory, path), { force: true });
        this.#tell({ type: 'removed', id: said.id });
    }
  }

  /** What is written after the disk was taken away would fill the disk below its directory. */
  #requireDisk(): void {
    if (placeOf(this.#directory) === this.#place) return;
    throw Object.assign(new Error(`${this.#directory} is another disk than before`), { code: AWAY });
  }

  #open(id: number, name: string, lead: Buffer): void {
    this.#requireDisk();
    // Two files of one name would be two recordings of one camera in one moment: an error of ours, and no file to lose.
    const fd = openSync(join(this.#directory, OPEN, name), 'wx', FILE_MODE);
    this.#files.set(id, { fd, name, bytes: 0, hash: createHash('sha256') });
    this.#append(id, lead);
  }

  /** What belongs to a file that failed is passed over. */
  #append(id: number, data: Buffer): void {
    const file = this.#files.get(id);
    if (!file) return;
    for (let done = 0; done < data.length; ) done += writeSync(file.fd, data, done);
    file.hash.update(data);
    file.bytes += data.length;
  }

  #close(id: number): void {
    const file = this.#files.get(id);
    if (!file) return;
    const { fd, name, bytes, hash } = file;
    try {
      fdatasyncSync(fd);
    } catch (error) {
      this.#unsure(id, error);
      return;
    }
    renameSync(join(this.#directory, OPEN, name), join(this.#directory, WHOLE, name));
    syncDirectory(join(this.#directory, WHOLE));
    this.#give(id);
    this.#tell({ type: 'closed', id, bytes, sha256: hash.digest('hex') });
  }

  /** Where it does not come to its day it is found where it lies, and moved at the next start. */
  #keep(name: string, path: string): void {
    this.#requireDisk();
    const to = join(this.#directory, path);
    mkdirSync(dirname(to), { recursive: true, mode: DIRECTORY_MODE });
    renameSync(join(this.#directory, WHOLE, name), to);
  }

  #give(id: number): void {
    const file = this.#files.get(id);
    if (!file) return;
    this.#files.delete(id);
    try {
      closeSync(file.fd);
    } catch {
      // It is closed, whatever the disk says; what was lost is found by looking at the file.
    }
  }
}

/** Marks a file that is being written as {@link UNSURE}, and returns its name from now on. */
export function unsure(directory: string, name: string): string {
  try {
    renameSync(join(directory, OPEN, name), join(directory, OPEN, name + UNSURE));
    return name + UNSURE;
  } catch {
    // A disk that does not even do this is looked at again by the next process.
    return name;
  }
}

function placeOf(directory: string): string {
  const { dev, ino } = statSync(directory);
  return `${dev} ${ino}`;
}

/** Makes created and moved entries durable. */
export function syncDirectory(path: string): void {
  const fd = openSync(path, 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
