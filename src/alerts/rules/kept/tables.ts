import type { Selectable } from '../../../platform/database/database.ts';

export const RULE_VERSION_STATES = ['asked', 'in-force', 'replaced', 'rejected'] as const;
export type RuleVersionState = (typeof RULE_VERSION_STATES)[number];

/** Table of migration 0360; what each column means stands there. */
export interface RuleVersionTables {
  rule_version: {
    id: string;
    rule: string;
    version: number;
    text: string | null;
    state: RuleVersionState;
    reason: string;
    asked_by: string;
    asked_by_name: string;
    jurisdiction: string;
    created_at_ms: number;
    decided_by: string | null;
    decided_by_name: string | null;
    decided_at_ms: number | null;
    decided_why: string | null;
  };
}

export type RuleVersionRow = Selectable<RuleVersionTables['rule_version']>;
