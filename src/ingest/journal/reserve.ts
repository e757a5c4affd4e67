import type { Clock } from '../../core/clock.ts';
import { Joined } from '../../core/mechanisms/one-at-a-time.ts';
import type { JournalFiles } from './files.ts';

/** How long an answer of the disk is believed while there is room, and while there is none. */
const BELIEVE_MS = 1000;
const BELIEVE_FULL_MS = 100;

export interface ReserveOptions {
  files: JournalFiles;
  directory: string;
  clock: Clock;
  /** Free bytes the journal leaves on its disk, for the databases beside it and for its own housekeeping. */
  reserveBytes: number;
}

/**
 * Knows whether the disk has room beyond the reserve. Between two questions to the disk every byte taken is
 * subtracted, so the reserve holds against our own writing at any speed.
 */
export class Reserve {
  readonly #options: ReserveOptions;
  #leftBytes = 0;
  #askedAtMs = Number.NEGATIVE_INFINITY;
  readonly #asking = new Joined();

  constructor(options: ReserveOptions) {
    this.#options = options;
  }

  /** Takes `bytes` of the room, or returns false. A disk that cannot be asked counts as it did before. */
  take(bytes: number): boolean {
    const waitMs = this.#leftBytes >= bytes ? BELIEVE_MS : BELIEVE_FULL_MS;
    if (this.#options.clock.monotonicMs() - this.#askedAtMs >= waitMs) void this.refresh();
    if (this.#leftBytes < bytes) return false;
    this.#leftBytes -= bytes;
    return true;
  }

  get exhausted(): boolean {
    if (this.#leftBytes <= 0) this.take(Number.POSITIVE_INFINITY);
    return this.#leftBytes <= 0;
  }

  refresh(): Promise<void> {
    return this.#asking.run(() => this.#ask());
  }

  async #ask(): Promise<void> {
    const { files, directory, clock, reserveBytes } = this.#options;
    this.#askedAtMs = clock.monotonicMs();
    const freeBytes = await files.freeBytes(directory).catch(() => null);
    if (freeBytes !== null) this.#leftBytes = freeBytes - reserveBytes;
  }
}
