import { ConstructionSites } from '../../../devices/reports/construction-sites.ts';
import { Coverage } from '../../../devices/reports/coverage.ts';
import { Filing } from '../../../devices/reports/filing.ts';
import { Outages } from '../../../devices/reports/outages.ts';
import { Pickups } from '../../../devices/reports/pickups.ts';
import { Plans } from '../../../devices/reports/plans.ts';
import type { Twin } from '../../../telemetry/twin/twin.ts';
import type { Ground } from '../ground/ground.ts';
import type { Devices } from './devices.ts';

/** Reports of what stands, and what they are measured by. */
export function composeReports({ database, clock }: Ground, devices: Devices, twin: Pick<Twin, 'latest'>) {
  const { kinds, jurisdictions, directory } = devices;
  const plans = new Plans({ database, clock, kinds, jurisdictions });
  return {
    plans,
    coverage: new Coverage({ database, plans, tree: jurisdictions }),
    filing: new Filing({ database, clock, kinds, tree: jurisdictions }),
    outages: new Outages(database, jurisdictions),
    constructionSites: new ConstructionSites({ database, kinds, tree: jurisdictions }),
    pickups: new Pickups({ database, kinds, directory, tree: jurisdictions, latest: (id) => twin.latest(id) }),
  };
}
