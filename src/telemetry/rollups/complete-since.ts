import { readFile } from 'node:fs/promises';
import type { Clock } from '../../core/clock.ts';
import { writeFileDurable } from '../../platform/files/files.ts';

/** From when on every window is rolled up: since roll-ups were first made here, or since some were given up. */
export class CompleteSince {
  readonly #path: string;
  /** Unix ms. */
  atMs: number;

  private constructor(path: string, atMs: number) {
    this.#path = path;
    this.atMs = atMs;
  }

  /** Reads the file at `path`; where there is none, it begins now. */
  static async open(path: string, clock: Clock): Promise<CompleteSince> {
    const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return '';
      throw error;
    });
    const known = /^\d{1,15}$/.test(text.trim()) ? Number(text) : null;
    const since = new CompleteSince(path, known ?? 0);
    if (known === null) await since.move(clock.nowMs());
    return since;
  }

  /** Durable when it resolves; never moves back. */
  async move(atMs: number): Promise<void> {
    this.atMs = Math.max(this.atMs, atMs);
    await writeFileDurable(this.#path, `${this.atMs}\n`, { mode: 0o600 });
  }
}
