import { loadRules } from '../../../alerts/rules/rules.ts';
import type { Clock } from '../../../core/clock.ts';
import { CitywatchError, messageOf } from '../../../core/errors.ts';
import type { Lifecycle } from '../../../core/mechanisms/lifecycle.ts';
import type { Observer } from '../../../core/observe.ts';
import { KindWatch } from '../../../devices/kinds/kind-watch.ts';
import type { Kinds } from '../../../devices/kinds/kinds.ts';
import type { SelfReport } from '../../../ingest/uplinks/common/self-report.ts';
import type { Database } from '../../../platform/database/database.ts';

export interface KindReloadInput {
  kinds: Kinds;
  database: Database;
  clock: Clock;
  observer: Observer;
  lifecycle: Lifecycle;
  self: Pick<SelfReport, 'kindChanged'>;
  rulesDirectory: string;
}

/** Takes over changed kinds while the gateway runs, writes it into the journal, and tells which rules no longer fit. */
export function watchKinds({ lifecycle, self, rulesDirectory, ...deps }: KindReloadInput): KindWatch {
  const watch = new KindWatch({
    ...deps,
    changed: async (changes) => {
      for (const change of changes) self.kindChanged(change);
      await reportRules(rulesDirectory, deps);
    },
  });
  watch.start();
  lifecycle.onStop('kind watch', () => watch.stop());
  return watch;
}

/** A rule goes on as it was loaded, but what it asks for may come no more. */
async function reportRules(directory: string, { kinds, observer }: Pick<KindReloadInput, 'kinds' | 'observer'>) {
  const log = observer.log.child({ part: 'kinds' });
  try {
    await loadRules(directory, kinds);
  } catch (error) {
    const issues = error instanceof CitywatchError ? error.issues : [{ path: directory, message: messageOf(error) }];
    for (const { path, message } of issues)
      log.error({ issue: `${path}: ${message}` }, 'a rule no longer fits its kind');
  }
}
