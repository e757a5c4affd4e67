import type { FileHandle } from 'node:fs/promises';
import { constants, link, mkdir, open, readdir, rename, unlink } from 'node:fs/promises';
import { freeBytesOf } from '../../platform/files/disks.ts';

/** The file operations the journal needs, so that a test can let any of them fail. */
export interface JournalFiles {
  /** A new file for reading and writing, each write of which is durable; fails when the name is taken. */
  create(path: string): Promise<JournalFile>;
  open(path: string, mode: 'read' | 'write'): Promise<JournalFile>;
  list(directory: string): Promise<string[]>;
  makeDirectory(path: string): Promise<void>;
  remove(path: string): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  link(from: string, to: string): Promise<void>;
  /** Makes names created in or removed from the directory durable. */
  syncDirectory(path: string): Promise<void>;
  /** Bytes an ordinary user may still write on the disk of `path`. */
  freeBytes(path: string): Promise<number>;
}

export interface JournalFile {
  /** Writes all of `parts` from `position`, in as many calls as it takes. Durable when it resolves, in a new file. */
  write(parts: Buffer[], position: number): Promise<void>;
  /** Resolves when what is in a file that was there before is on the disk. */
  sync(): Promise<void>;
  /** Reads until `into` is full or the file ends; resolves with the number of bytes read. */
  read(into: Buffer, position: number): Promise<number>;
  truncate(bytes: number): Promise<void>;
  size(): Promise<number>;
  close(): Promise<void>;
}

/**
 * With O_DSYNC each write is followed by what fdatasync does, in the same call: it costs the way to another thread and
 * back once and not twice, which is most of what a small group costs.
 */
const NEW_AND_SYNCED = constants.O_CREAT | constants.O_EXCL | constants.O_RDWR | constants.O_DSYNC;

/** The real disk. Files are readable by their owner only: payloads may be personal data. */
export const diskFiles: JournalFiles = {
  create: async (path) => diskFile(await open(path, NEW_AND_SYNCED, 0o600)),
  open: async (path, mode) => diskFile(await open(path, mode === 'read' ? 'r' : 'r+')),
  list: (directory) => readdir(directory),
  makeDirectory: async (path) => {
    await mkdir(path, { recursive: true, mode: 0o700 });
  },
  remove: unlink,
  rename,
  link,
  syncDirectory: async (path) => {
    const handle = await open(path, 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  },
  freeBytes: freeBytesOf,
};

function diskFile(handle: FileHandle): JournalFile {
  return {
    write: (parts, position) => writeAll(handle, parts, position),
    sync: () => handle.datasync(),
    read: async (into, position) => {
      let done = 0;
      while (done < into.length) {
        const { bytesRead } = await handle.read(into, done, into.length - done, position + done);
        if (bytesRead === 0) break;
        done += bytesRead;
      }
      return done;
    },
    truncate: (bytes) => handle.truncate(bytes),
    size: async () => (await handle.stat()).size,
    close: () => handle.close(),
  };
}

/** One call may write less than asked, for one when the disk becomes full in the middle. */
async function writeAll(handle: FileHandle, parts: Buffer[], position: number): Promise<void> {
  let rest = parts;
  let at = position;
  while (rest.length > 0) {
    const { bytesWritten } = await handle.writev(rest, at);
    if (bytesWritten === 0) throw new Error('the file takes no more bytes');
    at += bytesWritten;
    rest = without(rest, bytesWritten);
  }
}

function without(parts: Buffer[], bytes: number): Buffer[] {
  let left = bytes;
  const rest: Buffer[] = [];
  for (const part of parts) {
    if (left >= part.length) left -= part.length;
    else {
      rest.push(part.subarray(left));
      left = 0;
    }
  }
  return rest;
}
