import { readFile } from 'node:fs/promises';
import { messageOf } from '../core/errors.ts';
import type { Logger } from '../core/observe.ts';
import type { DeviceId } from '../core/types.ts';
import { writeFileDurable } from '../platform/files.ts';

/** What is going on in a whole city at once is far less; beyond this, what began would be told twice. */
const SOURCES_MAX = 100_000;

/**
 * Remembers over a restart what was going on at which camera: what goes on still is then not told as new, and what has
 * ended meanwhile is told as ended. A hint, not the truth: a damaged file only means that something is told again.
 */
export class ActiveSources {
  readonly #path: string;
  readonly #log: Logger;
  #restored = new Map<DeviceId, string[]>();
  #written = '';

  constructor(path: string, log: Logger) {
    this.#path = path;
    this.#log = log;
  }

  async load(): Promise<void> {
    try {
      this.#restored = parse(JSON.parse(await readFile(this.#path, 'utf8')));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
      this.#log.warn({ error: messageOf(error) }, 'what went on at cameras is not known any more');
    }
  }

  /** What was going on at a camera whose loop is started now. */
  of(id: DeviceId): string[] {
    const active = this.#restored.get(id) ?? [];
    this.#restored.delete(id);
    return active;
  }

  /** Writes down what goes on now, and what is not started yet. Never rejects. */
  async save(active: ReadonlyMap<DeviceId, string[]>): Promise<void> {
    let room = SOURCES_MAX;
    const kept = [...this.#restored, ...active].filter(([, keys]) => {
      room -= keys.length;
      return keys.length > 0 && room >= 0;
    });
    const text = JSON.stringify(Object.fromEntries(kept));
    if (text === this.#written) return;
    try {
      await writeFileDurable(this.#path, text, { mode: 0o600 });
      this.#written = text;
    } catch (error) {
      this.#log.warn({ error: messageOf(error) }, 'what goes on at cameras could not be saved');
    }
  }
}

function parse(value: unknown): Map<DeviceId, string[]> {
  const isKeys = (keys: unknown): keys is string[] =>
    Array.isArray(keys) && keys.every((key) => typeof key === 'string');
  return new Map(Object.entries(value ?? {}).filter((entry): entry is [string, string[]] => isKeys(entry[1])));
}
