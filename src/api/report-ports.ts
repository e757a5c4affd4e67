import type { Caller } from '../core/types.ts';
import type { ConstructionSites } from '../devices/reports/construction-sites.ts';
import type { Coverage } from '../devices/reports/coverage.ts';
import type { Filing } from '../devices/reports/filing.ts';
import type { Outages } from '../devices/reports/outages.ts';
import type { Pickups } from '../devices/reports/pickups.ts';
import type { Plans } from '../devices/reports/plans.ts';
import type { Traffic } from '../passages/traffic.ts';
import type { AuditEntry } from '../platform/records/audit.ts';
import type { RegisterCheck } from '../platform/records/check/register-check.ts';

/** Reports of an area. Each counts and shows nothing beyond the caller's jurisdiction. */
export interface ReportParts {
  plans: Pick<Plans, 'add' | 'list'>;
  coverage: Pick<Coverage, 'report'>;
  constructionSites: Pick<ConstructionSites, 'report' | 'list'>;
  filing: Pick<Filing, 'systems' | 'positions' | 'taken'>;
  pickups: Pick<Pickups, 'list'>;
  traffic: Pick<Traffic, 'compare'>;
  outages: Pick<Outages, 'online' | 'repairs'>;
}

/** The audit trail, and whether both registers are as they were written. */
export interface AuditPort {
  /** Newest first; `beforeSeq` is the last `seq` of the page before. */
  list(
    caller: Caller,
    filter: { subject?: string | undefined; beforeSeq?: number | undefined; limit: number },
  ): Promise<AuditEntry[]>;
  /** By which signed checkpoints of the registers are verified, the present one last. */
  keys(): Promise<{ id: string; pem: string }[]>;
  check: Pick<RegisterCheck, 'begin' | 'last'>;
}
