import type { Caller, DeviceId } from '../../core/types.ts';
import type { Generated, Selectable } from '../../platform/database/database.ts';
import type { CheckStep } from '../checks/steps.ts';
import type { RegistryTables } from '../registry/tables.ts';
import type { RotationPlan, RotationState } from './steps.ts';

/** Tables of migration 0250; what each column means stands there. */
export interface LoginTables extends RegistryTables {
  login_rotation: {
    id: string;
    device: DeviceId;
    caller: Caller;
    plan: RotationPlan;
    old_login: string;
    new_password: string;
    state: RotationState;
    steps: CheckStep[];
    rest_until_ms: number | null;
    began_ms: number;
    ended_ms: number | null;
  };
  kept_login: {
    id: Generated<number>;
    device: DeviceId;
    login: string;
    kept_ms: number;
    tried_ms: number | null;
  };
}

export type RotationRow = Selectable<LoginTables['login_rotation']>;
