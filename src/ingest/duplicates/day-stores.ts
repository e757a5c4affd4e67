import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ClassicLevel } from 'classic-level';
import { DAY_MS } from '../../core/clock.ts';
import { CitywatchError } from '../../core/errors.ts';
import { ensureDirectory } from '../../platform/files/files.ts';

const NAME = /^day-(\d{5,6})$/;
/** Memory per opened day: LevelDB's defaults are four times as much, for up to ten days. */
const OPTIONS = { writeBufferSize: 2 * 1024 * 1024, cacheSize: 2 * 1024 * 1024, keyEncoding: 'utf8' } as const;

export type Put = { type: 'put'; key: string; value: string };

export function dayOf(atMs: number): number {
  return Math.floor(atMs / DAY_MS);
}

/**
 * Text keys and values in one LevelDB database per day, so that forgetting a day is removing a directory. A database is
 * made when something is first put into its day.
 */
export class DayStores {
  readonly #directory: string;
  readonly #open = new Map<number, ClassicLevel>();

  constructor(directory: string) {
    this.#directory = directory;
  }

  async open(): Promise<void> {
    await ensureDirectory(this.#directory, 0o700);
    for (const name of await readdir(this.#directory)) {
      const day = NAME.exec(name)?.[1];
      if (day !== undefined) await this.#store(Number(day));
    }
  }

  get days(): number[] {
    return [...this.#open.keys()].sort((a, b) => a - b);
  }

  async #store(day: number): Promise<ClassicLevel> {
    const known = this.#open.get(day);
    if (known) return known;
    const level = new ClassicLevel(join(this.#directory, `day-${day}`), OPTIONS);
    try {
      await level.open();
    } catch (cause) {
      throw new CitywatchError('ingest.unavailable', { detail: 'The index of duplicates cannot be opened.', cause });
    }
    this.#open.set(day, level);
    return level;
  }

  /** Values of `keys` in one day, in their order; undefined where there is none. */
  async getMany(day: number, keys: string[]): Promise<(string | undefined)[]> {
    return (await this.#open.get(day)?.getMany(keys)) ?? keys.map(() => undefined);
  }

  /** All of `puts` or none. `sync` waits for the disk. */
  async write(day: number, puts: Put[], sync: boolean): Promise<void> {
    await (await this.#store(day)).batch(puts, { sync });
  }

  /** Forgets every day before `day`. */
  async removeBefore(day: number): Promise<void> {
    for (const old of this.days) {
      if (old >= day) continue;
      await this.#open.get(old)?.close();
      this.#open.delete(old);
      await rm(join(this.#directory, `day-${old}`), { recursive: true, force: true });
    }
  }

  async removeAll(): Promise<void> {
    await this.removeBefore(Number.POSITIVE_INFINITY);
  }

  async close(): Promise<void> {
    for (const level of this.#open.values()) await level.close();
    this.#open.clear();
  }
}
