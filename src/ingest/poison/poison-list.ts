import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { writeFileDurable } from '../../platform/files.ts';

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

/** Bytes that never came into the journal are tried alone at once, so one death may have been somebody else's doing. */
const DEATHS_ASKED = 2;

export function hashOf(raw: Buffer): string {
  return createHash('sha256').update(raw).digest('base64url');
}

/** The messages that ended the process, in one small file. Looking one up costs nothing while there are none. */
export class PoisonList {
  readonly #path: string;
  #entries: PoisonEntry[];

  private constructor(path: string, entries: PoisonEntry[]) {
    this.#path = path;
    this.#entries = entries;
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
    return this.#entries.length;
  }

  /** The entry of a message, by its place or its bytes. */
  find(by: string, at: { lane: string; offset: number } | null, raw: Buffer): PoisonEntry | undefined {
    if (this.#entries.length === 0) return undefined;
    let hash: string | null = null;
    return this.#entries.find((one) => {
      if (one.by !== by || (one.offset === null && one.deaths < DEATHS_ASKED)) return false;
      if (at !== null && one.offset === at.offset && one.lane === at.lane) return true;
      if (one.hash === null || one.bytes !== raw.length) return false;
      hash ??= hashOf(raw);
      return one.hash === hash;
    });
  }

  /** Enters it, or counts one more death of it. */
  async add(found: Omit<PoisonEntry, 'deaths'>): Promise<PoisonEntry> {
    const same = (one: PoisonEntry) =>
      one.by === found.by &&
      (found.offset === null ? one.hash === found.hash : one.offset === found.offset && one.lane === found.lane);
    const known = this.#entries.find(same);
    const entered = { ...found, deaths: (known?.deaths ?? 0) + 1 };
    this.#entries = [...this.#entries.filter((one) => one !== known), entered].slice(-ENTRIES_MAX);
    await this.save();
    return entered;
  }

  async save(): Promise<void> {
    await writeFileDurable(this.#path, JSON.stringify(this.#entries), { mode: 0o600 });
  }
}
