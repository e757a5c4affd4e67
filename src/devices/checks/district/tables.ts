import type { Caller, DeviceId } from '../../../core/types.ts';
import type { Selectable } from '../../../platform/database/database.ts';
import type { RegistryTables } from '../../registry/tables.ts';
import type { CheckReport } from '../checks.ts';
import type { CheckStep } from '../steps.ts';

/** What is done to each device of a district. */
export type JobType = 'checks' | 'rotations';

export type JobState = 'running' | 'done' | 'cancelled';

/** Tables of migrations 0195 and 0251; what each column means stands there. */
export interface CheckTables extends Pick<RegistryTables, 'position'> {
  check_job: {
    id: string;
    type: JobType;
    caller: Caller;
    jurisdiction: string;
    state: JobState;
    opens_orders: boolean;
    total: number;
    created_at_ms: number;
    ended_at_ms: number | null;
  };
  check_row: {
    job: string;
    number: number;
    device: DeviceId;
    grade: CheckReport['grade'] | null;
    steps: CheckStep[] | null;
    unit: CheckReport['unit'];
    took_ms: number | null;
    at_ms: number | null;
  };
}

export type Job = Selectable<CheckTables['check_job']>;
