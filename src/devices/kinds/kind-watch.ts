import type { Clock } from '../../core/clock.ts';
import type { Observer } from '../../core/observe.ts';
import type { Database } from '../../platform/database/database.ts';
import { FolderWatch } from '../../platform/files/folder-watch.ts';
import type { KindChange, Kinds } from './kinds.ts';

export interface KindWatchDeps {
  kinds: Kinds;
  database: Database;
  clock: Clock;
  observer: Observer;
  /** Writes each change into the journal: from there on messages are read by the new version. */
  self: { kindChanged(change: KindChange): void };
  /** Holds what was written for the kinds before against them once more. */
  rules: { again(): void };
}

/** What takes over changed kinds while the gateway runs. */
export function watchKinds({ kinds, database, self, rules, ...deps }: KindWatchDeps): FolderWatch {
  const reload = async () => {
    const { changed, issues, again } = await kinds.reload(database);
    for (const change of changed) self.kindChanged(change);
    if (changed.length > 0) rules.again();
    return { changes: changed.map(({ kind, ...versions }) => ({ name: kind, ...versions })), issues, again };
  };
  const { directory } = kinds;
  const help = 'Kinds taken over while running.';
  return new FolderWatch({ noun: 'kind', help, directory, signature: () => kinds.signature, reload }, deps);
}
