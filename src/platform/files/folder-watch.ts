import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../core/clock.ts';
import { type Issue, messageOf } from '../../core/errors.ts';
import { Joined } from '../../core/mechanisms/one-at-a-time.ts';
import { Counter, Gauge, type Logger, type Observer } from '../../core/observe.ts';

/** What changed; `from` and `to` are versions, 0 where there was or is none. */
export interface FileChange {
  name: string;
  from: number;
  to: number;
}

/** What reading the folder again came to. */
export interface Reload {
  changes: readonly FileChange[];
  /** What is wrong in files that were not taken over; what they said before goes on. */
  issues: readonly Issue[];
  /** Not everything could be looked at: it is asked for once more. */
  again: boolean;
}

/** A folder of files of one sort, by whoever reads them. */
export interface WatchedFolder {
  /** One of them, as the log and the metrics call it: `kind`. */
  noun: string;
  /** Help of the metric that counts changes. */
  help: string;
  directory: string;
  /** Of the folder as it was read last. */
  signature(): string;
  /** Takes over what changed. Throws while that cannot be, and is asked again. */
  reload(): Promise<Reload>;
}

const EVERY_MS = 5_000;

/**
 * Looks at a folder of YAML files every 5 s and has it taken over when it changed. Files are read only after they stood
 * unchanged for that long: half a file may be right YAML, and a version in force is for ever. Looking beats a signal
 * here: SIGHUP ends the gateway, and file events do not cross every mount.
 */
export class FolderWatch {
  readonly #folder: WatchedFolder;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #changes: Counter;
  readonly #wrong: Gauge;
  /** The folder when it was last looked at, and when it was last taken over. */
  #seen: string;
  #taken: string;
  #isAsked = false;
  #issues: string[] = [];
  readonly #looking = new Joined();
  #cancel: (() => void) | null = null;

  constructor(folder: WatchedFolder, { clock, observer }: { clock: Clock; observer: Observer }) {
    this.#folder = folder;
    this.#clock = clock;
    this.#log = observer.log.child({ part: `${folder.noun}s` });
    this.#seen = folder.signature();
    this.#taken = this.#seen;
    const registers = [observer.metrics];
    this.#changes = new Counter({ name: `citywatch_${folder.noun}_changes_total`, help: folder.help, registers });
    this.#wrong = new Gauge({
      name: `citywatch_${folder.noun}_file_issues`,
      help: `What is wrong in ${folder.noun} files that were not taken over.`,
      registers,
    });
  }

  start(): void {
    this.#cancel = this.#clock.every(EVERY_MS, () => void this.look());
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
        this.#log.error({ error: messageOf(error) }, 'files that changed could not be taken over; looking again');
      }),
    );
  }

  /** What is wrong in the files; null where nothing is. */
  problem(): string | null {
    if (this.#issues.length === 0) return null;
    const [first = '', ...more] = this.#issues;
    return `${first}${more.length > 0 ? ` (and ${more.length} more)` : ''}; the ${this.#folder.noun}s before go on`;
  }

  async #look(): Promise<void> {
    const now = await folderSignature(this.#folder.directory);
    const still = now === this.#seen;
    this.#seen = now;
    if (!still || (now === this.#taken && !this.#isAsked)) return;
    this.#isAsked = false;
    const { changes, issues, again } = await this.#folder.reload().catch((error: unknown) => {
      this.#isAsked = true;
      throw error;
    });
    this.#tell(changes, issues);
    if (again) this.#isAsked = true;
    else this.#taken = this.#folder.signature();
  }

  /** Of what is wrong each thing once, until it is mended and comes back. */
  #tell(changes: readonly FileChange[], issues: readonly Issue[]): void {
    const { noun } = this.#folder;
    for (const { name, from, to } of changes) this.#log.info({ [noun]: name, from, to }, `a ${noun} changed`);
    if (changes.length > 0) this.#changes.inc(changes.length);
    const now = issues.map(({ path, message }) => `${path}: ${message}`);
    for (const issue of new Set(now)) {
      if (!this.#issues.includes(issue)) this.#log.error({ issue }, `a ${noun} file is wrong; not taken`);
    }
    this.#issues = now;
    this.#wrong.set(now.length);
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
