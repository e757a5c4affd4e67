import type { AgencyCode, PoliceTree, Tree } from '../../core/jurisdiction.ts';

/** The civil tree and that of the police. */
export interface SearchTrees extends Tree, PoliceTree {
  /** The agency and those above it. */
  lineOf(agency: AgencyCode): readonly AgencyCode[];
}
