import type { RuleWatch } from '../../../alerts/rules/rule-watch.ts';
import type { Clock } from '../../../core/clock.ts';
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
  rules: RuleWatch;
}

/**
 * Takes over changed kinds and rules while the gateway runs. A changed kind is written into the journal, and the rules
 * are held against it.
 */
export function watchKinds({ lifecycle, self, rules, ...deps }: KindReloadInput): KindWatch {
  const watch = new KindWatch({
    ...deps,
    changed: async (changes) => {
      for (const change of changes) self.kindChanged(change);
      rules.again();
    },
  });
  watch.start();
  rules.start();
  lifecycle.onStop('rule watch', () => rules.stop());
  lifecycle.onStop('kind watch', () => watch.stop());
  return watch;
}
