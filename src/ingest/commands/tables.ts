import type { Generated } from '../../platform/database/database.ts';
import type { CommandState } from './life.ts';

export interface CommandTables {
  command: {
    id: string;
    seq: Generated<number>;
    device: string;
    kind: string;
    kind_version: number;
    jurisdiction: string;
    name: string;
    args: Record<string, unknown>;
    is_sealed: Generated<boolean>;
    sealed: string | null;
    state: CommandState;
    caller_type: string;
    caller_id: string;
    caller_name: string;
    created_at_ms: number;
    deadline_at_ms: number;
    session: string | null;
    sends: Generated<number>;
    sent_at_ms: number | null;
    delivered_at_ms: number | null;
    settled_at_ms: number | null;
    reply_ok: boolean | null;
    reply_result: string | null;
    reply_cut: Generated<boolean>;
    reply_at_ms: number | null;
    reply_receipt: string | null;
  };
}
