import type { Clock } from '../../core/clock.ts';
import type { Observer } from '../../core/observe.ts';
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

/** What takes over changed rules while the gateway runs. */
export function watchRules({ book, apply, ...deps }: RuleWatchDeps): FolderWatch {
  const reload = async () => {
    const { changes, issues } = await book.reload(apply);
    return { changes: changes.map(({ rule, ...versions }) => ({ name: rule, ...versions })), issues, again: false };
  };
  const { directory } = book;
  const help = 'Rules taken over, changed or ended while running.';
  return new FolderWatch({ noun: 'rule', help, directory, signature: () => book.signature, reload }, deps);
}
