import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../core/clock.ts';
import { messageOf } from '../../core/errors.ts';
import { Joined } from '../../core/mechanisms/one-at-a-time.ts';
import type { Logger } from '../../core/observe.ts';

export interface FolderWatchDeps {
  directory: string;
  /** Of the folder as it was taken over last. */
  signature: string;
  clock: Clock;
  log: Logger;
  /** Takes the folder over; resolves with its signature when it was read, or null to be asked again. */
  take(): Promise<string | null>;
}

const EVERY_MS = 5_000;

/**
 * Looks at a folder of YAML files every 5 s and has it taken over when it changed. Files are read only after they stood
 * unchanged for that long: half a file may be right YAML, and a version in force is for ever. Looking beats a signal
 * here: SIGHUP ends the gateway, and file events do not cross every mount.
 */
export class FolderWatch {
  readonly #deps: FolderWatchDeps;
  /** The folder when it was last looked at, and when it was last taken over. */
  #seen: string;
  #taken: string;
  #isAsked = false;
  readonly #looking = new Joined();
  #cancel: (() => void) | null = null;

  constructor(deps: FolderWatchDeps) {
    this.#deps = deps;
    this.#seen = deps.signature;
    this.#taken = deps.signature;
  }

  start(): void {
    this.#cancel = this.#deps.clock.every(EVERY_MS, () => void this.look());
  }

  async stop(): Promise<void> {
    this.#cancel?.();
    await this.#looking.settled();
  }

  /** The folder is taken over at the next look, changed or not. */
  again(): void {
    this.#isAsked = true;
  }

  /** Looks once; resolves when what there was to do is done. Never rejects. */
  look(): Promise<void> {
    return this.#looking.run(() =>
      this.#look().catch((error: unknown) => {
        this.#deps.log.error({ error: messageOf(error) }, 'files that changed could not be taken over; looking again');
      }),
    );
  }

  async #look(): Promise<void> {
    const now = await folderSignature(this.#deps.directory);
    const still = now === this.#seen;
    this.#seen = now;
    if (!still || (now === this.#taken && !this.#isAsked)) return;
    this.#isAsked = false;
    const taken = await this.#deps.take().catch((error: unknown) => {
      this.#isAsked = true;
      throw error;
    });
    if (taken === null) this.#isAsked = true;
    else this.#taken = taken;
  }
}

/** The names of the YAML files of a folder, sorted; none where it cannot be read. */
export async function yamlFilesIn(directory: string): Promise<string[]> {
  const names = await readdir(directory).catch(() => []);
  return names.filter((entry) => /\.ya?ml$/.test(entry)).sort();
}

/** Changes when any file of the folder does: names, sizes and times of change. */
export async function folderSignature(directory: string): Promise<string> {
  const names = await yamlFilesIn(directory);
  const stats = await Promise.all(names.map((name) => stat(join(directory, name)).catch(() => null)));
  return names.map((name, index) => `${name} ${stats[index]?.size} ${stats[index]?.mtimeMs}`).join('\n');
}
