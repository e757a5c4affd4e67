import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, statfsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Owner } from '../services/services.ts';

const FILLER = 'filler';
const TRIES = 10;

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
    // Somebody else may write meanwhile, so that there is less room than was asked for.
    for (let tries = 0; tries < TRIES && this.freeBytes > leaveBytes; tries += 1) {
      const bytes = this.freeBytes - leaveBytes;
      // Room is taken and not written to, which costs nothing.
      spawnSync('fallocate', ['--offset', `${this.#fillerBytes}`, '--length', `${bytes}`, this.#filler]);
    }
    if (this.freeBytes > leaveBytes) throw new Error(`${this.#path} has ${this.freeBytes} bytes free`);
  }

  get #filler(): string {
    return join(this.#path, FILLER);
  }

  get #fillerBytes(): number {
    return statSync(this.#filler, { throwIfNoEntry: false })?.size ?? 0;
  }

  free(): void {
    rmSync(this.#filler, { force: true });
  }
}

/** Memory as a disk that is taken away while it is in use, and comes back as it was. Needs root. */
export class LentMount {
  readonly #path: string;
  readonly #aside: string;

  private constructor(path: string, aside: string) {
    this.#path = path;
    this.#aside = aside;
  }

  /** Why none can be mounted here; null where one can. */
  static whyNot(): string | null {
    if (process.getuid?.() !== 0) return 'only root can mount';
    const tried = spawnSync('unshare', [
      '--mount',
      '--propagation',
      'private',
      'mount',
      '-t',
      'tmpfs',
      'tmpfs',
      '/mnt',
    ]);
    return tried.status === 0 ? null : 'the system lets nobody mount';
  }

  /** Puts one at `path`, a directory that is there. */
  static of(t: Owner, path: string, megabytes: number): LentMount {
    const aside = `${path}-aside`;
    mkdirSync(aside);
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m,mode=0700`, 'tmpfs', aside]);
    t.teardown(() => void execFileSync('umount', ['-l', aside]));
    const mount = new LentMount(path, aside);
    mount.bringBack();
    t.teardown(() => void spawnSync('umount', ['-l', path]));
    return mount;
  }

  /** Unmounts it under whoever uses it: open files go on in it, and a path leads to what lies below. */
  takeAway(): void {
    execFileSync('umount', ['-l', this.#path]);
  }

  bringBack(): void {
    execFileSync('mount', ['--bind', this.#aside, this.#path]);
  }
}
