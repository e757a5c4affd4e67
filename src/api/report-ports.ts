import type { ConstructionSites } from '../devices/reports/construction-sites.ts';
import type { Coverage } from '../devices/reports/coverage.ts';
import type { Filing } from '../devices/reports/filing.ts';
import type { Outages } from '../devices/reports/outages.ts';
import type { Pickups } from '../devices/reports/pickups.ts';
import type { Plans } from '../devices/reports/plans.ts';
import type { Traffic } from '../passages/traffic.ts';

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
