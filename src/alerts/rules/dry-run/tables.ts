import type { Caller } from '../../../core/types.ts';
import type { Selectable } from '../../../platform/database/database.ts';
import type { TrialAnswer } from './trial.ts';

export type DryRunState = 'running' | 'done' | 'cancelled';

/** Table of migration 0302; what each column means stands there. */
export interface DryRunTables {
  rule_dry_run: {
    id: string;
    caller: Caller;
    caller_id: string;
    jurisdiction: string;
    rule: string;
    version: number;
    yaml: string;
    from_ms: number;
    to_ms: number;
    state: DryRunState;
    reached_ms: number | null;
    answer: TrialAnswer | null;
    created_at_ms: number;
    ended_at_ms: number | null;
  };
}

export type DryRunRow = Selectable<DryRunTables['rule_dry_run']>;
