import type { WorkDays } from '../../../core/calendar/work-days.ts';
import type { Ladder } from '../../ladder/ladder.ts';
import type { SilencedDevices, Trees } from '../../silences/silence.ts';
import { climb, type Manned } from './climb.ts';
import { type DepartmentsPort, departments } from './departments.ts';
import { fanOut } from './fan-out.ts';
import { incidents } from './incidents.ts';
import { type Maintained, maintenance } from './maintenance.ts';
import { type OutagePorts, outage } from './outage.ts';
import { silences } from './silences.ts';
import type { Stage } from './stage.ts';
import { storm } from './storm.ts';
import { stormEnd } from './storm-end.ts';

/** What stages ask of other folders. */
export interface StagePorts {
  maintained: Maintained;
  outages: OutagePorts;
  tree: Trees;
  devices: SilencedDevices;
  workDays: WorkDays;
  ladder: Ladder;
  manned: Manned;
  departments: DepartmentsPort;
}

/** Every stage, in their order. A new one is its file here and its line in this list. */
export function stagesOf({
  maintained,
  outages,
  tree,
  devices,
  workDays,
  ladder,
  manned,
  departments: ofDepartments,
}: StagePorts): readonly Stage[] {
  const knowing = { trees: tree, devices };
  return [
    departments(ofDepartments),
    // What it lets go may be held back by all others.
    stormEnd(),
    maintenance(maintained),
    outage(outages),
    incidents(knowing),
    silences(knowing, workDays),
    storm(),
    climb(ladder, manned),
    fanOut(tree, ofDepartments),
  ];
}
