import fs from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { reach, reachWith } from './killing.ts';
import type { DiskOrder } from './orders.ts';

/** Files of the journal that are written, by their path. */
const JOURNAL_FILE = /\/journal\/live\/\d+\.seg$/;

let orders: { order: DiskOrder; seen: number }[] = [];

export function failAt(next: DiskOrder[]): void {
  orders = next.map((order) => ({ order, seen: 0 }));
}

/** What is wrong with this call, or null. */
function faultOf(call: DiskOrder['call']): DiskOrder['error'] | null {
  let fault: DiskOrder['error'] | null = null;
  for (const each of orders) {
    const { order } = each;
    if (order.call !== call) continue;
    each.seen += 1;
    if (each.seen >= order.nth && each.seen < order.nth + order.times) fault = order.error;
  }
  return fault;
}

function failure(code: string, call: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`${code}: on purpose, ${call}`), { code, syscall: call });
}

/** Wraps the one way in which the journal opens its files; every other file is left alone. */
export function watchDisk(): void {
  const { open } = fs.promises;
  fs.promises.open = async (path, flags, mode) => {
    if (!JOURNAL_FILE.test(String(path)) || flags === 'r') return await open(path, flags, mode);
    if (typeof flags !== 'number') return repaired(await open(path, flags, mode));
    const fault = faultOf('create');
    if (fault) throw failure(fault, 'open');
    // The two halves of a synced write, taken apart, so that something can happen between them.
    const handle = await open(path, flags & ~fs.constants.O_DSYNC, mode);
    return new WatchedFile(handle).handle;
  };
  syncBuiltinESMExports();
}

/** A file that is opened to be repaired, which ends with a sync of its own. */
function repaired(handle: FileHandle): FileHandle {
  const datasync = handle.datasync.bind(handle);
  handle.datasync = async () => {
    const fault = faultOf('sync');
    if (fault) throw failure(fault, 'fdatasync');
    await datasync();
  };
  return handle;
}

class WatchedFile {
  readonly handle: FileHandle;
  constructor(handle: FileHandle) {
    this.handle = handle;
    const writev = handle.writev.bind(handle);
    handle.writev = ((parts: Buffer[], at: number) => this.#write(writev, parts, at)) as never;
  }

  async #write(writev: FileHandle['writev'], parts: Buffer[], at: number) {
    reach('append', 'before writing');
    const half = halfOf(parts);
    await reachWith('append', 'half written', () => writev([half], at));
    const fault = faultOf('write');
    if (fault === 'short') return await this.#sync(await writev([half], at), at);
    if (fault) {
      // A full disk takes what it still has room for, and says so only afterwards.
      await writev([half], at);
      throw failure(fault, 'write');
    }
    const done = await writev(parts, at);
    reach('append', 'written');
    return await this.#sync(done, at);
  }

  async #sync<Done extends { bytesWritten: number }>(done: Done, at: number): Promise<Done> {
    reach('fsync', 'before');
    const fault = faultOf('sync');
    if (fault) {
      // What the kernel does with pages it could not write: they count as clean, and what is on the disk is not them.
      await this.handle.write(Buffer.alloc(done.bytesWritten), 0, done.bytesWritten, at);
      throw failure(fault, 'write');
    }
    await this.handle.datasync();
    reach('fsync', 'after');
    return done;
  }
}

function halfOf(parts: Buffer[]): Buffer {
  const all = Buffer.concat(parts);
  return all.subarray(0, Math.max(1, all.length >> 1));
}
