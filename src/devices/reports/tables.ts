import type { DeviceState } from '../../core/types.ts';
import type { Generated } from '../../platform/database/database.ts';

/** Tables of migration 0234, and of 0202 what reports count by; what each column means stands there. */
export interface ReportTables {
  build_plan: { id: string; name: string; jurisdiction: string };
  plan_revision: {
    id: Generated<number>;
    plan: string;
    from_day: string;
    note: string | null;
    by_name: string;
    at_ms: number;
  };
  plan_entry: { revision: number; jurisdiction: string; kind: string | null; positions: number };
  device_group: { id: number; facets: { kind: string; state: DeviceState }; jurisdiction: string };
}
