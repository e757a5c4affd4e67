import { AlertBulk, type AlertBulkDeps } from '../../../alerts/bulk/alert-bulk.ts';
import { type ActionDeps, AlertActions } from '../../../alerts/desk/life/actions.ts';
import { LifeTimers } from '../../../alerts/desk/life/life-timers.ts';
import { ALERT_LIFE_QUEUE, BULK_QUEUE, SILENCE_QUEUE } from '../../../alerts/desk/queues.ts';
import { Incidents } from '../../../alerts/incidents/incidents.ts';
import { IncidentReads } from '../../../alerts/incidents/reads.ts';
import { SilenceKeeper, type SilenceKeeperDeps } from '../../../alerts/silences/keeper.ts';
import { type SilenceDeps, Silences } from '../../../alerts/silences/silences.ts';
import type { DatabaseShares } from '../../../platform/database/database.ts';
import type { WorkQueue } from '../../../platform/work/work.ts';

export interface HandlingDeps extends Omit<SilenceDeps & SilenceKeeperDeps & ActionDeps & AlertBulkDeps, 'database'> {
  shares: Pick<DatabaseShares, 'alerts' | 'handling' | 'general'>;
  work: WorkQueue;
}

/** What people do with alerts, one by one and many at once, and what runs out by itself. */
export function composeHandling({ shares, work, ...deps }: HandlingDeps) {
  const { alerts, handling, general } = shares;
  const life = new LifeTimers({ ...deps, database: alerts });
  const bulk = new AlertBulk({ ...deps, database: alerts });
  const keeper = new SilenceKeeper({ ...deps, database: alerts });
  work.handle(ALERT_LIFE_QUEUE, (id) => life.handle(id));
  work.handle(BULK_QUEUE, (id, signal) => bulk.handle(id, signal));
  work.handle(SILENCE_QUEUE, (id, signal) => keeper.handle(id, signal));
  return {
    life,
    bulk,
    keeper,
    actions: new AlertActions({ ...deps, database: handling }),
    incidents: new Incidents({ ...deps, database: handling }),
    incidentReads: new IncidentReads(handling),
    silences: new Silences({ ...deps, database: general }),
  };
}
