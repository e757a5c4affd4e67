import type { DryRuns } from '../alerts/rules/dry-run/dry-runs.ts';
import type { KindDryRun } from '../ingest/explain/kind-dry-run.ts';

/** Trials of what is not in force. They change nothing, and judge nothing that the caller may not see. */
export interface TrialPorts {
  kindDryRun: Pick<KindDryRun, 'run'>;
  /** Those of others are refused like absent ones, with `not-found`. */
  ruleDryRuns: Pick<DryRuns, 'create' | 'get' | 'list' | 'cancel'>;
}
