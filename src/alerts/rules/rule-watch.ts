import type { Clock } from '../../core/clock.ts';
import type { Observer } from '../../core/observe.ts';
import { FolderWatch } from '../../platform/files/folder-watch.ts';
import type { ApplyRules, KeptRules, RuleBook } from './rule-book.ts';

export interface RuleWatchDeps {
  book: RuleBook;
  clock: Clock;
  observer: Observer;
  /** What people keep by the API. Throws `store.unavailable`, as `apply` does; both are asked again. */
  kept: KeptRules;
  apply: ApplyRules;
}

/** What takes over changed rules while the gateway runs. */
export function watchRules({ book, kept, apply, ...deps }: RuleWatchDeps): FolderWatch {
  const reload = async () => {
    const { changes, issues } = await book.reload(kept, apply);
    return { changes: changes.map(({ rule, ...versions }) => ({ name: rule, ...versions })), issues, again: false };
  };
  const { directory } = book;
  const help = 'Rules taken over, changed or ended while running.';
  return new FolderWatch({ noun: 'rule', help, directory, signature: () => book.signature, reload }, deps);
}
