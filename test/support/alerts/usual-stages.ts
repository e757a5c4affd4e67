import { Ladder } from '../../../src/alerts/ladder/ladder.ts';
import { ALWAYS_MANNED } from '../../../src/alerts/route/stages/climb.ts';
import type { Stage } from '../../../src/alerts/route/stages/stage.ts';
import { type StagePorts, stagesOf } from '../../../src/alerts/route/stages/stages.ts';
import { WorkDays } from '../../../src/core/calendar/work-days.ts';
import { NO_ZONES } from '../access/tree.ts';
import { NO_DEVICES } from './no-devices.ts';
import { NO_OUTAGES } from './no-outages.ts';

/** A city without departments. */
export const NO_DEPARTMENTS = { concernedBy: () => [], inForce: (id: string) => id };

/**
 * All stages, which know of no device, district, outage, maintenance or department, and let nothing climb, but for what
 * `ports` says. They remember what one database says.
 */
export function usualStages(ports: Partial<StagePorts> = {}): readonly Stage[] {
  return stagesOf({
    tree: NO_ZONES,
    devices: NO_DEVICES,
    workDays: WorkDays.WEEKENDS,
    outages: NO_OUTAGES,
    maintained: { above: () => null },
    ladder: Ladder.NONE,
    manned: ALWAYS_MANNED,
    departments: NO_DEPARTMENTS,
    ...ports,
  });
}
