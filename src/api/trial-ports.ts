import type { DryRuns } from '../alerts/rules/dry-run/dry-runs.ts';
import type { Recordings } from '../alerts/rules/dry-run/recordings.ts';
import type { RuleVersions } from '../alerts/rules/kept/rule-versions.ts';
import type { KindDryRun } from '../ingest/explain/kind-dry-run.ts';

/** Rules and kinds before they are in force. A trial changes nothing and judges nothing the caller may not see. */
export interface TrialPorts {
  kindDryRun: Pick<KindDryRun, 'run'>;
  /** Those of others are refused like absent ones, with `not-found`. */
  ruleDryRuns: Pick<DryRuns, 'create' | 'get' | 'list' | 'cancel'>;
  ruleRecordings: Pick<Recordings, 'keep' | 'list' | 'remove'>;
  ruleVersions: Pick<RuleVersions, 'ask' | 'askEnd' | 'approve' | 'reject' | 'list'>;
}
