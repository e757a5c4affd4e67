import { spawnSync } from 'node:child_process';
import { lstatSync, rmSync, statfsSync } from 'node:fs';
import { basename, join } from 'node:path';

const NAME = 'citywatch-filler';
/** Larger ones are those of the machine, and other programs live on them. */
const BYTES_MAX = 4 * 2 ** 30;
/** Of one that is memory: a full one takes all of it from whoever runs on the machine. */
const MEMORY_BYTES_MAX = 512 * 2 ** 20;
/** What Linux calls tmpfs and ramfs. */
const IN_MEMORY = [0x01021994, 0x858458f6];
/** So little room counts as none. */
const LEFT_BYTES = 64 * 1024;
const TRIES = 10;

/** Why the file system of a folder may not be filled, as the end of a sentence; null where it may. */
export function whyNotFill(directory: string): string | null {
  try {
    const { blocks, bsize, type } = statfsSync(directory);
    if (IN_MEMORY.includes(type) && !(blocks > 0 && blocks * bsize <= MEMORY_BYTES_MAX)) {
      const most = MEMORY_BYTES_MAX / 2 ** 20;
      return `${directory} is memory, of which filling it would take more than ${most} MiB`;
    }
    if (blocks * bsize <= BYTES_MAX) return null;
    const gibibytes = Math.round((blocks * bsize) / 2 ** 30);
    return `${directory} lies on a file system of ${gibibytes} GiB, which others may live on, too`;
  } catch (error) {
    return `${directory} cannot be looked at: ${error instanceof Error ? error.message : String(error)}`;
  }
}

/** Whether a path is that of a file that fills a disk. */
export function isFiller(path: string): boolean {
  return basename(path) === NAME && (lstatSync(path, { throwIfNoEntry: false })?.isFile() ?? false);
}

/** Takes all room of a file system, and gives it back. */
export class Filler {
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
  }

  get path(): string {
    return join(this.#directory, NAME);
  }

  /**
   * Somebody else writes meanwhile, so it is tried again until there is none. Throws where room is left: what a gateway
   * does then says nothing of how it does without.
   */
  fill(): void {
    for (let tries = 0; tries < TRIES && this.#freeBytes > LEFT_BYTES; tries += 1) {
      const from = lstatSync(this.path, { throwIfNoEntry: false })?.size ?? 0;
      // Room is taken and not written to.
      spawnSync('fallocate', ['--offset', `${from}`, '--length', `${this.#freeBytes}`, this.path]);
    }
    if (this.#freeBytes > LEFT_BYTES)
      throw new Error(`${this.#directory} was not filled: fallocate takes no room there`);
  }

  free(): void {
    rmSync(this.path, { force: true });
  }

  get #freeBytes(): number {
    const { bavail, bsize } = statfsSync(this.#directory);
    return bavail * bsize;
  }
}
