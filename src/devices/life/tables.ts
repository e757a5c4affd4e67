import type { DeviceState } from '../../core/types.ts';
import type { Generated } from '../../platform/database/database.ts';
import type { RegistryTables } from '../registry/tables.ts';

/** Tables of migrations 0190 and 0191; what each column means stands there. */
export interface LifeTables extends RegistryTables {
  life_step: {
    id: Generated<number>;
    position_id: string;
    state: DeviceState;
    at_ms: number;
    by_name: string;
    reason: string | null;
  };
  maintenance: {
    id: Generated<number>;
    position_id: string;
    reason: string;
    by_name: string;
    from_ms: number;
    until_ms: number;
    ended_ms: number | null;
    ended_by: string | null;
    withheld: number;
  };
}
