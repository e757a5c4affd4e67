import type { Clock } from '../../core/clock.ts';
import type { Issue } from '../../core/errors.ts';
import { Counter, Gauge, type Logger, type Observer } from '../../core/observe.ts';
import { FolderWatch } from '../../platform/files/folder-watch.ts';
import type { RuleBook } from './rule-book.ts';
import type { Rule } from './rules.ts';

export interface RuleWatchDeps {
  book: RuleBook;
  clock: Clock;
  observer: Observer;
  /** Puts these rules in force; throws `store.unavailable` while that cannot be, and is asked again. */
  apply(rules: readonly Rule[]): Promise<void>;
}

/** Looks at the folder of rules as kinds are looked at, and takes over what changed while the gateway runs. */
export class RuleWatch {
  readonly #deps: RuleWatchDeps;
  readonly #log: Logger;
  readonly #changes: Counter;
  readonly #wrong: Gauge;
  readonly #folder: FolderWatch;
  #issues: string[] = [];

  constructor(deps: RuleWatchDeps) {
    this.#deps = deps;
    const { book, clock, observer } = deps;
    this.#log = observer.log.child({ part: 'rules' });
    this.#folder = new FolderWatch({
      directory: book.directory,
      signature: book.signature,
      clock,
      log: this.#log,
      take: () => this.#take(),
    });
    const registers = [observer.metrics];
    this.#changes = new Counter({
      name: 'citywatch_rule_changes_total',
      help: 'Rules taken over, changed or ended while running.',
      registers,
    });
    this.#wrong = new Gauge({
      name: 'citywatch_rule_file_issues',
      help: 'What is wrong in rule files that were not taken over.',
      registers,
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

  /** Kinds have changed: every rule is held against them at the next look. */
  again(): void {
    this.#folder.again();
  }

  /** What is wrong in rule files; null where nothing is. The rules before go on. */
  problem(): string | null {
    if (this.#issues.length === 0) return null;
    const [first = '', ...more] = this.#issues;
    return `${first}${more.length > 0 ? ` (and ${more.length} more)` : ''}; the rules before go on`;
  }

  async #take(): Promise<string> {
    const { book, apply } = this.#deps;
    const { changes, issues } = await book.reload(apply);
    this.#tell(issues);
    for (const { rule, from, to } of changes) this.#log.info({ rule, from, to }, 'a rule changed');
    if (changes.length > 0) this.#changes.inc(changes.length);
    return book.signature;
  }

  /** Each thing once, until it is mended and comes back. */
  #tell(issues: readonly Issue[]): void {
    const now = issues.map(({ path, message }) => `${path}: ${message}`);
    for (const issue of now) {
      if (!this.#issues.includes(issue)) this.#log.error({ issue }, 'a rule file is wrong; not taken');
    }
    this.#issues = now;
    this.#wrong.set(now.length);
  }
}
