import { randomUUID } from 'node:crypto';
import fs, { type FileHandle } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import { DAY_MS, systemClock } from '../../../src/core/clock.ts';
import type { Blobs } from '../../../src/platform/blobs/blobs.ts';
import { LocalBlobs } from '../../../src/platform/blobs/local-blobs.ts';
import { Volume } from '../../../src/platform/blobs/volume.ts';
import type { Database } from '../../../src/platform/database/database.ts';
import { type Owner, quietObserver, temporaryDirectory } from '../services/services.ts';

/** One kind of store of blobs, and what may happen to it, as its conformance test needs it. */
export interface BlobWorld {
  /** As a gateway opens it when it starts; all of them have the same blobs. */
  open(): Blobs;
  /** What a store that is away says of its remedy. */
  remedy: RegExp;
  /** From now on this many bytes may be put. */
  leave(bytes: number): void;
  /** The store is gone, as a disk that is not mounted; returns how it comes back. */
  takeAway(): Promise<() => Promise<void>>;
  /** Another one stands where it was, which belongs to somebody else; returns how it comes back. */
  exchange(): Promise<() => Promise<void>>;
  /**
   * Starts `act` and cuts it off before its step `step`, as a kill would: nothing of it happens any more. Resolves with
   * whether it was cut; it ended by itself where it has fewer steps.
   */
  cut(step: number, act: (blobs: Blobs) => Promise<unknown>): Promise<boolean>;
  /** A day later for what sweeps; the blobs keep their age. */
  later(): void;
}

/** A folder of this machine. */
export async function localFolderWorld(t: Owner, database: Database): Promise<BlobWorld> {
  const directory = join(await temporaryDirectory(t), 'blobs');
  const name = `blobs-${randomUUID()}`;
  let laterMs = 0;
  let room = Number.POSITIVE_INFINITY;
  const clock = { ...systemClock, nowMs: () => systemClock.nowMs() + laterMs };
  const open = (): Blobs => {
    const isExpected = async (): Promise<boolean> => false;
    const volume = new Volume({ name, directory, database, clock, observer: quietObserver(), isExpected });
    return new LocalBlobs({ name, directory, volume, clock, freeBytes: async () => room, reserveBytes: 0 });
  };
  await open().problem();
  const away = `${directory}-away`;
  const back = async (): Promise<void> => {
    await fs.rm(directory, { recursive: true, force: true });
    await fs.rename(away, directory);
  };
  return {
    open,
    remedy: /[Mm]ount /,
    leave: (bytes) => {
      room = bytes;
    },
    takeAway: async () => {
      await fs.rename(directory, away);
      await fs.mkdir(directory);
      return back;
    },
    exchange: async () => {
      await fs.rename(directory, away);
      await fs.mkdir(directory);
      await fs.writeFile(join(directory, '.citywatch-volume'), '00000000-0000-4000-8000-000000000000\n');
      return back;
    },
    cut: (step, act) => freeze(directory, step, () => act(open())),
    later: () => {
      laterMs += DAY_MS;
    },
  };
}

const CALLS = ['open', 'mkdir', 'rename', 'rm', 'rmdir'] as const;
const HANDLE_CALLS = ['writeFile', 'chmod', 'sync', 'datasync'] as const;

/** Calls of the file system below `directory` are counted; the one of this number never returns, nor any later one. */
export async function freeze(directory: string, step: number, act: () => Promise<unknown>): Promise<boolean> {
  const originals = new Map(CALLS.map((name) => [name, fs[name] as (...given: unknown[]) => Promise<unknown>]));
  /** What was opened: nobody else closes what was frozen. */
  const handles = new Set<FileHandle>();
  let calls = 0;
  let frozen = (): void => {};
  const isFrozen = new Promise<boolean>((resolve) => {
    frozen = () => resolve(true);
  });
  const count = (run: () => Promise<unknown>): Promise<unknown> => {
    calls += 1;
    if (calls < step) return run();
    frozen();
    return new Promise(() => {});
  };
  for (const [name, original] of originals) {
    const counted = (...given: unknown[]): Promise<unknown> => {
      if (!String(given[0]).startsWith(directory)) return original(...given);
      return count(async () => {
        const result = await original(...given);
        if (isHandle(result)) handles.add(countCalls(result, count));
        return result;
      });
    };
    Object.assign(fs, { [name]: counted });
  }
  syncBuiltinESMExports();
  try {
    return await Promise.race([act().then(() => false), isFrozen]);
  } finally {
    for (const [name, original] of originals) Object.assign(fs, { [name]: original });
    syncBuiltinESMExports();
    for (const handle of handles) await handle.close().catch(() => {});
  }
}

function isHandle(result: unknown): result is FileHandle {
  return typeof result === 'object' && result !== null && 'datasync' in result;
}

function countCalls(handle: FileHandle, count: (run: () => Promise<unknown>) => Promise<unknown>): FileHandle {
  for (const name of HANDLE_CALLS) {
    const original = handle[name].bind(handle) as (...given: unknown[]) => Promise<unknown>;
    Object.assign(handle, { [name]: (...given: unknown[]) => count(() => original(...given)) });
  }
  return handle;
}
