import type { PoliceTree, Tree } from '../../../core/jurisdiction.ts';
import { fanOut } from './fan-out.ts';
import { type Maintained, maintenance } from './maintenance.ts';
import { type OutagePorts, outage } from './outage.ts';
import type { Stage } from './stage.ts';

/** What stages ask of other folders. */
export interface StagePorts {
  maintained: Maintained;
  outages: OutagePorts;
  tree: Tree & PoliceTree;
}

/** Every stage, in their order. A new one is its file here and its line in this list. */
export function stagesOf({ maintained, outages, tree }: StagePorts): readonly Stage[] {
  return [maintenance(maintained), outage(outages), fanOut(tree)];
}
