import type { Clock } from '../../core/clock.ts';
import type { Issue } from '../../core/errors.ts';
import { Counter, Gauge, type Logger, type Observer } from '../../core/observe.ts';
import type { Database } from '../../platform/database/database.ts';
import { FolderWatch } from '../../platform/files/folder-watch.ts';
import type { KindChange, Kinds } from './kinds.ts';

export interface KindWatchDeps {
  kinds: Kinds;
  database: Database;
  clock: Clock;
  observer: Observer;
  /** Told once kinds have changed; awaited, must not reject. */
  changed(changes: KindChange[]): Promise<void>;
}

/** Looks at the folder of kinds and takes over what changed, while the gateway runs. */
export class KindWatch {
  readonly #deps: KindWatchDeps;
  readonly #log: Logger;
  readonly #changes: Counter;
  readonly #wrong: Gauge;
  readonly #folder: FolderWatch;
  #told = new Set<string>();

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
    this.#folder = new FolderWatch({
      directory: deps.kinds.directory,
      signature: deps.kinds.signature,
      clock: deps.clock,
      log: this.#log,
      take: () => this.#take(),
    });
  }

  start(): void {
    this.#folder.start();
  }

  async stop(): Promise<void> {
    await this.#folder.stop();
  }

  /** Looks once; resolves when what there was to do is done. Never rejects. */
  look(): Promise<void> {
    return this.#folder.look();
  }

  async #take(): Promise<string | null> {
    const { kinds, database, changed } = this.#deps;
    const { changed: changes, issues, again } = await kinds.reload(database);
    this.#tell(issues);
    for (const { kind, from, to } of changes) this.#log.info({ kind, from, to }, 'a kind changed');
    this.#changes.inc(changes.length);
    if (changes.length > 0) await changed(changes);
    return again ? null : kinds.signature;
  }

  /** Each thing once, until it is mended and comes back. */
  #tell(issues: readonly Issue[]): void {
    const now = new Set(issues.map(({ path, message }) => `${path}: ${message}`));
    for (const issue of now) if (!this.#told.has(issue)) this.#log.error({ issue }, 'a kind file is wrong; not taken');
    this.#told = now;
    this.#wrong.set(issues.length);
  }
}
