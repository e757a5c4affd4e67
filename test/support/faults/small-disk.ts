import { execFileSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, rmSync, statfsSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { Owner } from '../services/services.ts';

const MiB = 1024 * 1024;
const FILLER = 'filler';

/** Memory as a disk of its own, which a test fills and frees. Needs root. */
export class SmallDisk {
  readonly #path: string;

  private constructor(path: string) {
    this.#path = path;
  }

  /** Puts one at `path`, which may be in use later; gone after the test. */
  static mount(t: Owner, path: string, megabytes: number): SmallDisk {
    if (process.getuid?.() !== 0) throw new Error('a disk of its own can only be mounted by root');
    mkdirSync(path, { recursive: true, mode: 0o700 });
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m,mode=0700`, 'tmpfs', path]);
    // What still runs on it when the test ends lets go of it later.
    t.teardown(() => void execFileSync('umount', ['-l', path]));
    return new SmallDisk(path);
  }

  get freeBytes(): number {
    const { bavail, bsize } = statfsSync(this.#path);
    return bavail * bsize;
  }

  /** Takes all but `leaveBytes` of it. */
  fill(leaveBytes: number): void {
    const file = openSync(join(this.#path, FILLER), 'a', 0o600);
    try {
      for (let left = this.freeBytes - leaveBytes; left > 0; left -= MiB) {
        writeSync(file, Buffer.alloc(Math.min(MiB, left)));
      }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
    } finally {
      closeSync(file);
    }
  }

  free(): void {
    rmSync(join(this.#path, FILLER), { force: true });
  }
}
