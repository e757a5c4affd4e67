import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { writeFileDurable } from '../../platform/files/files.ts';

const entry = z.object({
  /** Who died of it: `decode`, or a reader. */
  by: z.string().max(64),
  lane: z.string().max(16).nullable(),
  /** Where it stands in the journal; null for one that never came so far. */
  offset: z.int().nonnegative().nullable(),
  /** SHA-256 of its bytes; null until it is met again. */
  hash: z.string().max(64).nullable(),
  bytes: z.int().nonnegative(),
  /** How often the process died of it. */
  deaths: z.int().positive(),
});

export type PoisonEntry = z.infer<typeof entry>;

/** More than this many, and the oldest is forgotten: it would cost its crashes once more. */
const ENTRIES_MAX = 1_000;

/**
 * Decoding takes microseconds, so whoever kills us at random while we decode one by one may hit a message once, and
 * the bytes at the door are alone from the start: there one death proves nothing.
 */
const DEATHS_DECODING = 2;
/** A reader also waits for other things while it is alone with a message; see `DIED_AT_ONCE`. */
const DEATHS_READING = 3;
/**
 * What a death counts that came before anything else could run. Not enough alone: on a loaded machine a process waits
 * for its turn with the note set, and whoever kills it then has hit an innocent.
 */
export const DIED_AT_ONCE = 2;

function isProven({ by, deaths }: PoisonEntry): boolean {
  return deaths >= (by === 'decode' ? DEATHS_DECODING : DEATHS_READING);
}

export function hashOf(raw: Buffer): string {
  return createHash('sha256').update(raw).digest('base64url');
}

/** The messages that ended the process, in one small file. Looking one up costs nothing while there are none. */
export class PoisonList {
  readonly #path: string;
  #entries: PoisonEntry[];
  /** Of those that are proven. */
  readonly #byPlace = new Map<string, PoisonEntry>();
  readonly #byBytes = new Map<number, PoisonEntry[]>();

  private constructor(path: string, entries: PoisonEntry[]) {
    this.#path = path;
    this.#entries = entries;
    this.#index();
  }

  /** A file that cannot be read is taken as empty: its messages would be found out again. */
  static async open(path: string): Promise<PoisonList> {
    const text = await readFile(path, 'utf8').catch(() => '[]');
    try {
      return new PoisonList(path, z.array(entry).max(ENTRIES_MAX).parse(JSON.parse(text)));
    } catch {
      return new PoisonList(path, []);
    }
  }

  get size(): number {
    return this.#byPlace.size;
  }

  /** The entry of a message, by its place or its bytes. */
  find(by: string, at: { lane: string; offset: number } | null, raw: Buffer): PoisonEntry | undefined {
    if (this.#byPlace.size === 0) return undefined;
    const here = at && this.#byPlace.get(`${by} ${at.lane} ${at.offset}`);
    if (here) return here;
    const alike = this.#byBytes.get(raw.length);
    if (!alike) return undefined;
    const hash = hashOf(raw);
    return alike.find((one) => one.by === by && one.hash === hash);
  }

  /** Enters it, or counts one more death of it, as much as that proves; whether it is proven now. */
  async add(found: Omit<PoisonEntry, 'deaths'>, weight = 1): Promise<boolean> {
    const same = (one: PoisonEntry) =>
      one.by === found.by &&
      (found.offset === null ? one.hash === found.hash : one.offset === found.offset && one.lane === found.lane);
    const known = this.#entries.find(same);
    const entered = { ...found, deaths: (known?.deaths ?? 0) + weight };
    this.#entries = [...this.#entries.filter((one) => one !== known), entered].slice(-ENTRIES_MAX);
    await this.save();
    return isProven(entered);
  }

  async save(): Promise<void> {
    this.#index();
    await writeFileDurable(this.#path, JSON.stringify(this.#entries), { mode: 0o600 });
  }

  #index(): void {
    this.#byPlace.clear();
    this.#byBytes.clear();
    for (const one of this.#entries.filter(isProven)) {
      this.#byPlace.set(`${one.by} ${one.lane} ${one.offset ?? one.hash}`, one);
      if (one.hash !== null) this.#byBytes.set(one.bytes, [...(this.#byBytes.get(one.bytes) ?? []), one]);
    }
  }
}
