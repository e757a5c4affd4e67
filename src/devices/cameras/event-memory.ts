import { readFile } from 'node:fs/promises';
import type { Clock } from '../../core/clock.ts';
import { messageOf } from '../../core/errors.ts';
import type { Logger } from '../../core/observe.ts';
import type { DeviceId } from '../../core/types.ts';
import { writeFileDurable } from '../../platform/files/files.ts';

/** Cameras at which something goes on; of more than these, what goes on would be told again after a restart. */
const CAMERAS_MAX = 20_000;
/** Changes of this long are written together. */
const SAVE_AFTER_MS = 1_000;

/**
 * Remembers over a restart what was going on at which camera: what goes on still is then not told as new, and what has
 * ended meanwhile is told as ended. A hint, not the truth: where it is lost, something is told again.
 */
export class ActiveSources {
  readonly #path: string;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #active = new Map<DeviceId, string[]>();
  #saving: Promise<void> | null = null;
  #due = false;

  constructor({ path, clock, log }: { path: string; clock: Clock; log: Logger }) {
    this.#path = path;
    this.#clock = clock;
    this.#log = log;
  }

  async load(): Promise<void> {
    try {
      const saved: unknown = JSON.parse(await readFile(this.#path, 'utf8'));
      for (const [id, keys] of Object.entries(saved ?? {})) if (isKeys(keys)) this.#active.set(id, keys);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
      this.#log.warn({ error: messageOf(error) }, 'what went on at cameras is not known any more');
    }
  }

  /** The sources of a camera that are on. */
  of(id: DeviceId): string[] {
    return this.#active.get(id) ?? [];
  }

  /** Keeps what is on at a camera now, on disk a moment later. */
  remember(id: DeviceId, keys: string[]): void {
    if (keys.length > 0 && (this.#active.has(id) || this.#active.size < CAMERAS_MAX)) this.#active.set(id, keys);
    else if (!this.#active.delete(id)) return;
    if (this.#due) return;
    this.#due = true;
    this.#clock.after(SAVE_AFTER_MS, () => void this.save());
  }

  /** Writes what has changed. Never rejects. */
  async save(): Promise<void> {
    await this.#saving;
    if (!this.#due) return;
    this.#due = false;
    this.#saving = this.#write();
    await this.#saving;
  }

  async #write(): Promise<void> {
    try {
      await writeFileDurable(this.#path, JSON.stringify(Object.fromEntries(this.#active)), { mode: 0o600 });
    } catch (error) {
      this.#log.warn({ error: messageOf(error) }, 'what goes on at cameras could not be saved');
    }
  }
}

function isKeys(keys: unknown): keys is string[] {
  return Array.isArray(keys) && keys.every((key) => typeof key === 'string');
}
