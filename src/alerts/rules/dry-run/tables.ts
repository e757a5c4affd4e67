import type { Caller } from '../../../core/types.ts';
import type { Selectable } from '../../../platform/database/database.ts';
import type { TrialAnswer } from './trial.ts';

export type DryRunState = 'running' | 'done' | 'cancelled';

/** Tables of migrations 0302 and 0370; what each column means stands there. */
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
    recording: string | null;
    state: DryRunState;
    reached_ms: number | null;
    answer: TrialAnswer | null;
    created_at_ms: number;
    ended_at_ms: number | null;
  };
  rule_recording: {
    id: string;
    caller: Caller;
    caller_id: string;
    lines: number;
    bytes: number;
    from_ms: number;
    to_ms: number;
    created_at_ms: number;
  };
  rule_recording_piece: {
    recording: string;
    at: number;
    line: number;
    zipped: Buffer;
  };
}

export type DryRunRow = Selectable<DryRunTables['rule_dry_run']>;
export type RecordingRow = Selectable<DryRunTables['rule_recording']>;
