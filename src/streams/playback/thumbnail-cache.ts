import { createHash } from 'node:crypto';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Recording } from '../recordings/recording.ts';

/** The file of a recording that a picture is from. */
export type PictureFile = Pick<Recording, 'device' | 'quality' | 'startsAtMs' | 'leaseEpoch'>;

interface Kept {
  of: PictureFile;
  bytes: number;
}

export interface ThumbnailCacheLimits {
  filesMax: number;
  bytesMax: number;
}

/**
 * Small pictures of recordings, on disk while this gateway runs: the longest unused go when there is no room, and each
 * goes when its recording does.
 */
export class ThumbnailCache {
  readonly #directory: string;
  readonly #limits: ThumbnailCacheLimits;
  /** By name, the longest unused first. */
  readonly #kept = new Map<string, Kept>();
  #bytes = 0;

  /** Nothing else may be kept in `directory`. */
  constructor(directory: string, limits: ThumbnailCacheLimits) {
    this.#directory = directory;
    this.#limits = limits;
  }

  /** Empties the directory: who ran before is not asked what became of the recordings since. */
  async start(): Promise<void> {
    await rm(this.#directory, { recursive: true, force: true });
    await mkdir(this.#directory, { recursive: true, mode: 0o700 });
  }

  get size(): { files: number; bytes: number } {
    return { files: this.#kept.size, bytes: this.#bytes };
  }

  /** Null where it is not kept. */
  async get(of: PictureFile, which: string): Promise<Buffer | null> {
    const name = nameOf(of, which);
    const kept = this.#kept.get(name);
    if (!kept) return null;
    this.#kept.delete(name);
    this.#kept.set(name, kept);
    const data = await readFile(join(this.#directory, name)).catch(() => null);
    if (data?.length === kept.bytes) return data;
    await this.#drop([name]);
    return null;
  }

  /** A disk that takes nothing keeps nothing: the picture is made again. */
  async put(of: PictureFile, which: string, data: Buffer): Promise<void> {
    const name = nameOf(of, which);
    if (this.#kept.has(name) || data.length > this.#limits.bytesMax) return;
    await this.#drop(this.#tooMany(data.length));
    try {
      await writeFile(join(this.#directory, name), data, { mode: 0o600 });
    } catch {
      await rm(join(this.#directory, name), { force: true }).catch(() => {});
      return;
    }
    const { device, quality, startsAtMs, leaseEpoch } = of;
    this.#bytes += data.length - (this.#kept.get(name)?.bytes ?? 0);
    this.#kept.set(name, { of: { device, quality, startsAtMs, leaseEpoch }, bytes: data.length });
  }

  /** Removes pictures of recordings that are kept no longer. */
  async tidy(stillKept: (files: readonly PictureFile[]) => Promise<PictureFile[]>): Promise<void> {
    const files = new Map([...this.#kept.values()].map(({ of }) => [keyOf(of), of]));
    if (files.size === 0) return;
    const left = new Set((await stillKept([...files.values()])).map(keyOf));
    await this.#drop([...this.#kept].filter(([, { of }]) => !left.has(keyOf(of))).map(([name]) => name));
  }

  #tooMany(more: number): string[] {
    const { filesMax, bytesMax } = this.#limits;
    const names: string[] = [];
    let [files, bytes] = [this.#kept.size, this.#bytes];
    for (const [name, kept] of this.#kept) {
      if (files < filesMax && bytes + more <= bytesMax) break;
      names.push(name);
      files -= 1;
      bytes -= kept.bytes;
    }
    return names;
  }

  async #drop(names: readonly string[]): Promise<void> {
    for (const name of names) {
      this.#bytes -= this.#kept.get(name)?.bytes ?? 0;
      this.#kept.delete(name);
    }
    for (const name of names) await rm(join(this.#directory, name), { force: true }).catch(() => {});
  }
}

function keyOf({ device, quality, startsAtMs, leaseEpoch }: PictureFile): string {
  return `${startsAtMs} ${leaseEpoch} ${quality} ${device}`;
}

function nameOf(of: PictureFile, which: string): string {
  return `${createHash('sha256')
    .update(`${keyOf(of)}\n${which}`)
    .digest('hex')}.jpg`;
}
