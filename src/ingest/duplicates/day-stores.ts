import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ClassicLevel } from 'classic-level';
import { DAY_MS } from '../../core/clock.ts';
import { CitywatchError } from '../../core/errors.ts';
import { ensureDirectory } from '../../platform/files/files.ts';

const NAME = /^day-(\d{5,6})$/;
/** Memory per opened day: LevelDB's defaults are four times as much, for up to ten days. */
const OPTIONS = { writeBufferSize: 2 * 1024 * 1024, cacheSize: 2 * 1024 * 1024, keyEncoding: 'utf8' } as const;

export function dayOf(atMs: number): number {
  return Math.floor(atMs / DAY_MS);
}

type Values = Map<string, string>;

/**
 * Text keys and values in one LevelDB database per day, so that forgetting a day is removing a directory. A database is
 * made when something is first saved in its day. What is put is found at once and saved with many others: a write to
 * LevelDB costs the same for one as for hundreds.
 */
export class DayStores {
  readonly #directory: string;
  readonly #open = new Map<number, ClassicLevel>();
  /** By day, newer than what is in the databases. */
  readonly #unsaved = new Map<number, Values>();

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
    return [...new Set([...this.#open.keys(), ...this.#unsaved.keys()])].sort((a, b) => a - b);
  }

  /** Values that are put and not saved. */
  get unsaved(): number {
    let count = 0;
    for (const values of this.#unsaved.values()) count += values.size;
    return count;
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
    const unsaved = this.#unsaved.get(day);
    const found = keys.map((key) => unsaved?.get(key));
    const level = this.#open.get(day);
    const missing = keys.filter((_, at) => found[at] === undefined);
    if (level === undefined || missing.length === 0) return found;
    const saved = (await level.getMany(missing)).values();
    return found.map((value) => value ?? saved.next().value);
  }

  /** Of two values for one key the later counts. */
  put(day: number, values: Values): void {
    const unsaved = this.#unsaved.get(day);
    if (unsaved) for (const [key, value] of values) unsaved.set(key, value);
    else this.#unsaved.set(day, new Map(values));
  }

  /** Saves what was put into a day, all of it or none. `sync` waits for the disk. Rejects when it cannot be written. */
  async save(day: number, sync: boolean): Promise<void> {
    const values = this.#unsaved.get(day) ?? new Map<string, string>();
    const puts = [...values].map(([key, value]) => ({ type: 'put', key, value }) as const);
    await (await this.#store(day)).batch(puts, { sync });
    for (const { key, value } of puts) if (values.get(key) === value) values.delete(key);
    if (values.size === 0) this.#unsaved.delete(day);
  }

  /** Days of which something is not saved. */
  get unsavedDays(): number[] {
    return [...this.#unsaved.keys()];
  }

  /** Forgets every day before `day`. */
  async removeBefore(day: number): Promise<void> {
    for (const old of this.days) {
      if (old >= day) continue;
      this.#unsaved.delete(old);
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
