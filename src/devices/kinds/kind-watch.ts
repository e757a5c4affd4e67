import type { Clock } from '../../core/clock.ts';
import { type Issue, messageOf } from '../../core/errors.ts';
import { Joined } from '../../core/mechanisms/one-at-a-time.ts';
import { Counter, Gauge, type Logger, type Observer } from '../../core/observe.ts';
import type { Database } from '../../platform/database/database.ts';
import { folderSignature } from './kind-folder.ts';
import type { KindChange, Kinds } from './kinds.ts';

export interface KindWatchDeps {
  kinds: Kinds;
  database: Database;
  clock: Clock;
  observer: Observer;
  /** Told once kinds have changed; awaited, must not reject. */
  changed(changes: KindChange[]): Promise<void>;
}

const EVERY_MS = 5_000;

/**
 * Looks at the folder of kinds every 5 s and takes over what changed, while the gateway runs. Files are read only
 * after they stood unchanged for that long: half a file may be right YAML, and a version in force is for ever.
 * Looking beats a signal here: SIGHUP ends the gateway, and file events do not cross every mount.
 */
export class KindWatch {
  readonly #deps: KindWatchDeps;
  readonly #log: Logger;
  readonly #changes: Counter;
  readonly #wrong: Gauge;
  /** The folder when it was last looked at, and when it was last taken over. */
  #seen: string;
  #taken: string;
  #told = new Set<string>();
  readonly #looking = new Joined();
  #cancel: (() => void) | null = null;

  constructor(deps: KindWatchDeps) {
    this.#deps = deps;
    this.#log = deps.observer.log.child({ part: 'kinds' });
    const registers = [deps.observer.metrics];
    this.#changes = new Counter({
      name: 'citywatch_kind_changes_total',
      help: 'Kinds taken over while running.',
      registers,
    });
    this.#wrong = new Gauge({
      name: 'citywatch_kind_file_issues',
      help: 'What is wrong in kind files that were not taken over.',
      registers,
    });
    this.#seen = deps.kinds.signature;
    this.#taken = deps.kinds.signature;
  }

  start(): void {
    this.#cancel = this.#deps.clock.every(EVERY_MS, () => void this.look());
  }

  async stop(): Promise<void> {
    this.#cancel?.();
    await this.#looking.settled();
  }

  /** Looks once; resolves when what there was to do is done. Never rejects. */
  look(): Promise<void> {
    return this.#looking.run(() =>
      this.#look().catch((error: unknown) => {
        this.#log.error({ error: messageOf(error) }, 'looking at the kind files failed');
      }),
    );
  }

  async #look(): Promise<void> {
    const { kinds, database, changed } = this.#deps;
    const now = await folderSignature(kinds.directory);
    const still = now === this.#seen;
    this.#seen = now;
    if (!still || now === this.#taken) return;
    const { changed: changes, issues, again } = await kinds.reload(database);
    if (!again) this.#taken = kinds.signature;
    this.#tell(issues);
    if (changes.length === 0) return;
    for (const { kind, from, to } of changes) this.#log.info({ kind, from, to }, 'a kind changed');
    this.#changes.inc(changes.length);
    await changed(changes);
  }

  /** Each thing once, until it is mended and comes back. */
  #tell(issues: readonly Issue[]): void {
    const now = new Set(issues.map(({ path, message }) => `${path}: ${message}`));
    for (const issue of now) if (!this.#told.has(issue)) this.#log.error({ issue }, 'a kind file is wrong; not taken');
    this.#told = now;
    this.#wrong.set(issues.length);
  }
}
