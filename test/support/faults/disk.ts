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
    const fault = flags === 'wx+' ? faultOf('create') : null;
    if (fault) throw failure(fault, 'open');
    const handle = await open(path, flags, mode);
    return new WatchedFile(handle).handle;
  };
  syncBuiltinESMExports();
}

class WatchedFile {
  readonly handle: FileHandle;
  /** Written since the last fdatasync that went well. */
  #unsynced: { at: number; bytes: number }[] = [];

  constructor(handle: FileHandle) {
    this.handle = handle;
    const writev = handle.writev.bind(handle);
    const datasync = handle.datasync.bind(handle);
    handle.writev = ((parts: Buffer[], at: number) => this.#write(writev, parts, at)) as never;
    handle.datasync = () => this.#sync(datasync);
  }

  async #write(writev: FileHandle['writev'], parts: Buffer[], at: number) {
    reach('append', 'before writing');
    const half = halfOf(parts);
    await reachWith('append', 'half written', () => writev([half], at));
    const fault = faultOf('write');
    if (fault === 'short') return await this.#note(await writev([half], at), at);
    if (fault) {
      // A full disk takes what it still has room for, and says so only afterwards.
      await this.#note(await writev([half], at), at);
      throw failure(fault, 'write');
    }
    const done = await this.#note(await writev(parts, at), at);
    reach('append', 'written');
    return done;
  }

  #note<Done extends { bytesWritten: number }>(done: Done, at: number): Done {
    this.#unsynced.push({ at, bytes: done.bytesWritten });
    return done;
  }

  async #sync(datasync: () => Promise<void>): Promise<void> {
    reach('fsync', 'before');
    const fault = faultOf('sync');
    if (fault) {
      await this.#forget();
      throw failure(fault, 'fdatasync');
    }
    await datasync();
    this.#unsynced = [];
    reach('fsync', 'after');
  }

  /** What the kernel does with pages it could not write: they count as clean, and what is on the disk is not them. */
  async #forget(): Promise<void> {
    for (const { at, bytes } of this.#unsynced) await this.handle.write(Buffer.alloc(bytes), 0, bytes, at);
    this.#unsynced = [];
  }
}

function halfOf(parts: Buffer[]): Buffer {
  const all = Buffer.concat(parts);
  return all.subarray(0, Math.max(1, all.length >> 1));
}
